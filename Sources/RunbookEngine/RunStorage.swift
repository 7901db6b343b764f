package import RunbookModel
package import RunbookTransport

/// Where a run is written down. Implemented by a journal in a folder, and by memory in tests.
package protocol RunStorage: Sendable {
    /// Puts the records on record, in order, and returns when they are durable. After a failure nothing more may be done.
    /// With `closing` they are the last of their session, and signed with all that stands, in the same flush.
    func append(_ records: [Record], at moment: Moment, closing: Bool) throws(StorageFault)
    /// Signs all that stands.
    func seal() throws(StorageFault)
    /// Signs if something has stood unsigned for too long.
    func sealIfDue(at moment: Moment) throws(StorageFault)
    /// `seq:sha256` of the last durable line.
    var head: String { get }
    /// Whether the disk is full, and only what was kept back for this moment is left.
    var runsOnReserve: Bool { get }
    /// Gives up what is kept back for last words; false where nothing is (any more).
    func freeReserve() -> Bool
    /// Room for what one attempt prints.
    func output(of attempt: ReceiptID) throws(StorageFault) -> any OutputSink
    /// The last of a stream that was kept, at most ``Limits/outputSearchedBytes``; nil where it is not there, or not the
    /// same any more.
    func text(of output: OutputDigest) -> [UInt8]?
    /// The session is over and sealed: gives what was written down to whoever keeps copies, as far as they answer.
    func handOver() async
}

extension RunStorage {
    package func handOver() async {}
}

/// Takes what one attempt prints, from any thread, in order within each stream.
package protocol OutputSink: Sendable {
    func take(_ chunk: OutputChunk)
    /// All that has come so far.
    func summary() -> OutputSummary
    /// The attempt has ended: keeps what came under its final name, durable; takes nothing more.
    func keep() throws(StorageFault)
    /// The output will be read again from its start.
    func discard()
}

package struct OutputSummary: Hashable, Sendable {
    package var stdout: OutputDigest
    package var stderr: OutputDigest
    /// The last words, at most ``Limits/recordedTailBytes``.
    package var tail: [UInt8]
    /// The last of stdout alone, at most ``Limits/outputSearchedBytes``.
    package var text: [UInt8]
    /// Whether stars stand in stdout where a secret was.
    package var isMasked: Bool

    package init(
        stdout: OutputDigest, stderr: OutputDigest, tail: [UInt8], text: [UInt8] = [], isMasked: Bool = false
    ) {
        self.text = text
        self.isMasked = isMasked
        self.stdout = stdout
        self.stderr = stderr
        self.tail = tail
    }
}

/// The run can't be written down any more, so it must not go on.
package enum StorageFault: Error, Hashable, Sendable {
    /// What failed, in the system's words.
    case failed(String)
    /// The same, for want of room.
    case full(String)
    /// The program itself is to end here: how a rehearsed crash strikes.
    case crashed
}
