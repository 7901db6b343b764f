internal import RunbookModel

/// All that is wrong with one file, gathered while it is read.
final class Findings {
    static let limit = 50

    let source: SourceText
    private(set) var diagnostics: [Diagnostic] = []

    init(_ source: SourceText) { self.source = source }

    func add(at place: SourcePlace, _ message: String, hint: String? = nil) {
        let diagnostic = source.diagnostic(at: place, message, hint: hint)
        if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
    }

    /// In file order, the first ``limit`` of them.
    var sorted: [Diagnostic] {
        let all = diagnostics.sorted { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }
        guard all.count > Self.limit, let last = all.last else { return all }
        let more = all.count - Self.limit
        return all.prefix(Self.limit) + [
            Diagnostic(at: last.place, "and \(more) more \(more == 1 ? "error" : "errors")")
        ]
    }

    /// Ends reading if anything is wrong.
    func check() throws(InvalidFiles) {
        if !diagnostics.isEmpty { throw InvalidFiles(sorted) }
    }
}

/// The known name that a person probably meant.
enum Nearest {
    /// The name with the fewest edits, at most two, or a third of its length; the first of equals.
    static func name(to name: String, in known: some Sequence<String>) -> String? {
        var best: (name: String, distance: Int)?
        let limit = max(2, name.utf8.count / 3)
        for candidate in known {
            let distance = distance(Array(name.lowercased().utf8.prefix(64)), Array(candidate.utf8.prefix(64)))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    static func hint(_ name: String, _ known: some Sequence<String>) -> String? {
        self.name(to: name, in: known).map { "did you mean `\($0)`?" }
    }

    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let above = row[column + 1]
                row[column + 1] = min(diagonal + (byte == other[column] ? 0 : 1), min(above, row[column]) + 1)
                diagonal = above
            }
        }
        return row[other.count]
    }
}
