import RunbookModel

/// Why a journal can't be begun, resumed, read or written to.
package enum JournalFault: Error, Hashable, Sendable {
    /// There is a journal already where a new one should begin.
    case exists(path: String)
    case absent(path: String)
    /// Not one whole line: the run was killed before anything was durable, so nothing has happened.
    case neverBegan(path: String)
    /// Another process writes it. `elsewhere`: under another boot id, so on another machine.
    case locked(path: String, pid: Int?, elsewhere: Bool)
    case broken(path: String, JournalBroken)
    /// The operator's key is not among the signers that this journal is to be checked against.
    case operatorUntrusted(principal: String, fingerprint: String)
    /// Who asked for the session does not want it any more, now that the journal is seen under its lock.
    case notAdmitted(path: String)
    case system(operation: String, path: String, error: SystemError)
    case tooLarge(path: String, limitBytes: Int)
    /// A write or flush failed before: what is on the disk is not known.
    case poisoned
    case closed
    case key(KeyFault)
    case line(type: String, LineFault)
    /// A draft of a type that only the journal itself writes, or an opening of another type than its own.
    case reservedType(String)
    case badRunName(String)
    case badPrincipal(String)
    /// A folder that stood before, in which somebody else can put things.
    case sharedFolder(path: String)
    /// Something in the folder of a run that leads elsewhere.
    case link(path: String)

    package var message: String {
        switch self {
        case .exists(let path): "`\(shown(path))` exists already; every run has a journal of its own"
        case .absent(let path): "there is no journal at `\(shown(path))`"
        case .neverBegan(let path): "`\(shown(path))` holds no whole line; the run was killed before it did anything"
        case .locked(let path, let pid, let elsewhere):
            "`\(shown(path))` is being written by \(holder(pid, elsewhere)); a run has one writer at a time"
        case .broken(let path, let broken): "`\(shown(path))` is broken: \(broken.message)"
        case .operatorUntrusted(let principal, let fingerprint):
            "\(shown(principal)) may not open a session: \(fingerprint) is not among the allowed signers"
        case .notAdmitted(let path): "`\(shown(path))` is not as it was when the session was asked for"
        case .system(let operation, let path, let error): "can't \(operation) `\(shown(path))`: \(error.words)"
        case .tooLarge(let path, let limit): "`\(shown(path))` is larger than \(limit) bytes"
        case .poisoned: "writing to the journal failed before; nothing more is recorded or done"
        case .closed: "the journal is closed"
        case .key(let fault): fault.message
        case .line(let type, let fault): "can't record `\(shown(type))`: \(fault.message)"
        case .reservedType(let type): "`\(shown(type))` lines are not for callers to write here"
        case .sharedFolder(let path): "`\(shown(path))` belongs to another user, or everybody may write to it"
        case .link(let path): "`\(shown(path))` is a link; the folder of a run holds none"
        case .badRunName(let name):
            "`\(shown(name))` is no name for a run; use 1 to 100 of [A-Za-z0-9._-], first a letter or a digit"
        case .badPrincipal(let name):
            "`\(shown(name))` is no name for a signer; use printable ASCII without spaces, quotes, commas or wildcards"
        }
    }

    private func shown(_ text: String) -> String { TerminalText.shown(text) }

    private func holder(_ pid: Int?, _ elsewhere: Bool) -> String {
        (pid.map { "process \($0)" } ?? "another process") + (elsewhere ? " on another machine" : "")
    }
}
