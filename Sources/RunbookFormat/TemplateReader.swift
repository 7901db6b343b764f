internal import RunbookModel

/// Finds `${{ … }}` in text.
struct TemplateReader {
    enum Kind {
        /// Shell text: each value arrives as one quoted word, so an expression inside quotes is an error.
        case command
        case text
        /// A value of `env` or a password: a secret may stand in it.
        case hidden
    }

    static let scopes = ["vars", "env", "host", "run", "steps", "secrets"]

    let findings: Findings

    func template(_ text: String, at place: SourcePlace, _ kind: Kind) -> Template {
        var segments: [Template.Segment] = []
        var literal = String.UnicodeScalarView()
        var shell = ShellPlace()
        var marks = ExpressionPlaces(source: findings.source, from: place)
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first {
            guard rest.starts(with: "${{".unicodeScalars) else {
                literal.append(scalar)
                shell.take(scalar)
                rest = rest.dropFirst()
                continue
            }
            let at = marks.next()
            guard let (inner, after) = inside(rest.dropFirst(3)) else {
                findings.add(at: at, "`${{` is never closed", hint: "close it with `}}` on the same line")
                break
            }
            if kind == .command, let refusal = shell.refusal {
                findings.add(at: at, refusal.message, hint: refusal.hint)
            }
            if !literal.isEmpty { segments.append(.literal(String(literal))) }
            literal = String.UnicodeScalarView()
            if let path = path(inner, at, kind) {
                segments.append(.reference(Template.Reference(path: path, place: at)))
            }
            shell.takeWord()
            rest = after
        }
        if kind == .command, let spoiler = shell.spoiler {
            findings.add(
                at: place,
                "an expression can't stand in a word with `\(spoiler == "{" ? "{ }" : "( )")`: shells differ about it",
                hint: "write the words one by one")
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
            // One `${{` in another: the first is the one that is not closed.
            if scalar == "\n" || rest.starts(with: "${{".unicodeScalars) { return nil }
            inner.append(scalar)
            rest = rest.dropFirst()
        }
        return nil
    }

    /// The parts of a value's name; nil where it is none, which is a finding.
    func path(_ inner: String, _ place: SourcePlace, _ kind: Kind) -> [String]? {
        var trimmed = inner.unicodeScalars[...]
        while let first = trimmed.first, first == " " || first == "\t" { trimmed.removeFirst() }
        while let last = trimmed.last, last == " " || last == "\t" { trimmed.removeLast() }
        let name = String(trimmed)
        let shown = Excerpt.of(name)
        if name.isEmpty {
            findings.add(at: place, "the expression is empty", hint: "write `${{ vars.NAME }}`")
            return nil
        }
        let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // The steps of an included runbook have its name in front: `tiers/db`.
        let isPath = path.enumerated().allSatisfy { number, part in
            !part.isEmpty
                && part.utf8.allSatisfy {
                    isWordByte($0) || ($0 == UInt8(ascii: "/") && number == 1 && path[0] == "steps")
                }
        }
        guard isPath, let scope = path.first else {
            findings.add(
                at: place, "`\(shown)` is no name of a value", hint: "write `vars.NAME`, `host.address` or `run.id`")
            return nil
        }
        guard Self.scopes.contains(scope) else {
            findings.add(at: place, "unknown value `\(shown)`", hint: Self.scopeHint(path))
            return nil
        }
        if scope == "steps" {
            guard path.count == 4, path[2] == "outputs" else {
                findings.add(at: place, "`\(shown)` names no value", hint: "write `steps.ID.outputs.NAME`")
                return nil
            }
            return path
        }
        if scope == "secrets", kind != .hidden {
            findings.add(
                at: place, "a secret can't stand here: it would be written down",
                hint: "give it to a command as `env: { NAME: \"${{ \(shown) }}\" }`, and write \"$NAME\" there")
            return nil
        }
        guard path.count == 2 else {
            findings.add(at: place, "`\(shown)` names no value", hint: "write `\(scope).NAME`")
            return nil
        }
        return path
    }

    private static func scopeHint(_ path: [String]) -> String {
        if let scope = path.first, path.count > 1, let near = Nearest.name(to: scope, in: scopes) {
            return "did you mean `\(Excerpt.of(([near] + path.dropFirst()).joined(separator: ".")))`?"
        }
        return "values are vars.NAME, env.NAME, host.NAME, run.NAME and steps.ID.outputs.NAME"
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// The places of one `${{` after the other, from where a text begins in its file.
private struct ExpressionPlaces {
    private let lines: [Substring]
    private let start: SourcePlace
    private var number: Int
    /// What is left of the line, and the column where that begins.
    private var rest: Substring.UnicodeScalarView
    private var column: Int

    init(source: SourceText, from place: SourcePlace) {
        lines = source.lines
        start = place
        number = place.line - 1
        column = place.column
        rest = Substring().unicodeScalars
        if lines.indices.contains(number) { rest = lines[number].unicodeScalars.dropFirst(column - 1) }
    }

    /// Where the text begins when there is none: an escape can hide it.
    mutating func next() -> SourcePlace {
        while lines.indices.contains(number) {
            while let scalar = rest.first {
                let isMark = scalar == "$" && rest.starts(with: "${{".unicodeScalars)
                let place = SourcePlace(path: start.path, line: number + 1, column: column)
                rest = rest.dropFirst()
                column += 1
                if isMark { return place }
            }
            number += 1
            column = 1
            if lines.indices.contains(number) { rest = lines[number].unicodeScalars }
        }
        return start
    }
}
