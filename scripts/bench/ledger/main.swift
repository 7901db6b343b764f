import Crypto
import Glibc
import RunbookJournal
import Synchronization

// What a journal costs, beside what it can't cost less than. For `scripts/bench/journal`.
//
//     ledger FOLDER ENTRIES ROUNDS
//
// Each round measures, one after the other: groups of lines appended and flushed, and the same bytes written and flushed
// by nobody's program; a seal, and a bare signature of Ed25519; the proof of a journal of ENTRIES lines, and SHA-256 of
// its bytes. Prints medians and ratios.

func seconds(_ body: () throws -> Void) rethrows -> Double {
    var (from, to) = (timespec(), timespec())
    clock_gettime(CLOCK_MONOTONIC, &from)
    try body()
    clock_gettime(CLOCK_MONOTONIC, &to)
    return Double(to.tv_sec - from.tv_sec) + Double(to.tv_nsec - from.tv_nsec) / 1e9
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
}

let folder = CommandLine.arguments[1]
let entries = Int(CommandLine.arguments[2]) ?? 1_000_000
let rounds = Int(CommandLine.arguments[3]) ?? 5
let key = try Ed25519Key(seed: [UInt8](repeating: 7, count: 32), principal: "bench@here")
let opening = Draft(type: "run.open", fields: ["run": .string("bench")])
let wall: Int64 = 1_768_446_000_000

/// About 300 bytes as a line.
func step(_ number: Int) -> Draft {
    Draft(
        type: LineTypes.stepDone,
        fields: [
            "host": .string("host-\(number % 1_000)"), "reason": .string("I checked: it holds"), "state": .string("ok"),
            "step": .string("step-\(number)"), "tolerated": .boolean(false),
        ])
}

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
    func writeSigners(_ text: String) {}
    func addSigners(_ text: String) {}
    func close() {}
}

/// Lines a second through the writer, and through bare calls with the same bytes.
func append(group: Int, groups: Int, _ round: Int) throws -> (ours: Double, bare: Double) {
    let drafts = (0..<group).map(step)
    let path = "\(folder)/\(group)-\(round)"
    let writer = try JournalWriter.create(folder: path, opening: opening, operator: key, uptime: 0, wall: wall)
    let ours = try seconds {
        for index in 0..<groups { try writer.append(drafts, uptime: Int64(index), wall: wall) }
    }
    writer.close()
    let bytes = try JournalReader.contents(of: "\(path)/journal.jsonl")
    let piece = bytes.count / groups
    let descriptor = open("\(path)/bare", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    let bare = seconds {
        for index in 0..<groups {
            bytes[index * piece..<(index + 1) * piece].withUnsafeBytes {
                _ = write(descriptor, $0.baseAddress, $0.count)
            }
            fdatasync(descriptor)
        }
    }
    close(descriptor)
    let count = Double(group * groups)
    return (count / ours, count / bare)
}

func row(_ what: String, _ ours: Double, _ bare: Double, _ ratio: Double, _ limit: String) {
    func text(_ value: Double) -> String {
        let whole = String(Int(value.rounded()))
        return String(repeating: " ", count: max(0, 12 - whole.count)) + whole
    }
    let hundredths = Int((ratio * 100).rounded())
    let padded = what + String(repeating: " ", count: max(0, 34 - what.count))
    let fraction = hundredths % 100 < 10 ? "0\(hundredths % 100)" : "\(hundredths % 100)"
    print("\(padded)\(text(ours))\(text(bare))    \(hundredths / 100).\(fraction)  \(limit)")
}

print("                                          ours        bare   ratio  limit")
for group in [1, 16, 64] {
    let runs = try (0..<rounds).map { try append(group: group, groups: 2_000, $0) }
    row(
        "lines a second, \(group) a flush", median(runs.map(\.ours)), median(runs.map(\.bare)),
        median(runs.map { $0.ours / $0.bare }), "at least 0.8")
}

var seals: [(Double, Double)] = []
for _ in 0..<rounds {
    let count = 2_000
    let storage = Memory()
    let writer = try JournalWriter.create(on: storage, opening: opening, operator: key, uptime: 0, wall: wall)
    let plain = try seconds { for index in 0..<count { try writer.append([step(index)], uptime: 0, wall: wall) } }
    let sealed = try seconds {
        for index in 0..<count {
            try writer.append([step(index)], uptime: 0, wall: wall)
            try writer.seal(closing: false)
        }
    }
    let message = [UInt8](repeating: 1, count: 130)
    let secret = Curve25519.Signing.PrivateKey()
    let bare = try seconds { for _ in 0..<count { _ = try secret.signature(for: message) } }
    seals.append((Double(count) / max(1e-9, sealed - plain), Double(count) / bare))
}
row(
    "seals a second (two signatures)", median(seals.map(\.0)), median(seals.map(\.1)),
    median(seals.map { $0.0 / $0.1 }),
    "")

let storage = Memory()
let writer = try JournalWriter.create(on: storage, opening: opening, operator: key, uptime: 0, wall: wall)
for start in stride(from: 0, to: entries, by: 1_000) {
    try writer.append((start..<min(entries, start + 1_000)).map(step), uptime: 1, wall: wall)
}
try writer.seal(closing: true)
let bytes = storage.bytes
var proofs: [(Double, Double)] = []
for _ in 0..<rounds {
    var lines = 0
    let ours = try seconds { lines = try JournalVerifier.verify(bytes).get().lines }
    let bare = seconds {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        _ = hash.finalize()
    }
    guard lines >= entries else { fatalError("it does not verify") }
    proofs.append((ours, bare))
}
print("\(bytes.count / 1_000_000) MB, \(bytes.count / max(1, entries)) bytes a line")
row(
    "milliseconds to verify \(entries)", median(proofs.map { $0.0 * 1_000 }), median(proofs.map { $0.1 * 1_000 }),
    median(proofs.map { $0.0 / $0.1 }), "at most 3")
