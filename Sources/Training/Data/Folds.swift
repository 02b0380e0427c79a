/// The folds of a source's rows.
public struct Folds: Sendable {
  public init(_ settings: FoldSettings, of source: any DataSource, task: TargetPlan.Setting) throws {}
}
