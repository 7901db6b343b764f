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
    /// Files that it includes, by their paths.
    var included: [String: SourceText] = [:]
    private var found: [(finding: Finding, hint: () -> String?)] = []
    private var known: Set<Finding> = []
    private var places: Set<SourcePlace> = []
    private var dropped = 0
    private(set) var warnings: [Diagnostic] = []

    init(_ source: SourceText) { self.source = source }

    /// `hint` is worked out only when it is shown: looking for the nearest name takes time.
    func add(at place: SourcePlace, _ message: String, hint: @autoclosure @escaping () -> String? = nil) {
        guard found.count < Self.keptLimit else {
            dropped += 1
            return
        }
        let finding = Finding(place: place, message: message)
        places.insert(place)
        if known.insert(finding).inserted { found.append((finding, hint)) }
    }

    /// Whether something is wrong there.
    func has(at place: SourcePlace) -> Bool { places.contains(place) }

    /// What is wrong, and can be lived with.
    func warn(at place: SourcePlace, _ message: String, hint: String? = nil) {
        guard warnings.count < Self.limit, !warnings.contains(where: { $0.place == place && $0.message == message })
        else {
            return
        }
        var warning = text(of: place).diagnostic(at: place, message, hint: hint)
        warning.severity = .warning
        warnings.append(warning)
    }

    private func text(of place: SourcePlace) -> SourceText { included[place.path] ?? source }

    /// In file order, the first ``limit`` of them.
    var sorted: [Diagnostic] {
        let order = found.indices.sorted { one, other in
            let (first, second) = (found[one].finding.place, found[other].finding.place)
            if first.path != second.path {
                // The file itself comes before those that it includes.
                return first.path == source.path || (second.path != source.path && first.path < second.path)
            }
            return (first.line, first.column, one) < (second.line, second.column, other)
        }
        let shown = order.prefix(Self.limit).map { index in
            let finding = found[index].finding
            return text(of: finding.place).diagnostic(at: finding.place, finding.message, hint: found[index].hint())
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

    /// Ends reading if anything is wrong, here or in what it includes.
    func check(_ others: [Diagnostic] = []) throws(InvalidFiles) {
        if !found.isEmpty || !others.isEmpty { throw InvalidFiles(sorted + others) }
    }
}

extension Nearest {
    package static func hint(_ name: String, _ known: some Sequence<String>) -> String? {
        self.name(to: name, in: known).map { "did you mean `\(Excerpt.of($0))`?" }
    }
}
