import Foundation
import RunbookFormat
import RunbookModel
import Testing

/// The shipped files with bytes and lines changed at random, always in the same way: whatever comes of it is read, or is
/// told with a place in the file.
///
/// `BLACKSTART_FUZZ=100000` tries that many files of each kind; `BLACKSTART_FUZZ_SEED` begins elsewhere.
@Suite struct MutationTests {
    static let environment = ProcessInfo.processInfo.environment
    static let count = environment["BLACKSTART_FUZZ"].flatMap { Int($0) } ?? 1_000
    static let seed = environment["BLACKSTART_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_261_123

    static let shipped: [(Corpus.Kind, String)] = [
        (.runbook, "runbooks/cold-start.yaml"), (.inventory, "runbooks/inventory.yaml"),
        (.fixture, "Fixtures/cold-start-dark-host.yaml"),
    ]

    /// Small files of every key, so that most changes hit something.
    static let small: [(Corpus.Kind, String)] = [
        (.runbook, "Tests/RunbookFormatTests/Corpus/every-runbook-key.yaml"),
        (.inventory, "Tests/RunbookFormatTests/Corpus/every-inventory-key.yaml"),
        (.fixture, "Tests/RunbookFormatTests/Corpus/every-fixture-key.yaml"),
    ]

    @Test("a changed file is read, or told what is wrong inside of it", arguments: shipped + small)
    func changed(kind: Corpus.Kind, path: String) throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let original = try [UInt8](Data(contentsOf: repository.appending(path: path)))
        var mutator = Mutator(seed: Self.seed)
        let rounds = path.hasPrefix("Tests/") ? Self.count : max(1, Self.count / 10)
        var refused = 0
        for round in 0..<rounds {
            let bytes = mutator.change(original)
            let found = try Corpus.diagnostics(kind, bytes, path: "a.yaml")
            if !found.isEmpty { refused += 1 }
            if let stray = found.first(where: { !isInside($0, bytes) }) {
                Issue.record("round \(round): \(stray.rendered)\n\(String(decoding: bytes, as: UTF8.self))")
                return
            }
        }
        // Changes that change nothing would prove nothing.
        #expect(refused * 4 > rounds)
        if Self.environment["BLACKSTART_FUZZ"] != nil { print("\(path): \(rounds) changed files, \(refused) refused") }
    }

    /// Whether a diagnostic says something, in few words, about a place that the file has.
    private func isInside(_ diagnostic: Diagnostic, _ bytes: [UInt8]) -> Bool {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        // The words of the YAML parser are none for people.
        guard !diagnostic.message.isEmpty, !diagnostic.message.contains("no YAML"),
            diagnostic.message.utf8.count < 1_000, diagnostic.place.column >= 1,
            lines.indices.contains(diagnostic.place.line - 1)
        else { return false }
        let line = String(decoding: lines[diagnostic.place.line - 1], as: UTF8.self)
        return diagnostic.place.column <= line.unicodeScalars.count + 1
    }
}

/// Changes to bytes, drawn from SplitMix64: the same seed gives the same changes everywhere.
struct Mutator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    private mutating func below(_ limit: Int) -> Int { limit > 0 ? Int(next() % UInt64(limit)) : 0 }

    /// What breaks YAML, numbers, durations, names and expressions.
    private static let pieces: [String] = [
        "{", "}", "[", "]", ":", ": ", ",", "- ", "? ", "#", "&a ", "*a", "!x ", "|", ">", "'", "\"", "\\", "%", "@",
        "`", "\t", "\n", "\r\n", "\r", "---\n", "...\n", "<<: ", "${{ ", " }}", "${{ vars.pool }}", "\0", "\u{1B}[31m",
        "\u{FEFF}", "\u{2028}", "\u{202E}", "null", "~", "true", "-1", "9223372036854775808", "1e400", "0x7f", "366d",
        "99999999999h", "1m1h", "🇩🇪", "e\u{301}", "\n  ", "\n- ", "steps:\n", "id: ", "*", "?", "((((", "\\u0000",
    ]

    /// `bytes` with one to four changes.
    mutating func change(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(4) { changeOnce(&bytes) }
        return bytes
    }

    private mutating func changeOnce(_ bytes: inout [UInt8]) {
        let place = below(bytes.count + 1)
        let end = min(bytes.count, place + 1 + below(8))
        switch below(9) {
        case 0: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: next()) }
        case 1: if place < bytes.count { bytes[place] ^= 1 << UInt8(below(8)) }
        case 2: bytes.removeSubrange(place..<end)
        case 3, 4: bytes.insert(contentsOf: Self.pieces[below(Self.pieces.count)].utf8, at: place)
        case 5: bytes.replaceSubrange(place..<end, with: Self.pieces[below(Self.pieces.count)].utf8)
        case 6: changeLines(&bytes)
        case 7: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count))
        }
    }

    /// A line that is lost, doubled, moved or indented.
    private mutating func changeLines(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let line = lines.remove(at: below(lines.count))
        switch below(4) {
        case 0: break
        case 1: for _ in 0..<2 { lines.insert(line, at: below(lines.count + 1)) }
        case 2: lines.insert(line, at: below(lines.count + 1))
        default:
            lines.insert(Array(repeating: 0x20, count: below(6)) + line.drop { $0 == 0x20 }, at: below(lines.count + 1))
        }
        bytes = Array(lines.joined(separator: [0x0A]))
    }
}
