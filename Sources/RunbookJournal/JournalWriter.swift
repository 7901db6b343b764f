/// Appends to the journal of one run: the only writer, and the only way anything gets in.
///
/// `append` returns when its lines are on disk. After a write or flush that failed nothing is known about the disk any
/// more, so every later call throws ``JournalFault/poisoned``: no retry, no further effect on any host.
package final class JournalWriter: Sendable {
    /// Begins the journal of a new run in `folder` (made if need be): `run.open` and the operator's seal, durable.
    /// `opening` is a `run.open` with at least `run`; `by`, `key` and `next` are added here.
    package static func create(
        folder: String, opening: Draft, operator operatorKey: any OperatorKey, uptime: Int64, wall: Int64
    ) throws(JournalFault) -> JournalWriter { fatalError() }

    /// Takes the lock, verifies the journal, cuts a torn tail, and opens a new session under the operator's seal.
    /// `opening` is a `session.open`. The entries are those that stood before this session.
    package static func resume(
        folder: String, opening: Draft, operator operatorKey: any OperatorKey, trust: AllowedSigners? = nil,
        uptime: Int64, wall: Int64
    ) throws(JournalFault) -> (JournalWriter, [JournalEntry]) { fatalError() }

    /// Appends `drafts` as one write and one flush, with a seal if one is due, and returns when they are durable.
    /// Not for `run.open`, `session.open`, `seal`, `recovered`.
    package func append(_ drafts: [Draft], uptime: Int64, wall: Int64) throws(JournalFault) { fatalError() }

    /// Seals what is unsealed, durable. A closing seal announces no further key: nothing more can be appended.
    package func seal(closing: Bool) throws(JournalFault) { fatalError() }

    /// Seals if the last seal is too long ago (in time or lines); called now and then while nothing is appended.
    package func sealIfDue(uptime: Int64) throws(JournalFault) { fatalError() }

    /// `seq:sha256` of the last durable line.
    package var head: String { fatalError() }

    /// The disk is full and the reserve is being used up: record that, seal, stop.
    package var runsOnReserve: Bool { fatalError() }

    /// Lets go of file and lock; secrets are dropped. Seals nothing.
    package func close() { fatalError() }

    init() {}
}
