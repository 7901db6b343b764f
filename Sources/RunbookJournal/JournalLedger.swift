/// Decides what a journal's next bytes are: lines, seals, keys. No file, no clock: the writer carries the bytes to the
/// disk and keeps the ledger that they belong to only once they are there.
struct JournalLedger: Sendable {
    /// A seal is due after this many lines, or this long after the first line that it will cover.
    static let linesPerSeal = 1_024
    static let millisecondsPerSeal: Int64 = 5_000
    private static let usualLineBytes = 400

    let run: String
    private(set) var chain: JournalChain
    /// Signs the next seal and is then destroyed; nil once a closing seal stands.
    private(set) var key: Ed25519Key?
    private(set) var unsealedLines = 0
    /// Uptime of the first unsealed line.
    private var unsealedSince: Int64 = 0
    /// What the newest seal ends, itself included.
    private(set) var sealed = SealedPart()
    /// Not on the disk yet.
    private(set) var unwritten: [UInt8] = []
    /// See ``SessionMark``.
    let session: String
    /// Announced by ``unwritten``.
    private(set) var announced: [JournalReport.Signer] = []

    var isClosed: Bool { key == nil }

    /// Opens a session: the operator's key over all that `chain` holds and the opening itself.
    init(
        run: String, chain: JournalChain, opening: Draft, operator operatorKey: any OperatorKey, uptime: Int64,
        wall: Int64
    ) throws(JournalFault) {
        guard Principal.isRunName(run) else { throw .badRunName(run) }
        guard Principal.isValid(operatorKey.principal) else { throw .badPrincipal(operatorKey.principal) }
        self.run = run
        self.chain = chain
        let key = try Self.newKey(run)
        session = SessionMark.of(key: key.publicKey.text)
        var opening = opening
        for name in LineTypes.opening.sorted() where opening.fields[name] != nil {
            throw .line(type: opening.type, .reservedKey(name))
        }
        opening.fields["by"] = .string(operatorKey.principal)
        opening.fields["key"] = .string(operatorKey.publicKey.text)
        opening.fields["next"] = .string(key.publicKey.text)
        try add(opening, uptime: uptime, wall: wall)
        try addSeal(by: operatorKey, .announced(key.publicKey))
        self.key = key
        announced = [.operator(operatorKey.principal, operatorKey.publicKey), .run(run, key.publicKey)]
    }

    /// Makes room for so many lines.
    mutating func expect(_ lines: Int) { unwritten.reserveCapacity(lines * Self.usualLineBytes) }

    /// Adds a record's line, and a seal where so many lines make one due.
    mutating func record(_ draft: Draft, uptime: Int64, wall: Int64) throws(JournalFault) {
        guard !LineTypes.own.contains(draft.type) else { throw .reservedType(draft.type) }
        try add(draft, uptime: uptime, wall: wall)
        if unsealedLines >= Self.linesPerSeal { try seal(closing: false) }
    }

    func isSealDue(uptime: Int64) -> Bool {
        unsealedLines > 0 && !isClosed && uptime - unsealedSince >= Self.millisecondsPerSeal
    }

    /// Adds a seal by the run's key, which is gone after; one that closes leaves no key to go on with.
    mutating func seal(closing: Bool) throws(JournalFault) {
        guard let key, closing || unsealedLines > 0 else { return }
        let next = closing ? nil : try Self.newKey(run)
        try addSeal(by: key, .new(next?.publicKey))
        self.key = next
        if let next { announced.append(.run(run, next.publicKey)) }
    }

    /// ``unwritten`` is on the disk. `chain` is the same as it was, and may have caught up.
    mutating func settle(_ chain: JournalChain) {
        self.chain = chain
        settle()
    }

    /// ``unwritten`` is on the disk.
    mutating func settle() {
        unwritten.removeAll()
        announced.removeAll()
    }

    mutating func destroyKey() { key = nil }

    private mutating func addSeal(by key: any OperatorKey, _ successor: Seal.Successor) throws(JournalFault) {
        chain.catchUp()
        let seal: Draft
        do {
            seal = try Seal.draft(over: chain, of: run, by: key, successor)
        } catch {
            throw .key(error)
        }
        // The time of the line before, so that no bit of even the last line is free.
        try add(seal, uptime: chain.uptime, wall: chain.timestamp)
        unsealedLines = 0
        sealed = SealedPart(lines: chain.sequence, bytes: chain.bytes)
    }

    private mutating func add(_ draft: Draft, uptime: Int64, wall: Int64) throws(JournalFault) {
        try Self.append(draft, on: &chain, uptime: uptime, wall: wall, to: &unwritten)
        if unsealedLines == 0 { unsealedSince = chain.uptime }
        unsealedLines += 1
    }

    /// The next line of `chain`, after what stands in `lines`. A clock that is wrong beyond what a line can hold must not
    /// stop a run.
    static func append(
        _ draft: Draft, on chain: inout JournalChain, uptime: Int64, wall: Int64, to lines: inout [UInt8]
    ) throws(JournalFault) {
        do {
            try chain.append(
                draft, timestamp: min(max(wall, 0), LineLimits.timestamp),
                uptime: min(max(uptime, 0), LineLimits.integer), to: &lines)
        } catch {
            throw .line(type: draft.type, error)
        }
    }

    private static func newKey(_ run: String) throws(JournalFault) -> Ed25519Key {
        do {
            return try Ed25519Key(principal: Principal.run(run))
        } catch {
            throw .key(error)
        }
    }
}

/// The part of a journal that ends with a seal.
package struct SealedPart: Hashable, Sendable {
    package var lines: Int
    package var bytes: Int

    package init(lines: Int = 0, bytes: Int = 0) {
        self.lines = lines
        self.bytes = bytes
    }
}
