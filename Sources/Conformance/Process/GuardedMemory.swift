import CConformance
import PluginHost

/// Memory that goes away when a call has returned: a plugin that kept a pointer, writes where it may only read, or
/// reads past the end of what it was lent dies, and the report says of what.
///
/// For a process that runs one rule: a fault leaves its sentence in the process's note.
public final class GuardedMemory: EventMemory, PluginWatch {
  private var loans: [UnsafeMutableRawPointer: Int32] = [:]
  /// Those of the call that is about to be made, or runs.
  private var ofCall: [(loan: Int32, access: Int32)] = []
  /// Where those begin that the host makes while the plugin calls it.
  private var sealed = 0

  public init() {}

  // MARK: Events, batches, weights

  public func allocate(
    byteCount: Int, alignment: Int, name: String, isWritable: Bool
  ) -> UnsafeMutableRawPointer {
    let (memory, loan) = lend(byteCount, alignment, name, forLife: false)
    ofCall.append((loan, isWritable ? CF_WRITABLE : CF_READ_ONLY))
    return memory
  }

  public func callBegins() { seal() }

  public func callEnded() {
    for (loan, _) in ofCall { cf_allow(loan, CF_TAKEN_BACK) }
    ofCall.removeAll(keepingCapacity: true)
    sealed = 0
  }

  private func seal() {
    for (loan, access) in ofCall[sealed...] { cf_allow(loan, access) }
    sealed = ofCall.count
  }

  // MARK: What an instance is lent by its host

  package func lend(
    _ size: Int, alignment: Int, _ name: String, until end: LoanEnd
  ) -> UnsafeMutableRawPointer {
    let (memory, loan) = lend(size, alignment, name, forLife: end == .instanceIsDestroyed)
    loans[memory] = loan
    return memory
  }

  package func seal(_ memory: UnsafeMutableRawPointer) {
    if let loan = loans[memory] { cf_allow(loan, CF_READ_ONLY) }
  }

  package func takeBack(_ memory: UnsafeMutableRawPointer) {
    if let loan = loans.removeValue(forKey: memory) { cf_allow(loan, CF_TAKEN_BACK) }
  }

  package func hostBegins() { cf_pause_count() }
  package func hostEnds() {
    // The host has filled the views that it hands over.
    seal()
    cf_resume_count()
  }

  private func lend(
    _ size: Int, _ alignment: Int, _ name: String, forLife: Bool
  ) -> (UnsafeMutableRawPointer, Int32) {
    var loan: Int32 = -1
    let memory =
      forLife ? cf_lend_for_life(size, alignment, name, &loan) : cf_lend(size, alignment, name, &loan)
    if let memory { return (memory, loan) }
    // Out of address space: the plugin can go on, and a misuse of this one is not noticed.
    return (UnsafeMutableRawPointer.allocate(byteCount: max(1, size), alignment: max(1, alignment)), -1)
  }
}
