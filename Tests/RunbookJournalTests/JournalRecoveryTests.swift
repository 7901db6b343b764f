import RunbookJournal
import Synchronization
import Testing

@Suite struct JournalRecoveryTests {
    private func resume(
        _ bytes: [UInt8], trust: AllowedSigners? = nil
    ) throws -> (storage: MemoryStorage, entries: [JournalEntry]) {
        let storage = MemoryStorage(bytes)
        let (writer, entries) = try JournalWriter.resume(
            on: storage, opening: Sample.session, operator: Sample.bob(), trust: trust, uptime: 1, wall: Sample.wall)
        try writer.append([Sample.step("after")], uptime: 2, wall: Sample.wall)
        return (storage, entries)
    }

    @Test("who opens a session sees the journal as it stands, and what they do not admit changes nothing")
    func notAdmitted() throws {
        let storage = MemoryStorage(try Sample.journal())
        let before = storage.bytes
        var seen: [Int] = []
        #expect(throws: JournalFault.notAdmitted(path: storage.path)) {
            try JournalWriter.resume(
                on: storage, opening: Sample.session, operator: Sample.bob(), uptime: 1, wall: Sample.wall
            ) { entries, report in
                seen = [entries.count, report.lines]
                return false
            }
        }
        #expect(seen == [12, 12])
        #expect(storage.bytes == before)
    }

    @Test("a journal torn at any byte is cut to its last whole line, says so, and goes on", arguments: 0..<8)
    func torn(part: Int) throws {
        // Every byte of a journal of six lines, and every end of a line of one of twelve.
        let lines = Sample.lines(try Sample.journal())
        let bytes = Array(lines.joined())
        let ends = lines.indices.map { lines[...$0].joined().count }
        for length in Array(ends[0]...ends[5]) + ends[6...] where length % 8 == part {
            let torn = Array(bytes[..<length])
            let whole = torn.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            let (storage, entries) = try resume(torn)
            let after = storage.bytes
            #expect(Array(after.prefix(whole)) == Array(bytes[..<whole]))
            let report = try JournalVerifier.verify(after).get()
            #expect(report.unsealedLines == 1)
            let all = try JournalReader.entries(after)
            #expect(Array(all.prefix(entries.count)) == entries)
            let added = all.dropFirst(entries.count)
            if whole == length {
                #expect(added.map(\.type) == ["session.open", "seal", "step.done"])
                #expect(storage.disk.withLock { $0.truncations } == 0)
            } else {
                #expect(added.map(\.type) == ["recovered", "session.open", "seal", "step.done"])
                #expect(added.first?.fields["cut"] == .integer(Int64(length - whole)))
                #expect(added.first?.fields["cut_sha256"] == .string(Digest.sha256(Array(torn[whole...])).hex))
            }
        }
    }

    @Test("a journal without one whole line says that the run never began", arguments: [0, 1, 50])
    func neverBegan(length: Int) throws {
        let storage = MemoryStorage(Array(try Sample.journal()[..<length]))
        #expect(throws: JournalFault.neverBegan(path: "journal.jsonl")) {
            try JournalWriter.resume(
                on: storage, opening: Sample.session, operator: Sample.bob(), uptime: 0, wall: Sample.wall)
        }
        #expect(storage.isClosed)
        #expect(storage.bytes.count == length)
    }

    @Test("a tail of NULs, as a power cut leaves it, is cut")
    func zeros() throws {
        let bytes = try Sample.journal()
        let zeros = [UInt8](repeating: 0, count: 4096)
        let (storage, _) = try resume(bytes + zeros)
        #expect(Array(storage.bytes.prefix(bytes.count)) == bytes)
        #expect(try JournalVerifier.verify(storage.bytes).get().lines == 16)
        #expect(
            try JournalVerifier.verify(try resume(bytes + Array("{\"pr".utf8) + zeros).storage.bytes).get().lines == 16)
    }

    @Test("a crash in the middle of recovering is recovered from")
    func twice() throws {
        var bytes = Array(try Sample.journal().dropLast(10))
        for _ in 0..<3 {
            // Torn in the seal of the session that recovers.
            let storage = MemoryStorage(bytes)
            _ = try JournalWriter.resume(
                on: storage, opening: Sample.session, operator: Sample.bob(), uptime: 0, wall: Sample.wall)
            bytes = Array(storage.bytes.dropLast(10))
        }
        let types = try JournalReader.entries(try resume(bytes).storage.bytes).map(\.type)
        #expect(
            types.suffix(9)
                == [
                    "recovered", "session.open", "recovered", "session.open", "recovered", "session.open", "recovered",
                    "session.open", "seal", "step.done",
                ].suffix(9))
    }

    @Test("a terminated line that is wrong is never cut: resume stops and names it")
    func corrupt() throws {
        var bytes = try Sample.journal()
        let lines = Sample.lines(bytes)
        bytes[lines[0].count + lines[1].count + 100] ^= 1
        let storage = MemoryStorage(bytes + Array("torn".utf8))
        do {
            _ = try JournalWriter.resume(
                on: storage, opening: Sample.session, operator: Sample.bob(), uptime: 0, wall: Sample.wall)
            Issue.record("resumed")
        } catch let fault as JournalFault {
            guard case .broken("journal.jsonl", let broken) = fault else {
                Issue.record("\(fault)")
                return
            }
            #expect(broken.line == 3)
        }
        #expect(storage.bytes == bytes + Array("torn".utf8))
        #expect(storage.isClosed)
    }

    @Test("a stranger can't resume, nor a journal be resumed that a stranger wrote to")
    func trust() throws {
        let bytes = try Sample.journal()
        let (alice, bob) = (try Sample.alice(), try Sample.bob())
        _ = try resume(bytes, trust: try Sample.trust(alice, bob))
        #expect(throws: JournalFault.self) { try resume(bytes, trust: try Sample.trust(bob)) }
        let short = Array(Sample.lines(bytes)[..<5].joined())
        let fault = JournalFault.operatorUntrusted(principal: "bob@ops", fingerprint: bob.publicKey.fingerprint)
        #expect(throws: fault) { try resume(short, trust: try Sample.trust(alice)) }
    }

    @Test("a person who refuses to sign leaves a torn journal as it was")
    func refused() throws {
        let bytes = Array(try Sample.journal().dropLast())
        let storage = MemoryStorage(bytes)
        #expect(throws: JournalFault.key(.agentRefused)) {
            try JournalWriter.resume(
                on: storage, opening: Sample.session, operator: RefusingKey(Sample.bob()), uptime: 0, wall: 0)
        }
        #expect(storage.bytes == bytes)
        #expect(storage.disk.withLock { $0.writes + $0.truncations } == 0)
    }
}

private struct RefusingKey: OperatorKey {
    let publicKey: SSHPublicKey
    let principal: String

    init(_ key: Ed25519Key) {
        publicKey = key.publicKey
        principal = key.principal
    }

    func sign(_ toBeSigned: [UInt8]) throws(KeyFault) -> [UInt8] { throw .agentRefused }
}
