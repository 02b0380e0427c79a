// An embedding program imports Trainyard and has the results, the task and the parts of the loop with it.
@_exported import RunStore
@_exported import Training
