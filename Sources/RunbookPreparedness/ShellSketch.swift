/// A shell's text, cut into lists, pipes and words as far as a reader needs it to say what its exit status means. Quotes, comments
/// and `$(…)` are kept together; what it can't follow (an open quote) stays one word. It decides nothing about what runs.
struct ShellSketch {
    struct Word: Equatable {
        /// Without its quotes.
        let text: String
        /// Whether a shell takes it as it stands: no `$`, no backquote that it would put something in for.
        let isConstant: Bool
    }

    /// Commands that a pipe joins; the last one's status is the pipe's.
    typealias Pipe = [[Word]]

    /// By `;`, `&` and line ends; of each the alternatives of `||`; of each the parts of `&&`.
    private(set) var lists: [[[Pipe]]] = []

    init(_ text: String) {
        var scanner = Scanner(rest: Array(text.unicodeScalars)[...])
        while scanner.next() {}
        lists = scanner.lists
    }

    /// Text is at most as long as a runbook may be, and read once from left to right.
    private struct Scanner {
        var rest: ArraySlice<Unicode.Scalar>
        var lists: [[[Pipe]]] = []
        private var list: [[Pipe]] = [[[[]]]]

        init(rest: ArraySlice<Unicode.Scalar>) { self.rest = rest }

        /// Takes one word or one separator; false at the end.
        mutating func next() -> Bool {
            guard let first = rest.first else {
                endList()
                return false
            }
            let second = rest.dropFirst().first
            switch (first, second) {
            case ("\n", _), (";", _): endList()
            case ("&", "&"):
                rest.removeFirst()
                list[list.count - 1].append([[]])
            case ("|", "|"):
                rest.removeFirst()
                list.append([[[]]])
            case ("|", _): addCommand()
            // `2>&1` and `&>file` are no ends.
            case ("&", ">"): break
            case ("&", _): endList()
            case ("#", _):
                rest = rest.drop { $0 != "\n" }
                return true
            case ("(", _), (")", _), (" ", _), ("\t", _), ("\r", _): break
            case ("\\", "\n"): rest.removeFirst()
            default:
                add(word())
                return true
            }
            rest.removeFirst()
            return true
        }

        private mutating func word() -> Word {
            var text = String.UnicodeScalarView()
            var isConstant = true
            var previous: Unicode.Scalar = " "
            reading: while let scalar = rest.first {
                switch scalar {
                case " ", "\t", "\r", "\n", ";", "|", "(", ")": break reading
                case "&" where previous != ">": break reading
                case "'":
                    rest.removeFirst()
                    let quoted = rest.prefix { $0 != "'" }
                    text.append(contentsOf: quoted)
                    rest = rest.dropFirst(quoted.count + 1)
                case "\"":
                    rest.removeFirst()
                    isConstant = quoted(into: &text) && isConstant
                case "\\":
                    rest.removeFirst()
                    if let escaped = rest.popFirst() { text.append(escaped) }
                case "$", "`":
                    isConstant = false
                    substituted(into: &text)
                default:
                    text.append(scalar)
                    rest.removeFirst()
                }
                previous = scalar
            }
            return Word(text: String(text), isConstant: isConstant)
        }

        /// After an opening double quote, to its end; whether nothing is put in there.
        private mutating func quoted(into text: inout String.UnicodeScalarView) -> Bool {
            var isConstant = true
            while let scalar = rest.first, scalar != "\"" {
                switch scalar {
                case "\\":
                    rest.removeFirst()
                    if let escaped = rest.popFirst() { text.append(escaped) }
                case "$", "`":
                    isConstant = false
                    substituted(into: &text)
                default:
                    text.append(scalar)
                    rest.removeFirst()
                }
            }
            rest = rest.dropFirst()
            return isConstant
        }

        /// `$(…)` and backquotes whole; of any other `$` the one character.
        private mutating func substituted(into text: inout String.UnicodeScalarView) {
            guard let opening = rest.popFirst() else { return }
            text.append(opening)
            if opening == "`" {
                let inner = rest.prefix { $0 != "`" }
                text.append(contentsOf: inner)
                rest = rest.dropFirst(inner.count + 1)
                return
            }
            guard rest.first == "(" else { return }
            var depth = 0
            while let scalar = rest.popFirst() {
                text.append(scalar)
                if scalar == "(" { depth += 1 }
                if scalar == ")" { depth -= 1 }
                if depth == 0 { return }
            }
        }

        private mutating func add(_ word: Word) {
            let alternative = list.count - 1
            let part = list[alternative].count - 1
            let command = list[alternative][part].count - 1
            list[alternative][part][command].append(word)
        }

        private mutating func addCommand() {
            let alternative = list.count - 1
            list[alternative][list[alternative].count - 1].append([])
        }

        private mutating func endList() {
            if list.contains(where: { $0.contains { $0.contains { !$0.isEmpty } } }) { lists.append(list) }
            list = [[[[]]]]
        }
    }
}
