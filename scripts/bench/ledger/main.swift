import Crypto
import Glibc
import RunbookJournal
import Synchronization

// What a journal costs, beside what it can't cost less than. For `scripts/bench/journal`.
//
//     ledger FOLDER LINES ROUNDS [lines] [seals] [proof]
//
// Each round measures ours and the bare thing, one after the other, over the same bytes. Printed are medians of the
// rounds, and the median, least and most of the ratios within one round. Ends with 1 where a limit is broken.

func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = now(CLOCK_MONOTONIC)
    try body()
    return now(CLOCK_MONOTONIC) - start
}

/// Of this program's threads together.
func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
    let start = now(CLOCK_PROCESS_CPUTIME_ID)
    try body()
    return now(CLOCK_PROCESS_CPUTIME_ID) - start
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let lines = Int(arguments[2]), let rounds = Int(arguments[3]), lines > 0, rounds > 0 else {
    print("ledger FOLDER LINES ROUNDS [lines] [seals] [proof]")
    exit(64)
}
let parts = arguments.count > 4 ? Array(arguments[4...]) : ["lines", "seals", "proof"]
let folder = arguments[1]
let key = try Ed25519Key(seed: [UInt8](repeating: 7, count: 32), principal: "bench@here")
let opening = Draft(type: "run.open", fields: ["run": .string("bench")])
let wall: Int64 = 1_768_446_000_000

/// What a task writes, in turn: its intent, its result, and that it is done. 280, 420 and 250 bytes as lines.
func draft(_ number: Int) -> Draft {
    let task: JournalFields = [
        "host": .string("host-\(number / 3 % 1_000)"), "step": .string("step-\(number / 3_000)"),
    ]
    let (type, more): (String, JournalFields) =
        switch number % 3 {
        case 0:
            (
                LineTypes.stepIntent,
                [
                    "attempt": .integer(1), "boot": .string("661e53f7-3442-44e1-b1c3-cf6ee269e49d"),
                    "cmd": .string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                    "text": .string("systemctl start postgresql.service"),
                ]
            )
        case 1:
            (
                LineTypes.stepResult,
                [
                    "attempt": .integer(1), "end": .string("exited"), "ms": .integer(180), "status": .integer(0),
                    "stderr": .object([
                        "bytes": .integer(0),
                        "sha256": .string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                    ]),
                    "stdout": .object([
                        "bytes": .integer(7),
                        "sha256": .string("f9b49ce5e3a2f0a1e0a2e4a1b1b5b0f1c8996fb92427ae41e4649b934ca49599"),
                    ]),
                    "tail": .string("active\n"),
                ]
            )
        default:
            (
                LineTypes.stepDone,
                ["reason": .string("I did it and checked"), "state": .string("ok"), "tolerated": .boolean(false)]
            )
        }
    return Draft(type: type, fields: task.merging(more))
}

// MARK: The table

/// Of one round.
struct Pair {
    var ours: Double
    var bare: Double
    var ratio: Double { ours / bare }
    var inMilliseconds: Pair { Pair(ours: ours * 1_000, bare: bare * 1_000) }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
}

func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(1, width - text.count)) + text }

func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }

func fixed(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}

enum Limit {
    case atLeast(Double)
    case atMost(Double)
    case none

    func holds(_ ratio: Double) -> Bool {
        switch self {
        case .atLeast(let least): ratio >= least
        case .atMost(let most): ratio <= most
        case .none: true
        }
    }

    var text: String {
        switch self {
        case .atLeast(let least): "at least \(fixed(least))"
        case .atMost(let most): "at most \(fixed(most))"
        case .none: ""
        }
    }
}

/// Of one thread alone: the program has no other.
nonisolated(unsafe) var isBroken = false

func head(_ what: String, _ ours: String, _ bare: String) {
    print(
        "\n\(left(what, 34))\(right(ours, 12))\(right(bare, 12))\(right("ratio", 8))\(right("least–most", 13))  limit")
}

func row(_ what: String, _ pairs: [Pair], _ limit: Limit = .none) {
    let ratios = pairs.map(\.ratio)
    let ratio = median(ratios)
    let numbers = [pairs.map(\.ours), pairs.map(\.bare)].map { right(String(Int(median($0).rounded())), 12) }.joined()
    let spread = right("\(fixed(ratios.min() ?? 0))–\(fixed(ratios.max() ?? 0))", 13)
    let verdict = limit.holds(ratio) ? limit.text : "\(limit.text): BROKEN"
    if !limit.holds(ratio) { isBroken = true }
    print("\(left(what, 34))\(numbers)\(right(fixed(ratio), 8))\(spread)  \(verdict)")
}

// MARK: Lines

final class Memory: JournalStorage {
    private let held = Mutex<[UInt8]>([])
    let path = "memory"
    var bytes: [UInt8] { held.withLock { $0 } }
    func contents() -> [UInt8] { bytes }
    func write(_ more: ArraySlice<UInt8>) -> Int {
        held.withLock { $0 += more }
        return more.count
    }
    func flush() {}
    func truncate(to length: Int) {}
    func freeReserve() -> Bool { false }
    func writeSigners(_ text: String) -> Bool { true }
    func addSigners(_ text: String) -> Bool { true }
    func close() {}
}

/// Lines a second through the writer, each group durable before the next, and the same bytes in the same groups through
/// nothing but write and fdatasync. Group by group in turn, so that the disk is the same to both.
func append(group: Int, groups: Int, _ round: Int) throws -> Pair {
    let path = "\(folder)/\(group)-\(round)"
    let writer = try JournalWriter.create(folder: path, opening: opening, operator: key, uptime: 0, wall: wall)
    defer { writer.close() }
    let source = open("\(path)/journal.jsonl", O_RDONLY)
    let bare = open("\(path)/bare", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer {
        close(source)
        close(bare)
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    /// What has come to the journal since the last call.
    func news() -> Int { read(source, &buffer, buffer.count) }
    func copy() {
        let count = news()
        let written = write(bare, buffer, count)
        guard count > 0, written == count, fdatasync(bare) == 0 else { fatalError("the bare file can't be written") }
    }
    copy()
    var (ours, theirs) = (0.0, 0.0)
    for index in 0..<groups {
        let drafts = (0..<group).map { draft(index * group + $0) }
        ours += try seconds { try writer.append(drafts, uptime: Int64(index), wall: wall) }
        let count = news()
        guard count > 0, count < buffer.count else { fatalError("the journal did not grow") }
        theirs += seconds {
            let written = write(bare, buffer, count)
            guard written == count, fdatasync(bare) == 0 else { fatalError("the bare file can't be written") }
        }
    }
    let count = Double(group * groups)
    return Pair(ours: count / ours, bare: count / theirs)
}

func write(_ rounds: Int) throws {
    head("lines a second, each group flushed", "journal", "fdatasync")
    let groups: [(lines: Int, count: Int, limit: Limit)] = [
        (1, 1_000, .atLeast(0.8)), (2, 1_000, .atLeast(0.8)), (4, 1_000, .atLeast(0.8)), (16, 500, .none),
        (64, 300, .none),
    ]
    for group in groups {
        row(
            "\(group.lines) at once",
            try (0..<rounds).map { try append(group: group.lines, groups: group.count, $0) }, group.limit)
    }
    print("A run of 1000 hosts, 100 at once, writes 7011 lines in 4002 groups: 1.75 at once.")
}

// MARK: Seals

/// Seals a second, each over one more line, and signatures of Ed25519; and the parts of a seal that are no journal's.
func seals(_ count: Int) throws -> (one: Pair, all: Pair) {
    let writer = try JournalWriter.create(on: Memory(), opening: opening, operator: key, uptime: 0, wall: wall)
    let drafts = (0..<count).map(draft)
    var ours = 0.0
    for draft in drafts {
        try writer.append([draft], uptime: 0, wall: wall)
        ours += try seconds { try writer.seal(closing: false) }
    }
    let message = [UInt8](repeating: 1, count: 115)
    let secret = Curve25519.Signing.PrivateKey()
    let one = try seconds { for _ in drafts { _ = try secret.signature(for: message) } }
    let all = try seconds {
        for _ in drafts {
            _ = try secret.signature(for: message)
            _ = try secret.signature(for: message)
            _ = Curve25519.Signing.PrivateKey().publicKey
        }
    }
    let rate = Double(count) / ours
    return (Pair(ours: rate, bare: Double(count) / one), Pair(ours: rate, bare: Double(count) / all))
}

func seal(_ rounds: Int) throws {
    let measured = try (0..<rounds).map { _ in try seals(2_000) }
    head("seals a second", "journal", "Ed25519")
    row("against one signature", measured.map(\.one))
    row("against two and a new key", measured.map(\.all))
    print("A seal signs the journal, and its root together with the next key, which it makes.")
}

// MARK: The proof

/// A closed journal of so many lines besides its opening and its seals.
func journal(_ lines: Int) throws -> [UInt8] {
    let storage = Memory()
    let writer = try JournalWriter.create(on: storage, opening: opening, operator: key, uptime: 0, wall: wall)
    for start in stride(from: 0, to: lines, by: 64) {
        try writer.append((start..<min(lines, start + 64)).map(draft), uptime: 1, wall: wall)
    }
    try writer.seal(closing: true)
    return storage.bytes
}

/// What the proof of a journal is held against.
struct Bare: Sendable {
    let bytes: [UInt8]
    let ends: [Int]
    let seals: Int

    init(_ bytes: [UInt8], seals: Int) {
        self.bytes = bytes
        self.seals = seals
        ends = bytes.indices.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
    }

    func whole<Hash: HashFunction>(_: Hash.Type) {
        var hash = Hash()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        _ = hash.finalize()
    }

    func byLines() {
        bytes.withUnsafeBytes { bytes in
            var start = 0
            for end in ends {
                var hash = SHA256()
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                _ = hash.finalize()
                start = end
            }
        }
    }

    func signatures() throws {
        let message = [UInt8](repeating: 1, count: 115)
        let secret = Curve25519.Signing.PrivateKey()
        let signature = try secret.signature(for: message)
        let key = secret.publicKey
        for _ in 0..<2 * seals where !key.isValidSignature(signature, for: message) { fatalError("Ed25519 is broken") }
    }
}

func keep(_ bytes: [UInt8], in file: String) throws {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    var at = 0
    while at < bytes.count {
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + at }, bytes.count - at) }
        guard written > 0 else { fatalError("the file can't be written") }
        at += written
    }
}

/// The stock program, which `verify-journal.sh` uses too.
func sha256sum(_ file: String) throws {
    var child: pid_t = 0
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    var words: [UnsafeMutablePointer<CChar>?] = [strdup("sha256sum"), strdup(file), nil]
    defer { for word in words { free(word) } }
    var status: Int32 = 0
    guard posix_spawnp(&child, "sha256sum", &actions, nil, &words, environ) == 0,
        waitpid(child, &status, 0) == child, status == 0
    else { fatalError("sha256sum can't be run") }
}

func prove(_ lines: Int, _ rounds: Int) throws {
    var bytes: [UInt8] = []
    let written = try processorSeconds { bytes = try journal(lines) }
    let report = try JournalVerifier.verify(bytes).get()
    guard report.records == lines, report.unsealedLines == 0 else { fatalError("that is another journal") }
    let seals = report.lines - report.records - 1
    let bare = Bare(bytes, seals: seals)
    head("ms to verify \(lines) lines", "journal", "bare")
    let file = "\(folder)/journal"
    try keep(bytes, in: file)
    row(
        "sha256sum, of the file",
        try (0..<rounds).map { _ in
            let bare = try seconds { try sha256sum(file) }
            return Pair(
                ours: try seconds { _ = try JournalVerifier.verify(try JournalReader.contents(of: file)).get() },
                bare: bare
            ).inMilliseconds
        }, .atMost(3))
    let parts: [(name: String, limit: Limit, run: () throws -> Void)] = [
        ("SHA-256, in one piece", .none, { bare.whole(SHA256.self) }),
        ("SHA-256, line by line", .none, { bare.byLines() }),
        ("SHA-512, which the seals sign", .none, { bare.whole(SHA512.self) }),
        ("Ed25519, two for each seal", .none, { try bare.signatures() }),
    ]
    var pairs = [[Pair]](repeating: [], count: parts.count)
    var processor = pairs
    for _ in 0..<rounds {
        for (index, part) in parts.enumerated() {
            var pair = Pair(ours: 0, bare: 0)
            var work = pair
            work.bare = try processorSeconds { pair.bare = try seconds(part.run) }
            work.ours = try processorSeconds {
                pair.ours = try seconds { _ = try JournalVerifier.verify(bytes).get() }
            }
            pairs[index].append(pair.inMilliseconds)
            processor[index].append(work.inMilliseconds)
        }
    }
    for (part, pairs) in zip(parts, pairs) { row(part.name, pairs, part.limit) }
    head("the same in processor time", "journal", "bare")
    for (part, pairs) in zip(parts, processor) { row(part.name, pairs) }
    print("\(bytes.count / 1_000_000) MB, \(bytes.count / report.lines) bytes a line, \(seals) seals.")
    print("It was written, but for the disk, in \(fixed(written * 1e6 / Double(lines))) us of processor a line.")
}

if parts.contains("lines") { try write(rounds) }
if parts.contains("seals") { try seal(rounds) }
if parts.contains("proof") { try prove(lines, rounds) }
exit(isBroken ? 1 : 0)
