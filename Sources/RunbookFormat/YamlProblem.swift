internal import RunbookModel
internal import Yams

/// What the YAML parser says, in words for a person who does not know its insides.
enum YamlProblem {
    static let anchors = "anchors and aliases are not supported"
    static let anchorsHint = "write the value out; text that begins with `&` or `*` needs quotes"
    static let tooDeep = "the file is nested deeper than \(Limits.yamlDepth) levels"
    static let quotesHint = "put the text in quotes"

    struct Fault {
        var place: SourcePlace
        var message: String
        var hint: String?

        init(_ place: SourcePlace, _ message: String, hint: String? = nil) {
            self.place = place
            self.message = message
            self.hint = hint
        }
    }

    static func fault(_ error: any Error, in source: SourceText) -> Fault {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = source.place(mark.line, mark.column)
            let start = context.map { source.place($0.mark.line, $0.mark.column) } ?? place
            let site = Site(source: source, place: place, start: start, context: context?.text ?? "")
            return site.fault(problem) ?? Fault(place, "this is no YAML: \(Excerpt.of(problem))")
        case .reader(let problem, _, _, _):
            return Fault(source.place(1, 1), "this is no YAML: \(Excerpt.of(problem))")
        default: return Fault(source.place(1, 1), "the file is no YAML")
        }
    }
}

/// Where the parser gave up, and where that began which it was reading.
private struct Site {
    typealias Fault = YamlProblem.Fault

    let source: SourceText
    let place: SourcePlace
    let start: SourcePlace
    let context: String

    func fault(_ problem: String) -> Fault? {
        switch problem {
        case "found character that cannot start any token": return badStart
        case "could not find expected ':'":
            return Fault(
                start, "this is no `key: value`",
                hint: "a key ends with `: `; text that goes on is indented more than its key")
        case "block sequence entries are not allowed in this context":
            return Fault(place, "a list can't begin here", hint: "begin it on the next line, or put the text in quotes")
        case "mapping keys are not allowed in this context":
            return Fault(place, "a key can't begin with `? `", hint: "write `key: value`")
        case "mapping values are not allowed in this context":
            return colon
        case "found a tab character where an indentation space is expected",
            "found a tab character that violates indentation":
            return tab(place)
        case "did not find expected alphabetic or numeric character", "found undefined alias":
            return Fault(start, YamlProblem.anchors, hint: YamlProblem.anchorsHint)
        case "found undefined tag handle":
            return Fault(place, "tags are not supported", hint: "put text that begins with `!` in quotes")
        case "Maximum nesting level reached, set with yaml_set_max_nest_level())":
            return Fault(place, YamlProblem.tooDeep)
        case "did not find expected comment or line break" where context == "while scanning a block scalar":
            if endsWithQuote(before: start) { return behindQuote(start) }
            return Fault(place, "text can't stand behind `|` or `>`", hint: "begin it on the next line")
        case "found an indentation indicator equal to 0":
            return Fault(place, "`|0` and `>0` mean nothing", hint: "write `|` or `>`")
        default: return quoted(problem) ?? collection(problem) ?? rest(problem)
        }
    }

    private var badStart: Fault {
        guard let scalar = source.scalar(at: place) else { return Fault(place, "a value is missing") }
        if scalar == "\t" { return tab(place) }
        let name = scalar == "`" ? "a backtick" : "`\(TerminalText.shown(String(Character(scalar))))`"
        return Fault(place, "text can't begin with \(name)", hint: YamlProblem.quotesHint)
    }

    /// A second `: ` in a line, or a line in a column of its own.
    private var colon: Fault {
        let before = source.line(place).unicodeScalars.prefix(place.column - 1)
        if String(before).contains(": ") {
            return Fault(place, "a second `: ` stands in this line", hint: YamlProblem.quotesHint)
        }
        let indentation = before.prefix { $0 == " " }.count
        return Fault(
            source.place(place.line, indentation + 1), "this key is indented more than the line before it allows",
            hint: "keys of one mapping begin in the same column")
    }

    private func endsWithQuote(before place: SourcePlace) -> Bool {
        let before = source.line(place).unicodeScalars.prefix(place.column - 1)
        let last = before.last { $0 != " " }
        return last == "\"" || last == "'"
    }

    private func behindQuote(_ place: SourcePlace) -> Fault {
        Fault(
            place, "nothing can follow the closing quote",
            hint: "put the whole text in quotes; inside single quotes, '' is one")
    }

    private func tab(_ place: SourcePlace) -> Fault {
        Fault(place, "a tab can't stand before a key or a value", hint: "indent with spaces")
    }

    private func quoted(_ problem: String) -> Fault? {
        switch problem {
        case "found unexpected end of stream", "found unexpected document indicator":
            return Fault(start, "this quoted text never ends", hint: "close it with the quote it begins with")
        case "found unknown escape character":
            return Fault(
                place, "`\\` means something else in double quotes",
                hint: "write `\\\\` for a backslash, or use single quotes")
        case "did not find expected hexdecimal number":
            return Fault(
                place, "an escape of a character has hexadecimal digits: \\x41, \\u00E4",
                hint: "write `\\\\` for a backslash, or use single quotes")
        case "found invalid Unicode character escape code":
            return Fault(place, "this escape stands for no character")
        default: return nil
        }
    }

    private func collection(_ problem: String) -> Fault? {
        switch problem {
        case "did not find expected '-' indicator", "did not find expected key": return misplaced
        case "did not find expected ',' or ']'": return unclosed("list", "]")
        case "did not find expected ',' or '}'": return unclosed("mapping", "}")
        case "did not find expected node content":
            guard let scalar = source.scalar(at: place) else { return Fault(place, "a value is missing") }
            return Fault(
                place, "`\(TerminalText.shown(String(Character(scalar))))` can't stand here",
                hint: YamlProblem.quotesHint)
        case "found unexpected ':'":
            return Fault(place, "a `:` can't stand here", hint: "put text with a colon in quotes")
        default: return nil
        }
    }

    /// Something in the wrong column, or behind what is complete.
    private var misplaced: Fault {
        let before = source.line(place).unicodeScalars.prefix(place.column - 1)
        if endsWithQuote(before: place) { return behindQuote(place) }
        if before.contains(where: { $0 != " " }) {
            return Fault(place, "nothing can follow here", hint: "put the whole text in quotes")
        }
        return Fault(
            place, "the indentation of this line fits nothing above it",
            hint: "keys of one mapping, and items of one list, begin in the same column")
    }

    private func unclosed(_ what: String, _ bracket: String) -> Fault {
        let message = "the \(what) that begins here is not closed with `\(bracket)`"
        if source.line(place).contains("${{") {
            return Fault(place, "a `,` or `\(bracket)` is missing here", hint: "put text with `${{ }}` in quotes")
        }
        if place.line > start.line { return Fault(start, message, hint: "close it, and put a `,` between its items") }
        return Fault(
            place, "a `,` or `\(bracket)` is missing here", hint: "put a `,` between the values, or the text in quotes")
    }

    private func rest(_ problem: String) -> Fault? {
        if context.contains("directive") || problem.contains("directive")
            || problem == "found incompatible YAML document"
        {
            return Fault(start, "a line can't begin with `%`", hint: YamlProblem.quotesHint)
        }
        if context.contains("tag") {
            return Fault(start, "tags are not supported", hint: "put text that begins with `!` in quotes")
        }
        if problem == "did not find expected <document start>" {
            return Fault(
                place, "this stands outside of the file's mapping", hint: "check the indentation and the quotes")
        }
        return nil
    }
}
