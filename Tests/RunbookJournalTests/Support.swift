import Crypto
import Foundation
import RunbookJournal
import Synchronization
import Testing

/// A folder of its own for one test, gone when the test is.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/journal-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        chmod("\(path)/\(name)", mode)
    }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)"))) }

    func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }
}

struct ShellResult {
    var status: Int32
    var output: String
}

/// Runs `command` with /bin/sh in `folder`; stdout and stderr together. Through a file, not a pipe: what another test
/// starts at the same time can't hold it open.
func shell(_ command: String, in folder: String, environment: [String: String] = [:]) throws -> ShellResult {
    let scratch = try Scratch()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "\(scratch.path)/out", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Worker threads block signals, and children inherit that: an agent could not be ended.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let script = "cd '\(folder)' || exit 99\n\(command)"
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let arguments: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", script].map { $0.withCString(strdup) } + [nil]
    let strings: [UnsafeMutablePointer<CChar>?] = variables.map { "\($0.key)=\($0.value)".withCString(strdup) } + [nil]
    defer { (arguments + strings).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, strings)
    try #require(code == 0)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return ShellResult(status: status & 0x7F == 0 ? status >> 8 & 0xFF : -1, output: try scratch.text("out"))
}

/// A journal in memory whose disk does what the test says.
final class MemoryStorage: JournalStorage {
    struct Disk {
        var bytes: [UInt8] = []
        /// Asked before each write (with the bytes offered) and each flush.
        var onWrite: (Int) throws(SystemError) -> Int = { $0 }
        var onFlush: () throws(SystemError) -> Void = {}
        var hasReserve = true
        var signers = ""
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

    func writeSigners(_ text: String) { disk.withLock { $0.signers = text } }
    func addSigners(_ text: String) { disk.withLock { $0.signers += text } }
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
