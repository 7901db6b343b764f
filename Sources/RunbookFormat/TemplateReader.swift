internal import RunbookModel

/// Finds `${{ … }}` in text.
struct TemplateReader {
    enum Kind {
        /// Shell text: each value arrives as one quoted word, so an expression inside quotes is an error.
        case command
        case text
    }

    static let scopes = ["vars", "env", "host", "run"]
    static let laterScopes = ["secrets", "steps"]

    let findings: Findings

    func template(_ text: String, at place: SourcePlace, _ kind: Kind) -> Template {
        var segments: [Template.Segment] = []
        var literal = String.UnicodeScalarView()
        var quotes = QuoteState()
        var rest = text.unicodeScalars[...]
        var occurrence = 0
        while let scalar = rest.first {
            guard rest.starts(with: "${{".unicodeScalars) else {
                literal.append(scalar)
                quotes.take(scalar)
                rest = rest.dropFirst()
                continue
            }
            occurrence += 1
            let at = locate(occurrence, from: place)
            guard let (inner, after) = inside(rest.dropFirst(3)) else {
                findings.add(at: at, "`${{` is never closed", hint: "close it with `}}`")
                break
            }
            if kind == .command, quotes.isQuoted {
                findings.add(
                    at: at, "an expression can't stand inside quotes",
                    hint: "the value arrives as one shell word: take the quotes away")
            }
            if !literal.isEmpty { segments.append(.literal(String(literal))) }
            literal = String.UnicodeScalarView()
            if let path = path(inner, at) { segments.append(.reference(Template.Reference(path: path, place: at))) }
            quotes.takeWord()
            rest = after
        }
        if !literal.isEmpty { segments.append(.literal(String(literal))) }
        return Template(segments, at: place)
    }

    private func inside(
        _ rest: Substring.UnicodeScalarView
    ) -> (inner: String, after: Substring.UnicodeScalarView)? {
        var inner = String.UnicodeScalarView()
        var rest = rest
        while let scalar = rest.first {
            if rest.starts(with: "}}".unicodeScalars) { return (String(inner), rest.dropFirst(2)) }
            if scalar == "\n" { return nil }
            inner.append(scalar)
            rest = rest.dropFirst()
        }
        return nil
    }

    private func path(_ inner: String, _ place: SourcePlace) -> [String]? {
        let name = inner.filter { $0 != " " && $0 != "\t" }
        let shown = TerminalText.shown(name)
        let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isPath = path.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { isWordByte($0) }
        }
        guard isPath, let scope = path.first else {
            findings.add(
                at: place, "`\(shown)` is no name of a value", hint: "write `vars.NAME`, `host.address` or `run.id`")
            return nil
        }
        if Self.laterScopes.contains(scope) {
            findings.add(at: place, "`\(scope).*` is not supported yet")
            return nil
        }
        guard Self.scopes.contains(scope) else {
            findings.add(
                at: place, "unknown value `\(shown)`",
                hint: Nearest.hint(scope, Self.scopes) ?? "values are vars.*, env.*, host.* and run.*")
            return nil
        }
        guard path.count == 2 else {
            findings.add(at: place, "`\(shown)` names no value; write `\(scope).NAME`")
            return nil
        }
        return path
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// The place of the nth `${{` at or after `place`.
    private func locate(_ occurrence: Int, from place: SourcePlace) -> SourcePlace {
        var left = occurrence
        let lines = findings.source.lines
        for number in lines.indices.dropFirst(place.line - 1).prefix(2_000) {
            let scalars = Array(lines[number].unicodeScalars)
            var column = number == place.line - 1 ? place.column - 1 : 0
            while column + 2 < scalars.count {
                if scalars[column] == "$", scalars[column + 1] == "{", scalars[column + 2] == "{" {
                    left -= 1
                    if left == 0 { return SourcePlace(path: place.path, line: number + 1, column: column + 1) }
                }
                column += 1
            }
        }
        return place
    }
}

/// Where in shell text we are: inside quotes, a comment, or in the open.
struct QuoteState {
    private enum Level { case single, double, open, comment }

    private var levels: [Level] = [.open]
    private var isEscaped = false
    private var previous: Unicode.Scalar = "\n"

    var isQuoted: Bool {
        switch levels.last {
        case .single, .double: true
        case .open, .comment, nil: false
        }
    }

    mutating func take(_ scalar: Unicode.Scalar) {
        defer { previous = scalar }
        if isEscaped {
            isEscaped = false
            return
        }
        switch (levels.last ?? .open, scalar) {
        case (.single, "'"), (.double, "\""): pop()
        case (.single, _): break
        case (.comment, "\n"): pop()
        case (.comment, _): break
        case (_, "\\"): isEscaped = true
        case (.open, "'"): push(.single)
        case (.open, "\""): push(.double)
        case (_, "(") where previous == "$": push(.open)
        case (.open, ")"): pop()
        case (.open, "#") where previous == " " || previous == "\t" || previous == "\n" || previous == ";":
            push(.comment)
        default: break
        }
    }

    /// An expression stood here: one word.
    mutating func takeWord() { previous = "x" }

    private mutating func push(_ level: Level) {
        // Deeper than any shell text is: what follows counts as being in the open.
        if levels.count < 64 { levels.append(level) }
    }

    private mutating func pop() {
        if levels.count > 1 { levels.removeLast() }
    }
}
