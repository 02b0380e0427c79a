/// Where a run is, as callbacks are told. One object for a whole run, filled anew for each hook.
public final class EventFrame {
  /// The numbers of an event, in one piece: every access of a class's property is checked for overlaps, and these are
  /// read in each batch.
  public struct Place: Sendable {
    public internal(set) var hook = Hook.trainBegin
    public internal(set) var outcome = Outcome.running
    /// From 0; −1 before the first.
    public internal(set) var epoch = -1
    /// From 0 within its pass; −1 outside a batch.
    public internal(set) var batch = -1
    /// Optimizer steps done in this run.
    public internal(set) var step = 0
    /// Rows of this batch; of the pass at its end.
    public internal(set) var examples = 0
  }

  public internal(set) var place = Place()
  public internal(set) var logs = Logs(capacity: 0)
  /// Texts and lists of the epoch; at its end only.
  public internal(set) var notes: [Note] = []
  /// At an exception the error, at the end why the run ended.
  public internal(set) var text: String?
  /// Rises with each change, so that whoever keeps a copy in another form knows when to make it anew.
  public internal(set) var serial = 0

  public init() {}

  /// As it is before a run.
  func clear() {
    place = Place()
    logs = Logs(capacity: 0)
    notes = []
    text = nil
    serial = 0
  }
}

extension EventFrame {
  public internal(set) var hook: Hook {
    get { place.hook }
    set { place.hook = newValue }
  }
  public internal(set) var outcome: Outcome {
    get { place.outcome }
    set { place.outcome = newValue }
  }
  public internal(set) var epoch: Int {
    get { place.epoch }
    set { place.epoch = newValue }
  }
  public internal(set) var batch: Int {
    get { place.batch }
    set { place.batch = newValue }
  }
  public internal(set) var step: Int {
    get { place.step }
    set { place.step = newValue }
  }
  public internal(set) var examples: Int {
    get { place.examples }
    set { place.examples = newValue }
  }
}
