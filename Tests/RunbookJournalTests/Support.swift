import Crypto
import RunbookJournal
import Synchronization
import Testing

/// A journal in memory whose disk does what the test says.
final class MemoryStorage: JournalStorage {
    struct Disk {
        var bytes: [UInt8] = []
        /// Asked before each write (with the bytes offered) and each flush.
        var onWrite: (Int) throws(SystemError) -> Int = { $0 }
        var onFlush: () throws(SystemError) -> Void = {}
        var hasReserve = true
        var signers = ""
        var takesSigners = true
        var writes = 0
        var flushes = 0
        var truncations = 0
        var isClosed = false
    }

    let path = "journal.jsonl"
    let disk: Mutex<Disk>

    init(_ bytes: [UInt8] = []) { disk = Mutex(Disk(bytes: bytes)) }

    var bytes: [UInt8] { disk.withLock { $0.bytes } }
    var isClosed: Bool { disk.withLock { $0.isClosed } }

    func contents() -> [UInt8] { bytes }

    func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        try disk.withLock { (disk: inout sending Disk) throws(SystemError) -> Int in
            disk.writes += 1
            let taken = try disk.onWrite(bytes.count)
            disk.bytes += bytes.prefix(taken)
            return taken
        }
    }

    func flush() throws(SystemError) {
        try disk.withLock { (disk: inout sending Disk) throws(SystemError) in
            disk.flushes += 1
            try disk.onFlush()
        }
    }

    func truncate(to length: Int) {
        disk.withLock {
            $0.truncations += 1
            $0.bytes.removeSubrange(length...)
        }
    }

    func freeReserve() -> Bool {
        disk.withLock { disk in
            defer { disk.hasReserve = false }
            return disk.hasReserve
        }
    }

    func writeSigners(_ text: String) -> Bool {
        disk.withLock { disk in
            if disk.takesSigners { disk.signers = text }
            return disk.takesSigners
        }
    }

    func addSigners(_ text: String) -> Bool {
        disk.withLock { disk in
            // A full disk takes a part.
            disk.signers += disk.takesSigners ? text : String(text.prefix(5))
            return disk.takesSigners
        }
    }
    func close() { disk.withLock { $0.isClosed = true } }
}

enum Sample {
    static let wall: Int64 = 1_768_446_000_123
    static let opening = Draft(type: "run.open", fields: ["run": .string("R1"), "plan": .string("00ff")])
    static let session = Draft(type: "session.open", fields: [:])

    static func alice() throws -> Ed25519Key { try Ed25519Key(seed: Array(0..<32), principal: "alice@ops") }
    static func bob() throws -> Ed25519Key { try Ed25519Key(seed: Array(32..<64), principal: "bob@ops") }

    static func step(_ name: String) -> Draft {
        Draft(
            type: "step.done",
            fields: ["step": .string(name), "state": .string("ok"), "tolerated": .boolean(false), "n": .integer(-7)])
    }

    static func writer(on storage: MemoryStorage) throws -> JournalWriter {
        try JournalWriter.create(on: storage, opening: opening, operator: alice(), uptime: 0, wall: wall)
    }

    /// Twelve lines: two sessions, three kinds of seal, a recovery, closed at the end.
    static func journal() throws -> [UInt8] {
        let first = MemoryStorage()
        let writer = try writer(on: first)
        try writer.append([step("a"), step("b\"\u{202E}\u{7}é")], uptime: 10, wall: wall + 10)
        try writer.seal(closing: false)
        try writer.append([step("c")], uptime: 30, wall: wall + 30)
        writer.close()
        let second = MemoryStorage(first.bytes + Array("{\"prev\":\"00".utf8))
        let (resumed, _) = try JournalWriter.resume(
            on: second, opening: session, operator: bob(), uptime: 0, wall: wall + 99)
        try resumed.append(
            [step("d"), Draft(type: "run.close", fields: ["outcome": .string("succeeded")])], uptime: 5, wall: wall)
        try resumed.seal(closing: true)
        resumed.close()
        return second.bytes
    }

    static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast().map { Array($0) + [0x0A] }
    }

    static func trust(_ keys: Ed25519Key...) throws -> AllowedSigners {
        let text = keys.map {
            AllowedSigners.line(principal: $0.principal, namespaces: [Seal.namespace], key: $0.publicKey)
        }
        return try AllowedSigners(text: Array(text.joined().utf8), path: "allowed_signers")
    }
}

extension Result where Failure == JournalBroken {
    var broken: JournalBroken? { if case .failure(let broken) = self { broken } else { nil } }
}

enum Digest {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
    static func sha512(_ bytes: [UInt8]) -> [UInt8] { Array(SHA512.hash(data: bytes)) }
}
