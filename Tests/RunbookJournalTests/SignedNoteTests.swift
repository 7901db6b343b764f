import RunbookJournal
import RunbookModel
import TestTools
import Testing

@Suite("Work by hand and witnesses stand in a journal under their own signatures")
struct SignedNoteTests {
    private static let work = HandWork(
        run: "R1", mark: "", step: "db", host: "db1", when: "03:40 \"CET\"",
        what: "started \\ it by hand: \u{202E}é \"quoted\\\"", end: .done)

    private static func witness() throws -> Ed25519Key { try Ed25519Key(seed: Array(64..<96), principal: "w1") }

    /// A journal with a seal, a witness of it, and work by hand.
    private static func journal(
        _ hand: HandWork = work, signed: HandWork = work, bytes: Int? = nil, covers: Int = 5, change: Bool = false
    ) throws -> [UInt8] {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        try writer.append([Sample.step("a"), Sample.step("b")], uptime: 10, wall: Sample.wall)
        try writer.seal(closing: false)
        var kept = PrefixDigest()
        kept.take(storage.bytes[...])
        var digest = kept.digest
        if change { digest[0] ^= 1 }
        let signature = try SSHSIG.make(
            digest: digest, namespace: WitnessNote.namespace, key: try witness())
        let note = WitnessNote(host: "w1", covers: covers, bytes: bytes ?? kept.bytes, signature: signature)
        #expect(kept.isSigned(signature) == !change)
        let bob = try Sample.bob()
        try writer.append(
            [note.draft, hand.draft(by: bob.principal, try signed.signed(by: bob))], uptime: 20, wall: Sample.wall)
        try writer.seal(closing: true)
        return storage.bytes
    }

    private func script(_ bytes: [UInt8], _ trusted: String = "") throws -> ShellResult {
        let scratch = try Scratch()
        try scratch.write("verify-journal.sh", Array(VerifyScript.text.utf8))
        try scratch.write("journal.jsonl", bytes)
        try scratch.write("trusted", Array(trusted.utf8))
        return try shell(
            "sh ./verify-journal.sh journal.jsonl \(trusted.isEmpty ? "" : "trusted")", in: scratch.path)
    }

    @Test("both verifiers accept them and say whose they are")
    func stand() throws {
        let bytes = try Self.journal()
        let report = try JournalVerifier.verify(bytes).get()
        #expect(report.hands.map(\.work) == [Self.work])
        #expect(report.hands.map(\.by) == ["bob@ops"])
        #expect(report.witnesses.map(\.host) == ["w1"] && report.witnesses.map(\.through) == [5])
        let said = try script(bytes)
        #expect(said.status == 0, "\(said.output)")
        #expect(
            said.output.contains("line 6: w1 keeps a copy of lines 1 to 5\nline 7: done by hand, signed by bob@ops\n"))
    }

    @Test("they are no records: a resume folds the same state without them")
    func noRecords() throws {
        let entries = try JournalReader.entries(try Self.journal()).filter { $0.type != "step.done" }
        #expect(try Record.all(in: entries).isEmpty)
    }

    @Test("stock ssh-keygen signs the statement, and its signature counts")
    func byHand() throws {
        let scratch = try Scratch()
        try scratch.write("statement", Array(Self.work.statement.utf8))
        let made = try shell(
            "ssh-keygen -q -t ecdsa -N '' -f key; ssh-keygen -q -Y sign -n blackstart-by-hand -f key statement",
            in: scratch.path)
        #expect(made.status == 0, "\(made.output)")
        let signature = try SSHSIG(armoured: try scratch.read("statement.sig"))
        #expect(Self.work.isSigned(signature))
        var other = Self.work
        other.end = .failed
        #expect(!other.isSigned(signature))
    }

    @Test("words that were changed after they were signed break the journal, for both", arguments: 0..<8)
    func changed(_ part: Int) throws {
        var other = Self.work
        switch part {
        case 0: other.what += "!"
        case 1: other.when = "04:40"
        case 2: other.step = "web"
        case 3: other.step = nil
        case 4: other.host = "db2"
        case 5: other.host = nil
        case 6: other.end = .failed
        default: other.end = nil
        }
        let bytes = try Self.journal(other)
        #expect(JournalVerifier.verify(bytes).broken == JournalBroken(line: 7, reason: .handWork))
        let said = try script(bytes)
        #expect(
            said.status == 7 && said.output.contains("journal.jsonl:7: the work by hand is not signed"),
            "\(said.output)")
    }

    @Test("work of another run does not count in this one")
    func otherRun() throws {
        var other = Self.work
        other.run = "R2"
        let bytes = try Self.journal(Self.work, signed: other)
        #expect(JournalVerifier.verify(bytes).broken == JournalBroken(line: 7, reason: .handWork))
        #expect(try script(bytes).status == 7)
    }

    @Test("a stranger's work breaks it, and a stranger's witness is told")
    func strangers() throws {
        let bytes = try Self.journal()
        let (alice, bob) = (try Sample.alice(), try Sample.bob())
        let own = AllowedSigners.line(
            principal: alice.principal, namespaces: [Seal.namespace], key: alice.publicKey)
        let doer = AllowedSigners.line(
            principal: bob.principal, namespaces: [HandWork.namespace], key: bob.publicKey)
        func trust(_ text: String) throws -> AllowedSigners { try AllowedSigners(text: Array(text.utf8), path: "t") }
        #expect(
            JournalVerifier.verify(bytes, trust: try trust(own)).broken
                == JournalBroken(
                    line: 7, reason: .untrusted(principal: "bob@ops", fingerprint: bob.publicKey.fingerprint)))
        #expect(try script(bytes, own).status == 7)
        let report = try JournalVerifier.verify(bytes, trust: try trust(own + doer)).get()
        #expect(report.witnesses.map(\.isAllowed) == [false])
        #expect(try script(bytes, own + doer).status == 0)
        let keeper = AllowedSigners.line(
            principal: "w1", namespaces: [WitnessNote.namespace], key: try Self.witness().publicKey)
        #expect(
            try JournalVerifier.verify(bytes, trust: try trust(own + doer + keeper)).get().witnesses.map(\.isAllowed)
                == [true])
    }

    @Test("a witness's note that is not over the journal up to a seal breaks it, for both", arguments: 0..<3)
    func wrongWitness(_ part: Int) throws {
        let bytes =
            switch part {
            case 0: try Self.journal(bytes: 77)
            case 1: try Self.journal(covers: 4)
            default: try Self.journal(change: true)
            }
        #expect(JournalVerifier.verify(bytes).broken == JournalBroken(line: 6, reason: .witness))
        let said = try script(bytes)
        #expect(said.status == 7 && said.output.contains("journal.jsonl:6: the witness "), "\(said.output)")
    }
}
