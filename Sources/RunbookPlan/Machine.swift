internal import RunbookModel

/// The machine that a task is for, or that its commands run on.
///
/// A task without one (nil) belongs to a step without `hosts`: it runs no command anywhere. Only the word `local` in a
/// runbook makes it this machine, so hosts that select nobody can never mean the operator's own.
package enum Machine: Hashable, Sendable {
    /// This machine, which runbooks call `local`.
    case local
    /// Index in the inventory's hosts.
    case host(Int)

    /// Index in the inventory's hosts; nil for this machine.
    package var index: Int? {
        switch self {
        case .local: nil
        case .host(let index): index
        }
    }

    func name(in inventory: Inventory) -> String {
        switch self {
        case .local: Host.localName
        case .host(let index): inventory.hosts[index].name
        }
    }
}
