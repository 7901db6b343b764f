import Glibc
import RunbookJournal

// Everything that can be done to one journal by one slip or one hand. For `scripts/prove tamper`.
//
//     tamper JOURNAL SCRIPT FOLDER SHARE SEED
//
// Every bit is flipped, every length is cut, every line is left out, doubled and swapped with the next, one at a time. Each
// has to be refused, but for what journal.md says: a journal that is cut between two lines stands as far as it goes, and a line
// after the last seal is not proven. SCRIPT, which is `verify-journal.sh`, has to say the same of all lines and cuts between
// them, and of one in SHARE of the rest. Prints `FLIPS CUTS LINES SCRIPTS`; ends with 1 at the first that is misjudged.

let arguments = CommandLine.arguments
guard arguments.count == 6, let share = UInt64(arguments[4]), share > 0, let seed = UInt64(arguments[5]) else {
    print("tamper JOURNAL SCRIPT FOLDER SHARE SEED")
    exit(64)
}
let (script, folder) = (arguments[2], arguments[3])
let journal = try JournalReader.contents(of: arguments[1])
guard case .success(let report) = JournalVerifier.verify(journal) else {
    print("the journal itself does not stand")
    exit(1)
}
let ends = journal.indices.filter { journal[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
let sealedBytes = report.sealedThrough == 0 ? 0 : ends[report.sealedThrough - 1]
var row = seed &* 6_364_136_223_846_793_005 &+ 1
var (flips, cuts, moves, scripts) = (0, 0, 0, 0)

@MainActor func misjudged(_ what: String) -> Never {
    print("\(arguments[1]): \(what)")
    exit(1)
}

/// One in ``share``, by the seed.
@MainActor func drawn() -> Bool {
    row = row &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (row >> 33) % share == 0
}

func stands(_ bytes: [UInt8]) -> Bool { if case .success = JournalVerifier.verify(bytes) { true } else { false } }

/// Whether the script accepts it.
@MainActor func scriptStands(_ bytes: [UInt8]) -> Bool {
    scripts += 1
    let path = "\(folder)/journal.jsonl"
    guard let file = fopen(path, "w") else { misjudged("can't write \(path)") }
    _ = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    fclose(file)
    // 0, or 7 << 8.
    let status = system("sh '\(script)' '\(path)' >/dev/null 2>&1")
    guard status == 0 || status == 7 << 8 else { misjudged("the script ended with \(status)") }
    return status == 0
}

@MainActor func agree(_ bytes: [UInt8], _ what: String) {
    let (ours, theirs) = (stands(bytes), scriptStands(bytes))
    if ours != theirs { misjudged("\(what): \(ours ? "it stands" : "it is refused"), and the script says otherwise") }
}

agree(journal, "as it was written")

for place in journal.indices {
    for bit in 0..<8 {
        var flipped = journal
        flipped[place] ^= 1 << UInt8(bit)
        flips += 1
        let isProven = place < sealedBytes
        if stands(flipped), isProven { misjudged("bit \(bit) of byte \(place) flipped: it stands") }
        // Of a line that nothing proves the script does not ask whether it is well formed.
        if drawn(), isProven { agree(flipped, "bit \(bit) of byte \(place) flipped") }
    }
}

for length in 0..<journal.count {
    let cut = Array(journal[..<length])
    cuts += 1
    let isBetween = length == 0 || journal[length - 1] == UInt8(ascii: "\n")
    if !isBetween, stands(cut) { misjudged("cut after \(length) bytes: it stands") }
    if isBetween || drawn() { agree(cut, "cut after \(length) bytes") }
    guard isBetween, length > 0, case .success(let part) = JournalVerifier.verify(cut) else { continue }
    // What is left stands as far as it goes, and no further.
    if part.sealedThrough > report.sealedThrough || part.lines != ends.firstIndex(of: length).map({ $0 + 1 }) {
        misjudged("cut after \(length) bytes: more is proven than was")
    }
}

let lines = zip([0] + ends.dropLast(), ends).map { Array(journal[$0..<$1]) }
@MainActor func moved(_ changed: [[UInt8]], _ what: String, isTail: Bool = false) {
    let bytes = Array(changed.joined())
    moves += 1
    if !isTail, stands(bytes) { misjudged("\(what): it stands") }
    agree(bytes, what)
}
for index in lines.indices {
    var changed = lines
    changed.remove(at: index)
    // Without its last line it is a journal that was cut between lines.
    moved(changed, "without line \(index + 1)", isTail: index == lines.count - 1)
    changed = lines
    changed.insert(lines[index], at: index)
    moved(changed, "line \(index + 1) twice")
    guard index + 1 < lines.count else { continue }
    changed = lines
    changed.swapAt(index, index + 1)
    moved(changed, "lines \(index + 1) and \(index + 2) swapped")
}
print("\(flips) \(cuts) \(moves) \(scripts)")
