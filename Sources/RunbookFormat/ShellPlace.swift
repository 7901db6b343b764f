/// Where in shell text we are: in the open, inside quotes, in a comment or in a here-document. A value that is quoted as
/// one word is one word in the open only.
struct ShellPlace {
    private enum Level { case single, double, open, comment }

    private var levels: [Level] = [.open]
    private var isEscaped = false
    private var previous: Unicode.Scalar = "\n"
    private var heredoc = Heredoc()

    /// Why no expression can stand here, and what to do; nil where it can.
    var refusal: (message: String, hint: String)? {
        if heredoc.isInside {
            return (
                "an expression can't stand in a here-document",
                "give the value to the command through `env`, and write \"$NAME\""
            )
        }
        switch levels.last {
        case .single, .double:
            let isFirst = previous == "\"" || previous == "'"
            return (
                "an expression can't stand inside quotes",
                "the value arrives as one quoted shell word: "
                    + (isFirst ? "take the quotes away" : "end the quotes before it")
            )
        case .comment: return ("an expression can't stand in a comment", "take it away")
        case .open, nil: break
        }
        if isEscaped || previous == "$" {
            return (
                "an expression can't follow `\(isEscaped ? "\\" : "$")`",
                "take it away: the value arrives as one quoted shell word"
            )
        }
        return nil
    }

    mutating func take(_ scalar: Unicode.Scalar) {
        defer { previous = scalar }
        if heredoc.take(scalar, isOpen: levels.count == 1 && !isEscaped) { return }
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
        case (.open, "#") where [" ", "\t", "\n", ";"].contains(previous): push(.comment)
        default: break
        }
    }

    /// An expression stood here: one word.
    mutating func takeWord() {
        isEscaped = false
        previous = "x"
    }

    private mutating func push(_ level: Level) {
        // Deeper than any shell text is: what follows counts as being in the open.
        if levels.count < 64 { levels.append(level) }
    }

    private mutating func pop() {
        if levels.count > 1 { levels.removeLast() }
    }
}

/// `<<WORD`, and the lines up to `WORD`.
private struct Heredoc {
    private enum State { case none, one, delimiter, waiting, inside }

    private var state = State.none
    private var delimiter = String.UnicodeScalarView()
    private var line = String.UnicodeScalarView()

    var isInside: Bool { state == .inside }

    /// Whether `scalar` belongs to the text of a here-document.
    mutating func take(_ scalar: Unicode.Scalar, isOpen: Bool) -> Bool {
        switch state {
        case .none: if isOpen, scalar == "<" { state = .one }
        case .one:
            state = isOpen && scalar == "<" ? .delimiter : .none
            delimiter = String.UnicodeScalarView()
        case .delimiter: takeDelimiter(scalar)
        case .waiting:
            if scalar == "\n" {
                state = .inside
                line = String.UnicodeScalarView()
            }
        case .inside:
            guard scalar == "\n" else {
                line.append(scalar)
                return true
            }
            if String(line.drop { $0 == "\t" }.map(Character.init)) == String(delimiter) { state = .none }
            line = String.UnicodeScalarView()
            return true
        }
        return false
    }

    private mutating func takeDelimiter(_ scalar: Unicode.Scalar) {
        switch scalar {
        // `<<<` is followed by one word, which is no here-document.
        case "<" where delimiter.isEmpty: state = .none
        case "-" where delimiter.isEmpty, "'", "\"", "\\": break
        case " ", "\t": if !delimiter.isEmpty { state = .waiting }
        case "\n": state = delimiter.isEmpty ? .none : .inside
        case ";", "&", "|", ")", ">": state = delimiter.isEmpty ? .none : .waiting
        default: delimiter.append(scalar)
        }
    }
}
