import Glibc

/// The journal that a resume finds, proven up to its last whole line.
struct StandingJournal {
    let entries: [JournalEntry]
    let report: JournalReport
    let chain: JournalChain
    /// Length of the whole lines.
    let bytes: Int
    /// Says what is to be cut: a line that a crash left unfinished. Terminated lines are never cut.
    let recovered: Draft?

    init(
        _ storage: any JournalStorage, trust: AllowedSigners?, approvals: ApprovalBasis?
    ) throws(JournalFault) {
        var contents: [UInt8]
        do {
            contents = try storage.contents()
        } catch {
            if error.code == EFBIG { throw .tooLarge(path: storage.path, limitBytes: JournalReader.limitBytes) }
            throw .system(operation: "read", path: storage.path, error: error)
        }
        let whole = contents.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        guard whole > 0 else { throw .neverBegan(path: storage.path) }
        if whole < contents.count {
            let tail = contents[whole...]
            recovered = Draft(
                type: LineTypes.recovered,
                fields: [
                    "cut": .integer(Int64(tail.count)), "cut_sha256": .string(Hex.text(JournalChain.hash(of: tail))),
                ])
            contents.removeSubrange(whole...)
        } else {
            recovered = nil
        }
        bytes = whole
        do {
            var verification = JournalVerification(
                contents, trust: trust, approvals: approvals ?? ApprovalBasis(signers: trust))
            try verification.takeAll()
            report = try verification.report()
            chain = verification.chain
            entries = try JournalReader.entries(contents)
        } catch {
            throw .broken(path: storage.path, error)
        }
    }

    /// A session by a key that is not among the allowed signers would break the journal for everybody who checks it.
    func check(
        _ operatorKey: any OperatorKey, against trust: AllowedSigners?, wall: Int64
    ) throws(JournalFault) {
        guard let trust else { return }
        let (principal, key) = (operatorKey.principal, operatorKey.publicKey)
        guard trust.permits(principal: principal, key: key, namespace: Seal.namespace, at: wall) else {
            throw .operatorUntrusted(principal: principal, fingerprint: key.fingerprint)
        }
    }
}
