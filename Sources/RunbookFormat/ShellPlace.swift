/// Where in shell text we are, for ``TemplateReader``: whether `"$NAME"` that is put here is one word in every shell.
///
/// Shells read the odd parts of their language differently, so this reads only what all of them read alike. After anything
/// else (`doubt`) no expression is accepted. Safety does not depend on it: a value is never part of the text.
struct ShellPlace {
    private enum Level: Equatable {
        case single, double, comment
        /// The outermost text.
        case open
        /// `$( … )`, and a bracket within one.
        case substitution, bracket
        /// `${ … }`
        case brace(isFresh: Bool)
        /// `$(( … ))` and `(( … ))`: how many brackets are open, and whether it begins with `$`.
        case arithmetic(open: Int, hasDollar: Bool)
    }

    private struct Frame {
        var level: Level
        /// The unquoted beginning of the word here.
        var word = String.UnicodeScalarView()
        /// The word that evaluates the other words of its command.
        var evaluator: String?
        /// Of `name[…]` and `[…]` in a word: shells calculate a subscript.
        var subscripts = 0
        /// Of `{a,b}` in a word.
        var braces = 0
        /// An expression stood in the word.
        var hasValue = false
        /// An expression stood in the word before, and only blanks since.
        var endsWithValue = false
        /// `<<` in arithmetic.
        var hasShift = false
    }

    /// What encloses `frame`, outermost first.
    private var outer: [Frame] = []
    private var frame = Frame(level: .open)
    private var isEscaped = false
    /// Not what a continued line ends with; `x` where a quote, an expansion or an escaped scalar has ended.
    private var previous: Unicode.Scalar = "\n"
    private var heredoc = HereDocument()
    /// What a word with an expression went on with: one shell takes the value for a part of what is in the braces, one
    /// reads a function's name as it is written.
    private(set) var spoiler: Unicode.Scalar?
    /// After this, shells differ about what follows.
    private var doubt: Doubt?

    private struct Doubt {
        var what: String
        var hint = "give the value to the command through `env`, and write \"$NAME\""
    }

    private static let wordLength = 32
    private static let depth = 64
    private static let evaluators: Set<String> = ["eval", "let", "trap", "alias"]

    /// Why no expression can stand here, and what to do; nil where it can.
    var refusal: (message: String, hint: String)? {
        let hint = Doubt(what: "").hint
        if let doubt { return ("an expression can't stand after \(doubt.what): shells differ about it", doubt.hint) }
        if heredoc.isInside { return ("an expression can't stand in a here-document", hint) }
        if heredoc.isNamed {
            return ("an expression can't name the end of a here-document", "write a word of your own")
        }
        switch frame.level {
        case .single, .double:
            let isFirst = previous == "\"" || previous == "'"
            return (
                "an expression can't stand inside quotes",
                "the value arrives as one quoted shell word: "
                    + (isFirst ? "take the quotes away" : "end the quotes before it")
            )
        case .comment: return ("an expression can't stand in a comment", "take it away")
        case .brace: return ("an expression can't stand inside `${ }`", hint)
        case .arithmetic:
            return (
                "an expression can't stand in arithmetic: some shells run what a value holds there",
                "give the value to the command through `env`, make sure that it is a number, and write $NAME"
            )
        case .open, .substitution, .bracket: break
        }
        if isEscaped || previous == "$" {
            return (
                "an expression can't follow `\(isEscaped ? "\\" : "$")`",
                "take it away: the value arrives as one quoted shell word"
            )
        }
        for frame in outer + [frame] {
            if frame.subscripts > 0 {
                return ("an expression can't stand in `[ ]` of a word: shells calculate there", hint)
            }
            if frame.braces > 0 {
                return ("an expression can't stand in `{ }` of a word: shells differ about it", hint)
            }
            if let evaluator = frame.evaluator {
                return ("an expression can't be given to `\(evaluator)`, which runs it", hint)
            }
            let word = String(frame.word)
            if let equals = word.firstIndex(of: "="), CodeVariable.isOne(String(word[..<equals])) {
                return (
                    "an expression can't be given to `\(word[...equals])`: programs run what it holds, or what it names",
                    "write its value out, or use a variable with a name of your own"
                )
            }
        }
        return nil
    }

    private var isInSubstitution: Bool { !outer.isEmpty }

    mutating func take(_ scalar: Unicode.Scalar) {
        if doubt != nil { return }
        if heredoc.isInside {
            if let what = heredoc.takeBody(scalar) { suspect(what) }
            previous = "\n"
            return
        }
        if heredoc.isNamed, !takeName(scalar) { return }
        if isEscaped {
            isEscaped = false
            if scalar == "\n" {
                if heredoc.isAwaited { suspect("a continued line with `<<`") }
                if previous == "$" { suspect("`$` at the end of a continued line") }
            } else {
                mark("x")
            }
            return
        }
        switch frame.level {
        case .single:
            if scalar == "'" { return pop() }
            checkLine(scalar)
            previous = scalar
        case .double: takeDouble(scalar)
        case .comment: takeComment(scalar)
        case .brace(let isFresh): takeBrace(scalar, isFresh: isFresh)
        case .arithmetic(let open, let hasDollar): takeArithmetic(scalar, open, hasDollar: hasDollar)
        case .open, .substitution, .bracket: takeOpen(scalar)
        }
    }

    /// An expression stood here: one word.
    mutating func takeWord() {
        if heredoc.isNamed { suspect("`<<`") }
        if heredoc.isInside { _ = heredoc.takeBody("x") }
        isEscaped = false
        mark("x")
        frame.hasValue = true
    }

    // MARK: Levels

    private mutating func takeDouble(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": return pop()
        case "\\": isEscaped = true
        case "`": suspectBackquote()
        case "(" where previous == "$": return push(.substitution, scalar)
        case "{" where previous == "$": return push(.brace(isFresh: true), scalar)
        case "[" where previous == "$": suspect("`$[`")
        default: checkLine(scalar)
        }
        previous = afterDollar(scalar)
    }

    private mutating func takeComment(_ scalar: Unicode.Scalar) {
        if scalar == "\n" {
            leave()
            return takeOpen(scalar)
        }
        if outer.count > 1, "'\"`()\\".unicodeScalars.contains(scalar) {
            suspect("a comment with `\(scalar)` in `$( )`")
        }
    }

    /// `${NAME}` and what else has no quotes in it.
    private mutating func takeBrace(_ scalar: Unicode.Scalar, isFresh: Bool) {
        switch scalar {
        case "}": return pop()
        case "{" where previous == "$":
            frame.level = .brace(isFresh: false)
            return push(.brace(isFresh: true), scalar)
        case " " where isFresh, "\t" where isFresh, "\n" where isFresh, "|" where isFresh: suspect("`${` with a blank")
        case "'", "\"", "\\", "`", "\n", "(", ")", "{", "<", ">": suspect("`${ }` with `\(Self.shown(scalar))` in it")
        case "[" where previous == "$": suspect("`$[`")
        default: break
        }
        frame.level = .brace(isFresh: false)
        previous = afterDollar(scalar)
    }

    /// Only what reads alike, whether it is arithmetic or commands in brackets.
    private mutating func takeArithmetic(_ scalar: Unicode.Scalar, _ open: Int, hasDollar: Bool) {
        switch scalar {
        case "(": frame.level = .arithmetic(open: open + 1, hasDollar: hasDollar)
        case ")" where open > 1: frame.level = .arithmetic(open: open - 1, hasDollar: hasDollar)
        case ")":
            if frame.hasShift, !hasDollar || previous != ")" { return suspect("`((` with `<<`") }
            if hasDollar { return pop() }
            leave()
        case "{" where previous == "$": return push(.brace(isFresh: true), scalar)
        case "[" where previous == "$": suspect("`$[`")
        case "<" where previous == "<": frame.hasShift = true
        case "0"..."9", "A"..."Z", "a"..."z", "_":
            frame.word = String.UnicodeScalarView(frame.word.suffix(3))
            frame.word.append(scalar)
            if String(frame.word) == "case" { suspect("`((` with `case`") }
        case "\n":
            if frame.hasShift { suspect("`((` with `<<`") }
            checkLine(scalar)
        case " ", "\t", "$", "+", "-", "*", "/", "%", "<", ">", "=", "!", "&", "|", "^", "~", "?", ":", ",", ";", "[",
            "]":
            break
        default: suspect("`((` with `\(Self.shown(scalar))` in it")
        }
        previous = afterDollar(scalar)
    }

    private mutating func takeOpen(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "'":
            if previous == "$" { return suspect("`$'`") }
            return push(.single, scalar)
        case "\"": return push(.double, scalar)
        case "\\":
            isEscaped = true
            return
        case "`": return suspectBackquote()
        case "#" where frame.word.isEmpty && Self.separators.contains(previous):
            if previous == "<" || previous == ">" || previous == ")" { return suspect("`\(previous)#`") }
            enter(.comment)
            return
        case "(": return takeBracket()
        case ")": return closeBracket()
        case "{" where previous == "$": return push(.brace(isFresh: true), scalar)
        case "[":
            if previous == "$" { return suspect("`$[`") }
            frame.subscripts += 1
            append(scalar)
        case "]":
            frame.subscripts = max(0, frame.subscripts - 1)
            append(scalar)
        case "{":
            if frame.hasValue { spoiler = spoiler ?? "{" }
            frame.braces += 1
            append(scalar)
        case "}":
            frame.braces = max(0, frame.braces - 1)
            append(scalar)
        case "<" where previous == "<":
            if heredoc.isAwaited { return suspect("two here-documents in one line") }
            heredoc.begin()
        case " ", "\t", "\n", ";", "&", "|", "<", ">": endWord(scalar)
        default: append(scalar)
        }
        if scalar == "\n", heredoc.isAwaited {
            if isInSubstitution { return suspect("a here-document inside `$( )`") }
            heredoc.enter()
        }
        previous = afterDollar(scalar)
    }

    private mutating func takeBracket() {
        if previous == "$" { return push(.substitution, "(") }
        if frame.hasValue || frame.endsWithValue { spoiler = spoiler ?? "(" }
        endWord("(")
        switch (previous, frame.level) {
        case ("(", .substitution): frame.level = .arithmetic(open: 2, hasDollar: true)
        case ("(", .bracket): frame.level = .arithmetic(open: 2, hasDollar: false)
        case ("(", _): enter(.arithmetic(open: 2, hasDollar: false))
        case (_, .open):
            previous = "("
            return
        default:
            enter(.bracket)
            previous = "("
            return
        }
        previous = " "
    }

    private mutating func closeBracket() {
        endWord(")")
        if isInSubstitution, frame.subscripts > 0 { return suspect("`[` in `$( )`") }
        switch frame.level {
        case .substitution: return pop()
        case .bracket: leave()
        default: break
        }
        previous = ")"
    }

    // MARK: Words

    private static let separators: Set<Unicode.Scalar> = [" ", "\t", "\n", ";", "&", "|", "(", ")", "<", ">"]

    private mutating func append(_ scalar: Unicode.Scalar) {
        if frame.word.count < Self.wordLength { frame.word.append(scalar) }
    }

    private mutating func endWord(_ separator: Unicode.Scalar) {
        let text = String(frame.word)
        frame.word = String.UnicodeScalarView()
        let isBlank = separator == " " || separator == "\t"
        frame.endsWithValue = isBlank && (frame.hasValue || (text.isEmpty && frame.endsWithValue))
        (frame.braces, frame.hasValue) = (0, false)
        // The command `[`, and its like; a subscript may go on over blanks.
        if text == "[" || text == "[[" { frame.subscripts -= text.utf8.count }
        if isInSubstitution, text == "case" || text == "esac" || text == "[[" { suspect("`\(text)` in `$( )`") }
        switch separator {
        case ";", "&", "|", "\n", "(", ")": frame.evaluator = nil
        default: if Self.evaluators.contains(text) { frame.evaluator = text }
        }
    }

    /// What has ended is part of a word.
    private mutating func mark(_ scalar: Unicode.Scalar) {
        append("\u{1}")
        previous = scalar
    }

    /// `$$`, `$#` and their like are whole.
    private func afterDollar(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard previous == "$" else { return scalar }
        switch scalar {
        case "$", "#", "?", "!", "-", "@", "*", "0"..."9": return "x"
        default: return scalar
        }
    }

    /// What begins within a word.
    private mutating func push(_ level: Level, _ scalar: Unicode.Scalar) {
        mark(scalar)
        enter(level)
    }

    /// What began within a word has ended.
    private mutating func pop() {
        leave()
        mark("x")
    }

    private mutating func enter(_ level: Level) {
        guard outer.count < Self.depth else { return suspect("so many brackets") }
        outer.append(frame)
        frame = Frame(level: level)
    }

    private mutating func leave() { if let last = outer.popLast() { frame = last } }

    private mutating func checkLine(_ scalar: Unicode.Scalar) {
        if scalar == "\n", heredoc.isAwaited { suspect("`<<` and a quote over two lines") }
    }

    private mutating func suspect(_ what: String) { doubt = doubt ?? Doubt(what: what) }

    private mutating func suspectBackquote() {
        doubt = doubt ?? Doubt(what: "a backquote", hint: "write `$( )` in place of backquotes")
    }

    private static func shown(_ scalar: Unicode.Scalar) -> String { scalar == "\n" ? "a line break" : String(scalar) }

    /// The name of a here-document; whether `scalar` still has to be taken.
    private mutating func takeName(_ scalar: Unicode.Scalar) -> Bool {
        switch heredoc.takeName(scalar) {
        case .more: return false
        case .hereString:
            previous = " "
            return false
        case .odd:
            suspect("such a name of a here-document")
            return false
        case .over:
            if isInSubstitution { suspect("a here-document inside `$( )`") }
            previous = "x"
            return doubt == nil
        }
    }
}
