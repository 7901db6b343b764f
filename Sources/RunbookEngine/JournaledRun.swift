package import RunbookJournal
package import RunbookModel
package import RunbookTransport
internal import Synchronization

/// A run written down in a folder: records in its signed journal, outputs in files beside it.
package final class JournaledRun: RunStorage {
    private let journal: JournalWriter
    private let outputs: String
    private let count = Mutex(0)
    private let witnesses: WitnessFeed?

    /// `outputs` is a folder that exists. What is sealed goes to `witnesses`.
    package init(journal: JournalWriter, outputs: String, witnesses: WitnessFeed? = nil) {
        self.witnesses = witnesses
        self.journal = journal
        self.outputs = outputs
    }

    package func append(_ records: [Record], at moment: Moment, closing: Bool) throws(StorageFault) {
        do {
            try journal.append(
                records.flatMap(\.drafts), uptime: moment.uptime, wall: moment.wall, closing: closing)
        } catch { throw .failed(error.message) }
        witnesses?.recorded()
    }

    package func seal() throws(StorageFault) {
        do { try journal.seal(closing: false) } catch { throw .failed(error.message) }
        witnesses?.sealed()
    }

    package func sealIfDue(at moment: Moment) throws(StorageFault) {
        do { try journal.sealIfDue(uptime: moment.uptime) } catch { throw .failed(error.message) }
        witnesses?.sealed()
    }

    package func handOver() async { await witnesses?.finish() }

    package var head: String { journal.head }
    package var runsOnReserve: Bool { journal.runsOnReserve }
    package func freeReserve() -> Bool { journal.freeReserve() }

    package func text(of output: OutputDigest) -> [UInt8]? { KeptOutput(folder: outputs, output).text }

    package func output(of attempt: ReceiptID) throws(StorageFault) -> any OutputSink {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return OutputFile(folder: outputs, name: ".open-\(number)")
    }
}
