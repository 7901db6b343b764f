import RunbookJournal
import Testing

@Suite struct JournalVerifierTests {
    @Test("a journal proves itself and says what it proves")
    func whole() throws {
        let bytes = try Sample.journal()
        let report = try JournalVerifier.verify(bytes).get()
        #expect(report.run == "R1")
        #expect(report.lines == 12)
        #expect(report.records == 5)
        #expect(report.sealedThrough == 12)
        #expect(report.unsealedLines == 0)
        #expect(report.isClosed)
        #expect(report.trust == .unchecked)
        #expect(report.sessions.map(\.by) == ["alice@ops", "bob@ops"])
        #expect(report.sessions.map(\.sequence) == [1, 8])
        #expect(report.sessions[0].fingerprint == (try Sample.alice().publicKey.fingerprint))
        #expect(report.head.hasPrefix("12:"))
        #expect(report.signers.map(\.principal) == ["alice@ops", "run-R1", "run-R1", "bob@ops", "run-R1"])
    }

    /// One of every eight, another in each byte; `scripts/prove tamper` takes all.
    @Test("a bit that flips in any byte of a sealed journal is refused, and the line it stands in is named")
    func everyByte() throws {
        #expect(Self.misjudged(try Sample.journal(), lines: 12) { $0 % 8 } == [])
    }

    @Test("every bit that flips in a journal of an opening and its seal is refused", arguments: 0..<8)
    func everyBitOfTheShortest(bit: Int) throws {
        let storage = MemoryStorage()
        try Sample.writer(on: storage).close()
        #expect(Self.misjudged(storage.bytes, lines: 2) { _ in bit } == [])
    }

    /// The bytes whose flipped bit goes unnoticed, or is blamed on another line.
    private static func misjudged(_ bytes: [UInt8], lines: Int, bit: (Int) -> Int) -> [String] {
        var number = 1
        var misjudged: [String] = []
        for index in bytes.indices {
            var flipped = bytes
            flipped[index] ^= 1 << UInt8(bit(index))
            let broken = JournalVerifier.verify(flipped).broken
            if broken?.line != number {
                misjudged.append("line \(number), byte \(index): \(broken?.message ?? "passed")")
            }
            if bytes[index] == 0x0A { number += 1 }
        }
        #expect(number == lines + 1)
        return misjudged
    }

    @Test("a journal cut anywhere is refused, except between lines")
    func everyCut() throws {
        let bytes = try Sample.journal()
        for length in bytes.indices {
            let result = JournalVerifier.verify(Array(bytes[..<length]))
            if length == 0 {
                #expect(result.broken == JournalBroken(line: 1, reason: .empty))
            } else if bytes[length - 1] == 0x0A {
                #expect(result.broken == nil)
            } else {
                #expect(result.broken?.reason == .unterminated)
            }
        }
    }

    @Test("a line that is taken out, doubled or moved is refused where it is missed")
    func movedLines() throws {
        let lines = Sample.lines(try Sample.journal())
        func broken(_ lines: [[UInt8]]) -> JournalBroken? { JournalVerifier.verify(lines.flatMap { $0 }).broken }
        for index in 0..<11 {
            var without = lines
            without.remove(at: index)
            #expect(broken(without)?.line == index + 1, "without line \(index + 1)")
            var doubled = lines
            doubled.insert(lines[index], at: index)
            #expect(broken(doubled)?.line == index + 2, "line \(index + 1) doubled")
            var moved = lines
            moved.swapAt(index, index + 1)
            #expect(broken(moved)?.line == index + 1, "lines \(index + 1) and \(index + 2) swapped")
        }
        #expect(broken(lines + [lines[0]])?.line == 13)
    }

    @Test("a journal that was rewritten with a sound chain fails at its first seal")
    func rewritten() throws {
        var chain: [(JournalEntry, [UInt8])] = []
        for line in Sample.lines(try Sample.journal()) {
            chain.append(try JournalLine.decode(line[...]))
        }
        chain[2].0.fields["state"] = .string("failed")
        let bytes = try Forgery.chained(chain.map(\.0))
        #expect(JournalVerifier.verify(bytes).broken == JournalBroken(line: 5, reason: .signature))
    }

    @Test("nobody who holds only the file can take a journal over at a seal")
    func takenOver() throws {
        var entries = try Forgery.entries(Array(Sample.lines(try Sample.journal())[..<5]))
        let mine = try Ed25519Key(principal: "run-R1")
        entries[4].fields["next"] = .string(mine.publicKey.text)
        // With the handover of the true next key …
        #expect(
            JournalVerifier.verify(try Forgery.chained(entries)).broken == JournalBroken(line: 5, reason: .handover))
        // … or with one by the forger's own key.
        let root = try #require(entries[4].fields["root"]?.string)
        let statement = "blackstart root 1\nrun R1\nlines 4\nroot \(root)\nnext \(mine.publicKey.text)\n"
        entries[4].fields["root_sig"] = .string(
            try Forgery.signature(Array(statement.utf8), "blackstart-root", mine))
        #expect(
            JournalVerifier.verify(try Forgery.chained(entries)).broken == JournalBroken(line: 5, reason: .handover))
    }

    @Test("the signers of a journal are checked against a list, and a stranger breaks it at the seal of its session")
    func trust() throws {
        let bytes = try Sample.journal()
        let both = try Sample.trust(Sample.alice(), Sample.bob())
        #expect(try JournalVerifier.verify(bytes, trust: both).get().trust == .checked)
        let bob = try Sample.bob()
        #expect(
            JournalVerifier.verify(bytes, trust: try Sample.trust(Sample.alice())).broken
                == JournalBroken(
                    line: 9, reason: .untrusted(principal: "bob@ops", fingerprint: bob.publicKey.fingerprint)))
        #expect(JournalVerifier.verify(bytes, trust: try Sample.trust(bob)).broken?.line == 2)
        // The key is right, the name is not.
        let renamed = try Ed25519Key(seed: Array(0..<32), principal: "carol@ops")
        #expect(JournalVerifier.verify(bytes, trust: try Sample.trust(renamed, bob)).broken?.line == 2)
    }

    @Test(
        "a line where none may stand is refused",
        arguments: [
            (["step.done"], 1), (["seal"], 1), (["session.open"], 1), (["recovered"], 1),
            (["run.open", "run.open"], 2),
            (["run.open", "step.done"], 2),
        ] as [([String], Int)])
    func misplaced(types: [String], line: Int) throws {
        let opening = try Forgery.entries(Sample.lines(try Sample.journal()))[0]
        let entries = types.enumerated().map { index, type in
            JournalEntry(
                sequence: index + 1, type: type, timestamp: 0, uptime: 0,
                fields: type == "run.open" ? opening.fields : [:])
        }
        let broken = JournalVerifier.verify(try Forgery.chained(entries)).broken
        #expect(broken == JournalBroken(line: line, reason: .misplaced(type: types[line - 1])))
    }

    @Test("after a closing seal nothing but a new session goes on")
    func afterTheEnd() throws {
        var entries = try Forgery.entries(Sample.lines(try Sample.journal()))
        let record = JournalEntry(sequence: 13, type: "step.done", timestamp: 0, uptime: 0, fields: [:])
        let broken = JournalVerifier.verify(try Forgery.chained(entries + [record])).broken
        #expect(broken == JournalBroken(line: 13, reason: .misplaced(type: "step.done")))
        entries[6].fields["cut"] = nil
        #expect(
            JournalVerifier.verify(try Forgery.chained(Array(entries[..<7]))).broken
                == JournalBroken(line: 7, reason: .malformed(type: "recovered")))
    }

    @Test("a seal has exactly its fields, in exactly its terms")
    func sealTerms() throws {
        let entries = try Forgery.entries(Array(Sample.lines(try Sample.journal())[..<5]))
        func reason(_ change: (inout JournalEntry) -> Void) throws -> JournalBroken.Reason? {
            var changed = entries
            change(&changed[4])
            return JournalVerifier.verify(try Forgery.chained(changed)).broken?.reason
        }
        #expect(try reason { _ in } == nil)
        #expect(try reason { $0.fields["note"] = .string("x") } == .malformed(type: "seal"))
        #expect(try reason { $0.fields["next"] = nil } == .handover)
        #expect(try reason { $0.fields["next"] = .integer(1) } == .malformed(type: "seal"))
        #expect(try reason { $0.fields["root"] = nil } == .malformed(type: "seal"))
        #expect(try reason { $0.fields["root"] = .string(String(repeating: "0", count: 64)) } == .root)
        #expect(try reason { $0.fields["covers"] = .string("4") } == .malformed(type: "seal"))
        #expect(try reason { $0.fields["covers"] = .integer(3) } == .sealTerms)
        #expect(try reason { $0.fields["by"] = .string("run-R2") } == .sealTerms)
        #expect(try reason { $0.fields["ns"] = .string("file") } == .sealTerms)
        #expect(try reason { $0.timestamp += 1 } == .sealTime)
        #expect(try reason { $0.uptime += 1 } == .sealTime)
        #expect(try reason { $0.fields["root_sig"] = $0.fields["sig"] } == .handover)
        let sequence = entries[4].sequence
        #expect(try reason { $0.sequence += 1 } == .sequence(expected: sequence, found: sequence + 1))
    }

    @Test("an operator's seal can't announce a key: the opening under it does")
    func operatorSeal() throws {
        var entries = try Forgery.entries(Array(Sample.lines(try Sample.journal())[..<5]))
        entries[1].fields["next"] = entries[4].fields["next"]
        #expect(
            JournalVerifier.verify(try Forgery.chained(Array(entries[..<2]))).broken
                == JournalBroken(line: 2, reason: .malformed(type: "seal")))
    }

    @Test("a reader shows what can be read: a torn tail is passed over, a broken line ends it")
    func reading() throws {
        let bytes = try Sample.journal()
        #expect(try JournalReader.entries(bytes).map(\.sequence) == Array(1...12))
        #expect(try JournalReader.entries(Array(bytes.dropLast())).count == 11)
        let lines = Sample.lines(bytes)
        let mixed = lines[0] + Array("nonsense\n".utf8) + lines[1]
        let reading = JournalReader.read(mixed)
        #expect(reading.entries.count == 1)
        #expect(
            reading.broken
                == JournalBroken(line: 2, reason: .unreadable(.syntax(.expected("`{\"prev\":\"`"), offset: 0))))
        #expect(throws: JournalBroken.self) { try JournalReader.entries(mixed) }
        #expect(JournalReader.read(Array(bytes.dropLast(3))).unterminatedBytes == lines[11].count - 3)
    }
}

/// What a forger can do who knows the format and has none of the keys.
enum Forgery {
    static func entries(_ lines: [[UInt8]]) throws -> [JournalEntry] {
        try lines.map { try JournalLine.decode($0[...]).entry }
    }

    /// These entries with a chain that holds.
    static func chained(_ entries: [JournalEntry]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var previous = JournalLine.origin
        for entry in entries {
            let line = try JournalLine.encode(entry, previous: previous)
            previous = Digest.sha256(line)
            bytes += line
        }
        return bytes
    }

    static func signature(_ message: [UInt8], _ namespace: String, _ key: Ed25519Key) throws -> String {
        Base64.text(try SSHSIG.make(digest: Digest.sha512(message), namespace: namespace, key: key).blob)
    }
}
