import RunbookJournal
import RunbookModel
import Synchronization
import Testing

@Suite struct JournalWriterTests {
    private let wall = Sample.wall

    @Test("a run opens with two lines under the operator's seal, in one write and one flush")
    func opening() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        let entries = try JournalReader.entries(storage.bytes)
        #expect(entries.map(\.type) == ["run.open", "seal"])
        #expect(entries[0].fields["by"] == .string("alice@ops"))
        #expect(entries[0].fields["key"] == .string(try Sample.alice().publicKey.text))
        #expect(entries[0].fields["plan"] == .string("00ff"))
        #expect(Set(entries[1].fields.keys) == ["by", "covers", "ns", "root", "root_sig", "sig"])
        #expect(storage.disk.withLock { [$0.writes, $0.flushes] } == [1, 1])
        #expect(writer.head == "2:\(Digest.sha256(Sample.lines(storage.bytes)[1]).hex)")
    }

    @Test("what is appended together costs one write and one flush, and is on disk when append returns")
    func groupCommit() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        try writer.append((1...20).map { Sample.step("s\($0)") }, uptime: 7, wall: wall)
        #expect(storage.disk.withLock { [$0.writes, $0.flushes] } == [2, 2])
        #expect(try JournalVerifier.verify(storage.bytes).get().lines == 22)
        try writer.append([], uptime: 8, wall: wall)
        #expect(storage.disk.withLock { $0.writes } == 2)
    }

    @Test("a seal falls due after 1,024 lines, however they come")
    func sealByLines() throws {
        for batch in [1, 100, 1_024, 3_200] {
            let storage = MemoryStorage()
            let writer = try Sample.writer(on: storage)
            for start in stride(from: 0, to: 3_200, by: batch) {
                let count = min(batch, 3_200 - start)
                try writer.append((0..<count).map { Sample.step("s\($0)") }, uptime: 1, wall: wall)
            }
            let types = try JournalReader.entries(storage.bytes).map(\.type)
            let seals = types.indices.filter { types[$0] == "seal" }
            #expect(seals == [1, 1_026, 2_051, 3_076], "in batches of \(batch)")
            #expect(try JournalVerifier.verify(storage.bytes).get().unsealedLines == 128)
        }
    }

    @Test("a seal falls due five seconds after the first line that it covers")
    func sealByTime() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        func seals() throws -> Int { try JournalReader.entries(storage.bytes).count { $0.type == "seal" } }
        try writer.sealIfDue(uptime: 1_000_000)
        #expect(try seals() == 1)
        try writer.append([Sample.step("a")], uptime: 1_000_000, wall: wall)
        try writer.sealIfDue(uptime: 1_004_999)
        #expect(try seals() == 1)
        try writer.sealIfDue(uptime: 1_005_000)
        #expect(try seals() == 2)
        try writer.append([Sample.step("b")], uptime: 1_006_000, wall: wall)
        try writer.append([Sample.step("c")], uptime: 1_011_000, wall: wall)
        #expect(try JournalVerifier.verify(storage.bytes).get().unsealedLines == 0)
    }

    @Test("a seal that is asked for comes at once, and none where nothing is unsealed")
    func sealOnDemand() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        try writer.append([Sample.step("a")], uptime: 3, wall: wall + 3)
        try writer.seal(closing: false)
        try writer.seal(closing: false)
        let entries = try JournalReader.entries(storage.bytes)
        #expect(entries.map(\.type) == ["run.open", "seal", "step.done", "seal"])
        #expect(entries[3].uptime == 3)
        #expect(entries[3].timestamp == wall + 3)
        #expect(entries[3].fields["by"] == .string("run-R1"))
        #expect(entries[3].fields["covers"] == .integer(3))
    }

    @Test("no key seals twice")
    func freshKeys() throws {
        let report = try JournalVerifier.verify(try Sample.journal()).get()
        let keys = report.signers.map(\.key)
        #expect(Set(keys).count == keys.count)
    }

    @Test("a closed journal takes nothing more; a new session can go on")
    func closing() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        try writer.seal(closing: true)
        #expect(try JournalVerifier.verify(storage.bytes).get().isClosed)
        #expect(throws: JournalFault.closed) { try writer.append([Sample.step("a")], uptime: 1, wall: wall) }
        #expect(throws: JournalFault.closed) { try writer.seal(closing: true) }
        writer.close()
        #expect(storage.isClosed)
        let again = MemoryStorage(storage.bytes)
        let (resumed, entries) = try JournalWriter.resume(
            on: again, opening: Sample.session, operator: Sample.bob(), uptime: 0, wall: wall)
        #expect(entries.count == 3)
        try resumed.append([Sample.step("a")], uptime: 1, wall: wall)
        let report = try JournalVerifier.verify(again.bytes).get()
        #expect(!report.isClosed)
        #expect(report.sessions.map(\.by) == ["alice@ops", "bob@ops"])
    }

    @Test("a writer that is let go of lets go of its disk")
    func letGo() throws {
        let storage = MemoryStorage()
        do { _ = try Sample.writer(on: storage) }
        #expect(storage.isClosed)
    }

    @Test("a draft that can't be a line leaves the journal as it was, and usable")
    func badDraft() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        let before = storage.bytes
        let bad = Draft(type: "step.done", fields: ["Step": .string("a")])
        #expect(throws: JournalFault.line(type: "step.done", .badKey("Step"))) {
            try writer.append([Sample.step("a"), bad], uptime: 1, wall: wall)
        }
        for type in ["seal", "recovered", "run.open", "session.open"] {
            #expect(throws: JournalFault.reservedType(type)) {
                try writer.append([Draft(type: type, fields: [:])], uptime: 1, wall: wall)
            }
        }
        let long = Draft(type: "step.done", fields: ["x": .string(String(repeating: "x", count: 70_000))])
        #expect(throws: JournalFault.self) { try writer.append([long], uptime: 1, wall: wall) }
        #expect(storage.bytes == before)
        try writer.append([Sample.step("b")], uptime: 1, wall: wall)
        #expect(try JournalVerifier.verify(storage.bytes).get().lines == 3)
    }

    @Test("what a session opens with is checked before anything is made")
    func badOpening() throws {
        let alice = try Sample.alice()
        func create(_ opening: Draft, _ key: Ed25519Key) throws {
            _ = try JournalWriter.create(on: MemoryStorage(), opening: opening, operator: key, uptime: 0, wall: wall)
        }
        #expect(throws: JournalFault.reservedType("session.open")) { try create(Sample.session, alice) }
        #expect(throws: JournalFault.badRunName("")) { try create(Draft(type: "run.open", fields: [:]), alice) }
        #expect(throws: JournalFault.badRunName("../x")) {
            try create(Draft(type: "run.open", fields: ["run": .string("../x")]), alice)
        }
        #expect(throws: JournalFault.line(type: "run.open", .reservedKey("by"))) {
            try create(Draft(type: "run.open", fields: ["run": .string("R1"), "by": .string("x")]), alice)
        }
        #expect(throws: JournalFault.badPrincipal("a b")) {
            try create(Sample.opening, try Ed25519Key(principal: "a b"))
        }
    }

    @Test("a clock that is wrong beyond reason does not stop a run")
    func wrongClock() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        try writer.append([Sample.step("a")], uptime: -1, wall: -5)
        try writer.append([Sample.step("b")], uptime: .max, wall: .max)
        let entries = try JournalReader.entries(storage.bytes).filter { $0.type == "step.done" }
        #expect(entries.map(\.timestamp) == [0, 253_402_300_799_999])
        #expect(entries.map(\.uptime) == [0, 9_007_199_254_740_991])
    }

    @Test("many writers at once share one journal without a gap")
    func concurrent() async throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for index in 0..<25 {
                        try writer.append([Sample.step("s\(task).\(index)")], uptime: 1, wall: Sample.wall)
                    }
                }
            }
        }
        #expect(try JournalVerifier.verify(storage.bytes).get().records == 200)
    }

    @Test("a long run is proven to its last line")
    func longRun() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        for _ in 0..<4 { try writer.append((0..<1_024).map { Sample.step("s\($0)") }, uptime: 1, wall: wall) }
        let report = try JournalVerifier.verify(storage.bytes).get()
        #expect(report.sealedThrough == report.lines)
        #expect(report.records == 4_096)
    }

    @Test("keys that a full disk kept out of the list come into it once there is room, each once")
    func signersLater() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        storage.disk.withLock { $0.takesSigners = false }
        try writer.append([Sample.step("a")], uptime: 1, wall: Sample.wall)
        try writer.seal(closing: false)
        storage.disk.withLock { $0.takesSigners = true }
        try writer.append([Sample.step("b")], uptime: 2, wall: Sample.wall)
        try writer.seal(closing: true)
        let signers = try JournalVerifier.verify(storage.bytes).get().allowedSigners
        #expect(storage.disk.withLock { $0.signers } == signers)
    }
}

extension [UInt8] {
    var hex: String { Hex.text(self) }
}
