import PluginHost
import Training

// Where an instance is made: in this process, or in a helper.

extension PlannedInstance {
  func makeCallback(_ context: InstanceContext) throws -> any CallbackCalls {
    guard let isolation else {
      return try CallbackInstance(component: component, name: name, options: options, services: context)
    }
    return try RemoteCallback(
      try context.run.helpers.group(for: self, isolation), component: component, name: name, options: options,
      settings: isolation, services: context)
  }

  func makeMonitor(_ context: InstanceContext) throws -> any MonitorCalls {
    guard let isolation else {
      return try MonitorInstance(component: component, name: name, options: options, services: context)
    }
    if let adder {
      return try RemoteMonitor(
        try context.run.helpers.group(of: adder), of: adder, component: component, name: name,
        settings: isolation, services: context)
    }
    return try RemoteMonitor(
      try context.run.helpers.group(for: self, isolation), component: component, name: name, options: options,
      settings: isolation, services: context)
  }

  func makeDataset(_ context: InstanceContext) throws -> any DatasetCalls {
    guard let isolation else {
      return try DatasetInstance(component: component, name: name, options: options, services: context)
    }
    return try RemoteDataset(
      try context.run.helpers.group(for: self, isolation), component: component, name: name, options: options,
      settings: isolation, services: context)
  }

  func makeModel(_ context: InstanceContext) throws -> any ModelCalls {
    guard let isolation else {
      return try ModelInstance(component: component, name: name, options: options, services: context)
    }
    return try RemoteModel(
      try context.run.helpers.group(for: self, isolation), component: component, name: name, options: options,
      settings: isolation, services: context)
  }
}

extension HelperFailure: FailureWords, OwnErrorPolicy {
  public var failureWords: (message: String, help: String?) { (description, help.isEmpty ? nil : help) }
  public var errorPolicy: LoopCallback.ErrorPolicy { incident.policy == .drop ? .drop : .fail }
}

extension HelperFailure: FailurePlace {
  public var failurePlace: String { "plugin '\(incident.instance)', in \(incident.call)" }
}
