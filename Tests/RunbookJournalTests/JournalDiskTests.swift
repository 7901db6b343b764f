import Glibc
import RunbookJournal
import Synchronization
import Testing

/// What the disk does to the journal, brought about.
@Suite struct JournalDiskTests {
    private let wall = Sample.wall

    private func fault(_ operation: String, _ code: Int32) -> JournalFault {
        .system(operation: operation, path: "journal.jsonl", error: SystemError(code))
    }

    @Test("after a write that failed nothing is written any more", arguments: [EIO, EBADF, EDQUOT, ENOSPC, EROFS])
    func failedWrite(code: Int32) throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        let head = writer.head
        storage.disk.withLock { disk in
            disk.hasReserve = false
            disk.onWrite = { (_) throws(SystemError) in throw SystemError(code) }
        }
        #expect(throws: fault("write", code)) { try writer.append([Sample.step("a")], uptime: 1, wall: wall) }
        storage.disk.withLock { $0.onWrite = { $0 } }
        expectPoisoned(writer, storage)
        #expect(writer.head == head)
    }

    @Test(
        "after a flush that failed nothing is written any more, though the disk says yes again",
        arguments: [EIO, ENOSPC])
    func failedFlush(code: Int32) throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        storage.disk.withLock { $0.onFlush = { () throws(SystemError) in throw SystemError(code) } }
        #expect(throws: fault("flush", code)) { try writer.append([Sample.step("a")], uptime: 1, wall: wall) }
        storage.disk.withLock { $0.onFlush = {} }
        expectPoisoned(writer, storage)
        // A full disk is no reason to flush again: the reserve is for writes that say so.
        #expect(storage.disk.withLock { $0.hasReserve })
    }

    @Test("a write that fails half-way poisons, and what is left on disk resumes")
    func halfWritten() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        storage.disk.withLock { disk in
            var calls = 0
            disk.onWrite = { (count) throws(SystemError) in
                calls += 1
                if calls == 2 { throw SystemError(EIO) }
                return count / 2
            }
        }
        #expect(throws: fault("write", EIO)) { try writer.append([Sample.step("a")], uptime: 1, wall: wall) }
        expectPoisoned(writer, storage)
        let (_, entries) = try JournalWriter.resume(
            on: MemoryStorage(storage.bytes), opening: Sample.session, operator: Sample.bob(), uptime: 0, wall: wall)
        #expect(entries.count == 2)
    }

    @Test("a write that takes nothing is a fault, not a loop", arguments: [0, 100_000])
    func impossibleCount(taken: Int) throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        storage.disk.withLock { $0.onWrite = { _ in taken } }
        #expect(throws: fault("write", EIO)) { try writer.append([Sample.step("a")], uptime: 1, wall: wall) }
    }

    @Test("short writes and interruptions change nothing", arguments: [1, 7, 100])
    func shortWrites(most: Int) throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        storage.disk.withLock { disk in
            var calls = 0
            disk.onWrite = { (count) throws(SystemError) in
                calls += 1
                if calls % 3 == 0 { throw SystemError(EINTR) }
                return min(count, most)
            }
            var isInterrupted = false
            disk.onFlush = { () throws(SystemError) in
                isInterrupted.toggle()
                if isInterrupted { throw SystemError(EINTR) }
            }
        }
        try writer.append([Sample.step("a"), Sample.step("b")], uptime: 1, wall: wall)
        try writer.seal(closing: true)
        #expect(try JournalVerifier.verify(storage.bytes).get().lines == 5)
        #expect(!writer.runsOnReserve)
    }

    @Test("a disk that is interrupted for ever is a fault, not a loop")
    func signalStorm() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        storage.disk.withLock { $0.onWrite = { (_) throws(SystemError) in throw SystemError(EINTR) } }
        #expect(throws: fault("write", EINTR)) { try writer.append([Sample.step("a")], uptime: 1, wall: wall) }
    }

    @Test("on a full disk the reserve carries the last words", arguments: [ENOSPC, EDQUOT])
    func reserve(code: Int32) throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        storage.disk.withLock { disk in
            var calls = 0
            disk.onWrite = { (count) throws(SystemError) in
                calls += 1
                switch calls {
                case 1: return 10
                case 2: throw SystemError(code)
                default: return count
                }
            }
        }
        try writer.append([Sample.step("a")], uptime: 1, wall: wall)
        #expect(writer.runsOnReserve)
        #expect(!storage.disk.withLock { $0.hasReserve })
        try writer.append(
            [Draft(type: "run.halted", fields: ["reason": .string("disk full, stopped")])], uptime: 2, wall: wall)
        try writer.seal(closing: true)
        let report = try JournalVerifier.verify(storage.bytes).get()
        #expect(report.isClosed)
        #expect(report.records == 2)
    }

    @Test("when the reserve is used up too, the journal stops")
    func reserveGone() throws {
        let storage = MemoryStorage()
        let writer = try Sample.writer(on: storage)
        storage.disk.withLock { $0.onWrite = { (_) throws(SystemError) in throw SystemError(ENOSPC) } }
        #expect(throws: fault("write", ENOSPC)) { try writer.append([Sample.step("a")], uptime: 1, wall: wall) }
        expectPoisoned(writer, storage)
    }

    @Test("a journal that can't begin or resume lets go of its disk")
    func failedBeginning() throws {
        let storage = MemoryStorage()
        storage.disk.withLock { $0.onFlush = { () throws(SystemError) in throw SystemError(EIO) } }
        #expect(throws: fault("flush", EIO)) { try Sample.writer(on: storage) }
        #expect(storage.isClosed)
        let torn = MemoryStorage(Array(try Sample.journal().dropLast()))
        torn.disk.withLock { $0.onFlush = { () throws(SystemError) in throw SystemError(EIO) } }
        #expect(throws: fault("flush", EIO)) {
            try JournalWriter.resume(on: torn, opening: Sample.session, operator: Sample.bob(), uptime: 0, wall: wall)
        }
        #expect(torn.isClosed)
    }

    private func expectPoisoned(_ writer: JournalWriter, _ storage: MemoryStorage) {
        let before = storage.bytes
        let calls = storage.disk.withLock { $0.writes + $0.flushes }
        #expect(throws: JournalFault.poisoned) { try writer.append([Sample.step("b")], uptime: 9, wall: wall) }
        #expect(throws: JournalFault.poisoned) { try writer.append([], uptime: 9, wall: wall) }
        #expect(throws: JournalFault.poisoned) { try writer.seal(closing: false) }
        #expect(throws: JournalFault.poisoned) { try writer.seal(closing: true) }
        #expect(throws: JournalFault.poisoned) { try writer.sealIfDue(uptime: 99_999) }
        #expect(storage.bytes == before)
        #expect(storage.disk.withLock { $0.writes + $0.flushes } == calls)
    }
}
