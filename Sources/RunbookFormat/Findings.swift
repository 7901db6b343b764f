internal import RunbookModel

/// All that is wrong with one file, gathered while it is read.
final class Findings {
    /// How many are shown.
    static let limit = 50
    /// How many are kept; a file with more is no runbook.
    private static let keptLimit = 10_000

    private struct Finding: Hashable {
        var place: SourcePlace
        var message: String
    }

    let source: SourceText
    private var found: [(finding: Finding, hint: () -> String?)] = []
    private var known: Set<Finding> = []
    private var dropped = 0

    init(_ source: SourceText) { self.source = source }

    /// `hint` is worked out only when it is shown: looking for the nearest name takes time.
    func add(at place: SourcePlace, _ message: String, hint: @autoclosure @escaping () -> String? = nil) {
        guard found.count < Self.keptLimit else {
            dropped += 1
            return
        }
        let finding = Finding(place: place, message: message)
        if known.insert(finding).inserted { found.append((finding, hint)) }
    }

    /// In file order, the first ``limit`` of them.
    var sorted: [Diagnostic] {
        let order = found.indices.sorted { one, other in
            let (first, second) = (found[one].finding.place, found[other].finding.place)
            return (first.line, first.column, one) < (second.line, second.column, other)
        }
        let shown = order.prefix(Self.limit).map { index in
            source.diagnostic(at: found[index].finding.place, found[index].finding.message, hint: found[index].hint())
        }
        let more = found.count + dropped - shown.count
        guard more > 0, let last = shown.last else { return shown }
        return shown + [Diagnostic(at: last.place, "and \(more) more \(more == 1 ? "error" : "errors")")]
    }

    /// One more, after which nothing can be read.
    func failure(at place: SourcePlace, _ message: String, hint: String? = nil) -> InvalidFiles {
        add(at: place, message, hint: hint)
        return InvalidFiles(sorted)
    }

    /// Ends reading if anything is wrong.
    func check() throws(InvalidFiles) {
        if !found.isEmpty { throw InvalidFiles(sorted) }
    }
}

/// The known name that a person probably meant.
enum Nearest {
    /// More edits than this are another word.
    private static let editLimit = 4
    /// Names that are looked at, and bytes of each: what a person means is not far down a list of thousands.
    private static let nameLimit = 2_000
    private static let byteLimit = 64

    /// The name with the fewest edits, at most two or a third of its length, fewer for a short one; the first of equals.
    static func name(to name: String, in known: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8.prefix(byteLimit))
        var best: (name: String, distance: Int)?
        let limit = wanted.count < 2 ? 0 : wanted.count < 4 ? 1 : min(editLimit, max(2, wanted.count / 3))
        for candidate in known.prefix(nameLimit) {
            let closest = min(limit, (best?.distance ?? .max) - 1)
            let other = Array(candidate.utf8.prefix(byteLimit))
            if let distance = distance(wanted, other, atMost: closest) { best = (candidate, distance) }
        }
        return best?.name
    }

    static func hint(_ name: String, _ known: some Sequence<String>) -> String? {
        self.name(to: name, in: known).map { "did you mean `\(Excerpt.of($0))`?" }
    }

    /// Edits between `one` and `other`; nil where they are more than `limit`.
    private static func distance(_ one: [UInt8], _ other: [UInt8], atMost limit: Int) -> Int? {
        guard abs(one.count - other.count) <= limit else { return nil }
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            var smallest = row[0]
            for column in other.indices {
                let above = row[column + 1]
                row[column + 1] = min(diagonal + (byte == other[column] ? 0 : 1), min(above, row[column]) + 1)
                diagonal = above
                smallest = min(smallest, row[column + 1])
            }
            if smallest > limit { return nil }
        }
        return row[other.count] <= limit ? row[other.count] : nil
    }
}
