import Dispatch
import Synchronization

/// Appends to the journal of one run: the only writer, and the only way anything gets in.
///
/// `append` returns when its lines are on disk. After a write or flush that failed nothing is known about the disk any
/// more, so every later call throws ``JournalFault/poisoned``: no retry, no further effect on any host.
package final class JournalWriter: Sendable {
    private struct State {
        var ledger: JournalLedger
        /// nil once closed.
        var storage: (any JournalStorage)?
        var isPoisoned = false
        var runsOnReserve = false
        var signers: SignerList
    }

    /// For fewer lines another thread is not woken.
    private static let linesApart = 64

    private let state: Mutex<State>

    private init(_ state: sending State) { self.state = Mutex(state) }

    deinit { close() }

    /// Begins the journal of a new run in `folder` (made if need be): `run.open` and the operator's seal, durable.
    /// `opening` is a `run.open` with at least `run`; `by`, `key` and `next` are added here. `uptime` and `wall` are
    /// milliseconds, as in every call. `beside` is as in ``FileStorage/create(_:beside:)``.
    package static func create(
        folder: String, opening: Draft, operator operatorKey: any OperatorKey, uptime: Int64, wall: Int64,
        beside: () throws(SystemError) -> Void = { () throws(SystemError) in }
    ) throws(JournalFault) -> JournalWriter {
        // Signed before anything is made: a person who refuses leaves no trace.
        let ledger = try opened(opening, by: operatorKey, uptime: uptime, wall: wall)
        return try begin(ledger, on: try FileStorage.create(folder, beside: beside))
    }

    /// The same on any storage, which is empty.
    package static func create(
        on storage: any JournalStorage, opening: Draft, operator operatorKey: any OperatorKey, uptime: Int64,
        wall: Int64
    ) throws(JournalFault) -> JournalWriter {
        try begin(try opened(opening, by: operatorKey, uptime: uptime, wall: wall), on: storage)
    }

    /// Takes the lock, verifies the journal, cuts a torn tail, and opens a new session under the operator's seal.
    /// `opening` is a `session.open`. The entries are those that stood before this session. With `trust`, every earlier
    /// session's key, and this operator's, has to be among it; `approvals` decides who may approve. `admits` sees the
    /// journal as it stands under the lock, and says whether the session may open; if not, the journal stays as it was.
    package static func resume(
        folder: String, opening: Draft, operator operatorKey: any OperatorKey, trust: AllowedSigners? = nil,
        approvals: ApprovalBasis? = nil, uptime: Int64, wall: Int64,
        admits: ([JournalEntry], JournalReport) -> Bool = { _, _ in true }
    ) throws(JournalFault) -> (JournalWriter, [JournalEntry]) {
        try resume(
            on: try FileStorage.open(folder), opening: opening, operator: operatorKey, trust: trust,
            approvals: approvals, uptime: uptime, wall: wall, admits: admits)
    }

    /// The same on any storage. Lets go of it where it throws.
    package static func resume(
        on storage: any JournalStorage, opening: Draft, operator operatorKey: any OperatorKey,
        trust: AllowedSigners? = nil, approvals: ApprovalBasis? = nil, uptime: Int64, wall: Int64,
        admits: ([JournalEntry], JournalReport) -> Bool = { _, _ in true }
    ) throws(JournalFault) -> (JournalWriter, [JournalEntry]) {
        do throws(JournalFault) {
            guard opening.type == LineTypes.sessionOpen else { throw .reservedType(opening.type) }
            let standing = try StandingJournal(storage, trust: trust, approvals: approvals)
            try standing.check(operatorKey, against: trust, wall: wall)
            guard admits(standing.entries, standing.report) else { throw .notAdmitted(path: storage.path) }
            var recovery = JournalBatch(storage)
            var chain = standing.chain
            if let recovered = standing.recovered {
                try JournalLedger.append(
                    recovered, on: &chain, uptime: uptime, wall: wall, to: &recovery.bytes)
            }
            // Signed before anything is cut: a person who refuses leaves the journal as it was.
            var ledger = try JournalLedger(
                run: standing.report.run, chain: chain, opening: opening, operator: operatorKey, uptime: uptime,
                wall: wall)
            if standing.recovered != nil {
                try recovery.truncate(to: standing.bytes)
                try recovery.write()
            }
            var session = JournalBatch(storage, bytes: ledger.unwritten)
            session.runsOnReserve = recovery.runsOnReserve
            try session.write()
            let signers = SignerList(standing.report.signers + ledger.announced, on: storage)
            ledger.settle()
            let writer = JournalWriter(
                State(ledger: ledger, storage: storage, runsOnReserve: session.runsOnReserve, signers: signers))
            return (writer, standing.entries)
        } catch {
            storage.close()
            throw error
        }
    }

    /// Appends `drafts` as one write and one flush, with a seal if one is due, and returns when they are durable. If a
    /// draft can't be a line, nothing is appended and the journal goes on. With `closing` the closing seal goes with them.
    /// Not for `run.open`, `session.open`, `seal`, `recovered`.
    package func append(
        _ drafts: [Draft], uptime: Int64, wall: Int64, closing: Bool = false
    ) throws(JournalFault) {
        try change { (ledger: inout JournalLedger) throws(JournalFault) in
            ledger.expect(drafts.count)
            for draft in drafts { try ledger.record(draft, uptime: uptime, wall: wall) }
            if closing { return try ledger.seal(closing: true) }
            if ledger.isSealDue(uptime: uptime) { try ledger.seal(closing: false) }
        }
    }

    /// Seals what is unsealed, durable. A closing seal announces no further key: nothing more can be appended.
    package func seal(closing: Bool) throws(JournalFault) {
        try change { (ledger: inout JournalLedger) throws(JournalFault) in try ledger.seal(closing: closing) }
    }

    /// Seals if a line has stood unsealed for too long; called now and then while nothing is appended.
    package func sealIfDue(uptime: Int64) throws(JournalFault) {
        try change { (ledger: inout JournalLedger) throws(JournalFault) in
            if ledger.isSealDue(uptime: uptime) { try ledger.seal(closing: false) }
        }
    }

    /// `seq:sha256` of the last durable line.
    package var head: String { state.withLock { $0.ledger.chain.head } }

    /// Tells this session from every other of the run: see ``SessionMark``.
    package var session: String { state.withLock { $0.ledger.session } }

    /// What the newest seal ends; durable.
    package var sealed: SealedPart { state.withLock { $0.ledger.sealed } }

    /// The disk is full and the reserve is being used up: record that, seal, stop.
    package var runsOnReserve: Bool { state.withLock { $0.runsOnReserve } }

    /// Something beside the journal found the disk full: makes room for the last words.
    package func freeReserve() -> Bool {
        state.withLock { state in
            guard !state.isPoisoned, let storage = state.storage else { return false }
            state.runsOnReserve = state.runsOnReserve || storage.freeReserve()
            return state.runsOnReserve
        }
    }

    /// Lets go of file and lock; secrets are dropped. Seals nothing.
    package func close() {
        state.withLock { state in
            state.ledger.destroyKey()
            state.storage?.close()
            state.storage = nil
        }
    }

    // MARK: Ledger and disk

    /// Lets `body` add to a copy of the ledger, which counts once its bytes are durable.
    private func change(_ body: (inout JournalLedger) throws(JournalFault) -> Void) throws(JournalFault) {
        try state.withLock { (state: inout sending State) throws(JournalFault) in
            guard !state.isPoisoned else { throw .poisoned }
            guard let storage = state.storage, !state.ledger.isClosed else { throw .closed }
            var ledger = state.ledger
            try body(&ledger)
            guard !ledger.unwritten.isEmpty else { return }
            // While the disk works, so does another processor.
            let chain = ledger.chain.lag < Self.linesApart ? nil : ChainApart(ledger.chain)
            var batch = JournalBatch(storage, bytes: ledger.unwritten)
            batch.runsOnReserve = state.runsOnReserve
            defer { state.runsOnReserve = batch.runsOnReserve }
            do throws(JournalFault) {
                try batch.write()
            } catch {
                state.isPoisoned = true
                state.ledger.destroyKey()
                throw error
            }
            state.signers.add(ledger.announced, on: storage)
            ledger.settle(chain?.caughtUp ?? ledger.chain)
            state.ledger = ledger
        }
    }

    private static func opened(
        _ opening: Draft, by operatorKey: any OperatorKey, uptime: Int64, wall: Int64
    ) throws(JournalFault) -> JournalLedger {
        guard opening.type == LineTypes.runOpen else { throw .reservedType(opening.type) }
        guard let run = opening.fields["run"]?.string else { throw .badRunName("") }
        return try JournalLedger(
            run: run, chain: JournalChain(), opening: opening, operator: operatorKey, uptime: uptime, wall: wall)
    }

    private static func begin(
        _ ledger: JournalLedger, on storage: any JournalStorage
    ) throws(JournalFault) -> JournalWriter {
        var ledger = ledger
        do {
            var batch = JournalBatch(storage, bytes: ledger.unwritten)
            try batch.write()
            let signers = SignerList(ledger.announced, on: storage)
            ledger.settle()
            return JournalWriter(
                State(ledger: ledger, storage: storage, runsOnReserve: batch.runsOnReserve, signers: signers))
        } catch {
            storage.close()
            throw error
        }
    }
}

/// A chain that catches up on another thread, or on the one that asks for it, whichever comes first.
private final class ChainApart: Sendable {
    private let chain: Mutex<JournalChain>

    init(_ chain: JournalChain) {
        self.chain = Mutex(chain)
        DispatchQueue.global().async { [self] in _ = caughtUp }
    }

    var caughtUp: JournalChain {
        chain.withLock { chain in
            chain.catchUp()
            return chain
        }
    }
}

/// The keys beside the journal, for stock tools. What a full disk keeps out of the file comes into it later.
private struct SignerList {
    private var text = ""
    private var isWhole: Bool

    init(_ signers: [JournalReport.Signer], on storage: any JournalStorage) {
        // A person's key comes back with every session.
        var lines: [String] = []
        var seen: Set<String> = []
        for line in signers.map(\.line) where seen.insert(line).inserted { lines.append(line) }
        text = lines.joined()
        isWhole = storage.writeSigners(text)
    }

    mutating func add(_ signers: [JournalReport.Signer], on storage: any JournalStorage) {
        let more = signers.map(\.line).joined()
        text += more
        if !isWhole {
            isWhole = storage.writeSigners(text)
        } else if !more.isEmpty {
            isWhole = storage.addSigners(more)
        }
    }
}
