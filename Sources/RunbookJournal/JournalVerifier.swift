internal import RunbookModel

/// Proves a journal from its bytes alone: chain, order, every seal, and who opened each session.
package enum JournalVerifier {
    /// With `trust`, a session of a key outside it breaks the journal at its seal (a key's validity is judged by the
    /// time that the seal's line gives). `approvals`: by default, what the journal's opening says and `trust`. An unterminated tail is a break: a crash leaves one, resume cuts it.
    package static func verify(
        _ bytes: [UInt8], trust: AllowedSigners? = nil, approvals: ApprovalBasis? = nil
    ) -> Result<JournalReport, JournalBroken> {
        var verification = JournalVerification(
            bytes, trust: trust, approvals: approvals ?? ApprovalBasis(signers: trust))
        do {
            try verification.takeAll()
            return .success(try verification.report())
        } catch {
            return .failure(error)
        }
    }
}

/// The check of one journal, line by line, while the lines that follow are being read.
///
///     start   --run.open-->     opened
///     opened  --seal-->         writing      by the operator's key
///     writing --(a record)-->   writing
///     writing --seal-->         writing      by the run's key, announcing the next
///     writing --seal-->         ended        by the run's key, announcing none
///     opened, writing, ended, recovered  --session.open-->  opened
///     opened, writing, ended, recovered  --recovered-->     recovered
///
/// A crash explains every line of the last two rows; no other line may stand anywhere else.
struct JournalVerification {
    private enum Phase: Sendable {
        case start
        case opened(Opening)
        case writing(SSHPublicKey)
        case ended
        case recovered
    }

    private struct Opening: Sendable {
        var by: String
        var key: SSHPublicKey
        var next: SSHPublicKey
        var sequence: Int
        var list: StatedSigners?
    }

    private let bytes: [UInt8]
    private let trust: AllowedSigners?
    private let basis: ApprovalBasis
    /// nil in a rehearsal: nobody signs what a fixture plays.
    private var ledger: ApprovalLedger?
    private var at = 0
    private var line = 0
    private var phase = Phase.start
    private var run = ""
    private var mark = ""
    private var mode = ""
    private var stated: StatedApprovals?
    private var records = 0
    private var sealedThrough = 0
    private var sessions: [JournalReport.Session] = []
    private var signers: [JournalReport.Signer] = []
    private var approvals: [JournalReport.Approval] = []
    private var hands: [JournalReport.Hand] = []
    private var drills: [JournalReport.Drill] = []
    private var witnesses: [JournalReport.Witness] = []
    /// Where seals end, by the number of their line.
    private var seals: [Int: WitnessNote.Kept] = [:]
    /// Questions for approval, by the number of their line.
    private var asked: [Int: ApprovalSignature.Asked] = [:]
    private(set) var chain = JournalChain()

    init(_ bytes: [UInt8], trust: AllowedSigners?, approvals: ApprovalBasis) {
        basis = approvals
        self.bytes = bytes
        self.trust = trust
    }

    mutating func takeAll() throws(JournalBroken) {
        var reading = JournalStretch(of: bytes)
        reading?.begin()
        while let stretch = reading {
            let pieces = stretch.finish()
            reading = stretch.next
            reading?.begin()
            for piece in pieces { try take(piece, of: stretch) }
            chain.prefix = stretch.hash(to: at)
        }
    }

    private mutating func take(_ piece: JournalStretch.Piece, of stretch: JournalStretch) throws(JournalBroken) {
        for next in piece.lines {
            line += 1
            try take(next, of: stretch)
        }
        guard let fault = piece.fault else { return }
        line += 1
        throw broken(fault)
    }

    private mutating func take(_ next: JournalStretch.Line, of stretch: JournalStretch) throws(JournalBroken) {
        let entry = next.read.entry
        // First, for a line that is missing, doubled or moved breaks the chain too, and this tells it from a changed one.
        guard entry.sequence == line else { throw broken(.sequence(expected: line, found: entry.sequence)) }
        let isChained = next.read.previous == chain.lineHash
        if entry.type == LineTypes.seal || !isChained { chain.prefix = stretch.hash(to: at) }
        guard isChained else { throw unchained(entry, at..<next.end) }
        do {
            try take(entry)
            try follow(entry, at..<next.end)
        } catch {
            throw broken(error)
        }
        chain.take(next.hash, leaf: next.leaf, of: entry, count: next.end - at)
        at = next.end
        if entry.type == LineTypes.questionAsked, entry.fields["kind"]?.string == QuestionKind.approval.rawValue {
            chain.prefix = stretch.hash(to: at)
            asked[line] = ApprovalSignature.Asked(step: entry.fields["step"]?.string ?? "", chain)
        }
        if entry.type == LineTypes.seal {
            chain.prefix = stretch.hash(to: at)
            seals[line] = WitnessNote.Kept(bytes: at, digest: chain.digest())
        }
    }

    func report() throws(JournalBroken) -> JournalReport {
        guard line > 0 else { throw JournalBroken(line: 1, reason: .empty) }
        let isClosed = if case .ended = phase { true } else { false }
        return JournalReport(
            run: run, mode: mode, stated: stated, lines: line, records: records, sealedThrough: sealedThrough,
            sessions: sessions,
            approvals: approvals, hands: hands, drills: drills, witnesses: witnesses, isClosed: isClosed,
            head: chain.head,
            trust: trust == nil ? .unchecked : .checked, signers: signers)
    }

    private func broken(_ reason: JournalBroken.Reason) -> JournalBroken { JournalBroken(line: line, reason: reason) }

    // MARK: Which line of two

    /// `prev` of this line and the line before disagree. If this line is as the lines after it know it, or as a seal's
    /// own signature proves, the one before was changed; else this one.
    private func unchained(_ entry: JournalEntry, _ range: Range<Int>) -> JournalBroken {
        guard line > 1 else { return broken(.unchained) }
        let isBeforeChanged: Bool
        if let after = JournalReader.line(of: bytes, from: range.upperBound) {
            let next = try? LineReader.read(bytes[after], keeping: .none)
            isBeforeChanged = next?.previous.bytes == JournalChain.hash(of: bytes[range])
        } else {
            let isSigned = signer.map { Seal.isSigned(entry, over: chain, by: $0) } ?? true
            isBeforeChanged = entry.type == LineTypes.seal && !isSigned
        }
        return isBeforeChanged ? JournalBroken(line: line - 1, reason: .changed) : broken(.unchained)
    }

    private var signer: SSHPublicKey? {
        switch phase {
        case .opened(let opening): opening.key
        case .writing(let key): key
        case .start, .ended, .recovered: nil
        }
    }

    // MARK: The arrows

    private mutating func take(_ entry: JournalEntry) throws(JournalBroken.Reason) {
        let isStart = if case .start = phase { true } else { false }
        switch entry.type {
        case LineTypes.runOpen:
            guard isStart else { throw .misplaced(type: entry.type) }
            guard let run = entry.fields["run"]?.string, Principal.isRunName(run) else {
                throw .malformed(type: entry.type)
            }
            self.run = run
            mark = entry.fields["mark"]?.string ?? ""
            ledger = try approvalLedger(entry)
            phase = .opened(try opening(entry))
        case LineTypes.sessionOpen:
            guard !isStart else { throw .misplaced(type: entry.type) }
            phase = .opened(try opening(entry))
        case LineTypes.recovered:
            guard !isStart else { throw .misplaced(type: entry.type) }
            try checkRecovery(entry)
            phase = .recovered
        case LineTypes.seal: try takeSeal(entry)
        default:
            guard case .writing = phase else { throw .misplaced(type: entry.type) }
            switch entry.type {
            case LineTypes.approval: try takeApproval(entry)
            case LineTypes.handWork: try takeHandWork(entry)
            case LineTypes.drill: try takeDrill(entry)
            case LineTypes.witness: return try takeWitness(entry)
            default: break
            }
            records += 1
        }
    }

    private func opening(_ entry: JournalEntry) throws(JournalBroken.Reason) -> Opening {
        guard let by = entry.fields["by"]?.string, Principal.isValid(by),
            let key = entry.fields["key"]?.string.flatMap({ try? SSHPublicKey(text: $0) }),
            let next = entry.fields["next"]?.string.flatMap({ try? SSHPublicKey(text: $0) }), next.kind == .ed25519
        else { throw .malformed(type: entry.type) }
        // What is not in its form says nothing: what counts is the list that whoever verifies goes by.
        return Opening(
            by: by, key: key, next: next, sequence: entry.sequence, list: (try? StatedSigners.read(entry)) ?? nil)
    }

    private func checkRecovery(_ entry: JournalEntry) throws(JournalBroken.Reason) {
        guard Set(entry.fields.keys) == LineTypes.recoveredKeys, let cut = entry.fields["cut"]?.integer, cut > 0,
            let hash = entry.fields["cut_sha256"]?.string.flatMap({ Hex.decode($0.utf8) }), hash.count == 32
        else { throw .malformed(type: entry.type) }
    }

    private mutating func takeSeal(_ entry: JournalEntry) throws(JournalBroken.Reason) {
        switch phase {
        case .opened(let opening):
            _ = try Seal.check(
                entry, over: chain, of: run, signer: opening.key, principal: opening.by, announced: opening.next)
            if let trust,
                !trust.permits(
                    principal: opening.by, key: opening.key, namespace: Seal.namespace, at: entry.timestamp)
            {
                throw .untrusted(principal: opening.by, fingerprint: opening.key.fingerprint)
            }
            sessions.append(
                JournalReport.Session(
                    by: opening.by, fingerprint: opening.key.fingerprint, sequence: opening.sequence,
                    list: opening.list))
            add(.operator(opening.by, opening.key))
            add(.run(run, opening.next))
            phase = .writing(opening.next)
        case .writing(let key):
            let next = try Seal.check(
                entry, over: chain, of: run, signer: key, principal: Principal.run(run), announced: nil)
            if let next { add(.run(run, next)) }
            phase = next.map(Phase.writing) ?? .ended
        case .start, .ended, .recovered: throw .misplaced(type: entry.type)
        }
        sealedThrough = entry.sequence
    }

    private mutating func takeApproval(_ entry: JournalEntry) throws(JournalBroken.Reason) {
        let covers = entry.fields["covers"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        let found = try ApprovalSignature.check(entry, asked: asked[covers], trust: basis.signers)
        approvals.append(
            JournalReport.Approval(
                by: found.by, fingerprint: found.key.fingerprint, step: entry.fields["step"]?.string ?? "",
                isApproved: found.isApproved, sequence: entry.sequence))
    }

    /// What the opening says of approvals has to be what the runbook and the inventory say.
    private mutating func approvalLedger(_ entry: JournalEntry) throws(JournalBroken.Reason) -> ApprovalLedger? {
        stated = try StatedApprovals.read(entry)
        mode = entry.fields["mode"]?.string ?? ""
        guard mode != LineTypes.rehearsal else { return nil }
        guard let stated else { return ApprovalLedger(basis.stated?.terms) }
        if let wanted = basis.stated, !wanted.isSame(as: stated) { throw .approvalTerms }
        return ApprovalLedger(stated.terms, behind: stated.behind ?? basis.stated?.behind)
    }

    /// Reads again what it needs of a line whose fields are no part of the proof otherwise.
    private mutating func follow(_ entry: JournalEntry, _ range: Range<Int>) throws(JournalBroken.Reason) {
        guard let isEmpty = ledger?.isEmpty, ApprovalLedger.types.contains(entry.type),
            !isEmpty || LineTypes.proven.contains(entry.type)
        else { return }
        guard let whole = try? LineReader.read(bytes[range], keeping: .all) else { return }
        try ledger?.take(whole.entry)
    }

    private mutating func takeHandWork(_ entry: JournalEntry) throws(JournalBroken.Reason) {
        let found = try HandWork.check(entry, run: run, mark: mark, trust: trust)
        hands.append(
            JournalReport.Hand(
                by: found.by, fingerprint: found.key.fingerprint, work: found.work, sequence: entry.sequence))
    }

    private mutating func takeDrill(_ entry: JournalEntry) throws(JournalBroken.Reason) {
        let found = try DrillNote.check(entry, run: run, mark: mark, trust: trust)
        drills.append(
            JournalReport.Drill(
                by: found.by, fingerprint: found.key.fingerprint, note: found.note, sequence: entry.sequence,
                timestamp: entry.timestamp))
    }

    private mutating func takeWitness(_ entry: JournalEntry) throws(JournalBroken.Reason) {
        let found = try WitnessNote.check(entry, seals: seals)
        // A witness vouches for nothing but that this journal is the one it keeps: no stranger breaks it.
        let isAllowed = trust.map {
            $0.permits(
                principal: found.host, key: found.key, namespace: WitnessNote.namespace, at: entry.timestamp)
        }
        witnesses.removeAll { $0.host == found.host && $0.key == found.key }
        witnesses.append(
            JournalReport.Witness(host: found.host, key: found.key, through: found.covers, isAllowed: isAllowed))
    }

    private mutating func add(_ signer: JournalReport.Signer) {
        // A run's keys are all different; a person's comes back with every session.
        if signer.principal == Principal.run(run) || !signers.contains(signer) { signers.append(signer) }
    }
}

extension JournalReport.Signer {
    static func `operator`(_ principal: String, _ key: SSHPublicKey) -> Self {
        Self(principal: principal, key: key, namespaces: [Seal.namespace, RootStatement.namespace])
    }

    static func run(_ run: String, _ key: SSHPublicKey) -> Self {
        Self(principal: Principal.run(run), key: key, namespaces: [Seal.namespace, RootStatement.namespace])
    }
}
