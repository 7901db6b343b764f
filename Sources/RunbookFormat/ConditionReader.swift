internal import RunbookModel

/// Reads a condition:
///
///     or      and ("or" and)*
///     and     not ("and" not)*
///     not     "not" not | compared
///     compared  operand [("==" | "!=") operand | ["not"] "in" "[" operand ("," operand)* "]"]
///     operand  'text' | "text" | number | true | false | a name of a value | "(" or ")" | "${{" or "}}"
struct ConditionReader {
    private static let depthLimit = 32

    private enum Token: Hashable {
        case word(String)
        case text(String)
        case sign(String)
    }

    private struct Stop: Error {}

    private let findings: Findings
    private let place: SourcePlace
    private var tokens: [(token: Token, offset: Int)] = []
    private var next = 0
    private var length = 0

    private init(_ findings: Findings, _ place: SourcePlace) {
        self.findings = findings
        self.place = place
    }

    /// nil where `text` is no condition; that is a finding.
    static func condition(_ text: String, at place: SourcePlace, _ findings: Findings) -> Condition? {
        var reader = ConditionReader(findings, place)
        guard text.utf8.count <= Limits.conditionBytes else {
            findings.add(at: place, "a condition has at most \(Limits.conditionBytes) bytes, not \(text.utf8.count)")
            return nil
        }
        do throws(Stop) {
            try reader.split(text)
            let condition = try reader.disjunction(depth: 0)
            if let left = reader.peek { throw reader.fault("`\(Self.shown(left))` can't stand here") }
            reader.checkTruths(condition)
            return condition
        } catch { return nil }
    }

    private static func shown(_ token: Token) -> String {
        switch token {
        case .word(let text), .sign(let text): Excerpt.of(text)
        case .text(let text): "'\(Excerpt.of(text))'"
        }
    }

    /// Where token `index` stands, as far as the text stands in the file as it is.
    private func place(of index: Int) -> SourcePlace {
        let offset = tokens.indices.contains(index) ? tokens[index].offset : length
        let line = Array(findings.source.line(place).unicodeScalars)
        guard place.column <= line.count else { return place }
        let quoted = line[place.column - 1] == "\"" || line[place.column - 1] == "'"
        let column = place.column + offset + (quoted ? 1 : 0)
        return column <= line.count + 1 && line[place.column - 1] != "|" && line[place.column - 1] != ">"
            ? SourcePlace(path: place.path, line: place.line, column: column) : place
    }

    private func fault(_ message: String, hint: String? = nil, back: Int = 0) -> Stop {
        findings.add(at: place(of: next - back), message, hint: hint)
        return Stop()
    }

    // MARK: Tokens

    private mutating func split(_ text: String) throws(Stop) {
        let scalars = Array(text.unicodeScalars)
        length = scalars.count
        var at = 0
        while at < scalars.count {
            let start = at
            switch scalars[at] {
            case " ", "\t", "\n", "\r": at += 1
            case "'", "\"":
                let quote = scalars[at]
                guard let end = scalars[(at + 1)...].firstIndex(of: quote) else {
                    tokens.append((.sign(String(quote)), start))
                    next = tokens.count - 1
                    throw fault("this text never ends", hint: "close it with the quote that it begins with")
                }
                tokens.append((.text(Self.string(scalars[(at + 1)..<end])), start))
                at = end + 1
            case "(", ")", "[", "]", ",":
                tokens.append((.sign(String(scalars[at])), start))
                at += 1
            default:
                if let sign = ["==", "!=", "${{", "}}"].first(where: { scalars[at...].starts(with: $0.unicodeScalars) })
                {
                    tokens.append((.sign(sign), start))
                    at += sign.unicodeScalars.count
                    continue
                }
                let end = scalars[at...].firstIndex { !Self.isWord($0) } ?? scalars.count
                guard end > at else {
                    tokens.append((.sign(String(scalars[at])), start))
                    next = tokens.count - 1
                    throw fault(
                        "`\(Excerpt.of(String(scalars[at])))` can't stand in a condition", hint: Self.grammar)
                }
                tokens.append((.word(Self.string(scalars[at..<end])), start))
                at = end
            }
        }
    }

    private static let grammar = "conditions know ==, !=, in, and, or, not"

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", "_", "-", ".", "/": true
        default: false
        }
    }

    private var peek: Token? { tokens.indices.contains(next) ? tokens[next].token : nil }

    private mutating func takes(_ token: Token) -> Bool {
        guard peek == token else { return false }
        next += 1
        return true
    }

    // MARK: Grammar

    private mutating func disjunction(depth: Int) throws(Stop) -> Condition {
        guard depth <= Self.depthLimit else { throw fault("the condition is nested deeper than \(Self.depthLimit)") }
        var found = try conjunction(depth: depth)
        while takes(.word("or")) { found = .or(found, try conjunction(depth: depth)) }
        return found
    }

    private mutating func conjunction(depth: Int) throws(Stop) -> Condition {
        var found = try negation(depth: depth)
        while takes(.word("and")) { found = .and(found, try negation(depth: depth)) }
        return found
    }

    private mutating func negation(depth: Int) throws(Stop) -> Condition {
        guard depth <= Self.depthLimit else { throw fault("the condition is nested deeper than \(Self.depthLimit)") }
        if takes(.word("not")) { return .not(try negation(depth: depth + 1)) }
        return try compared(depth: depth)
    }

    private mutating func compared(depth: Int) throws(Stop) -> Condition {
        let first = try primary(depth: depth)
        let isEqual = takes(.sign("=="))
        if isEqual || takes(.sign("!=")) {
            let (one, other) = (try operand(first), try operand(try primary(depth: depth)))
            return isEqual ? .equal(one, other) : .different(one, other)
        }
        let at = next
        let isNegated = takes(.word("not"))
        guard takes(.word("in")) else {
            next = at
            return first
        }
        let one = try operand(first)
        guard takes(.sign("[")) else { throw fault("`in` wants a list", hint: "write in ['one', 'two']") }
        var others = [try operand(try primary(depth: depth))]
        while takes(.sign(",")) { others.append(try operand(try primary(depth: depth))) }
        guard takes(.sign("]")) else { throw fault("a `,` or `]` is missing here") }
        return isNegated ? .not(.isIn(one, others)) : .isIn(one, others)
    }

    private func operand(_ condition: Condition) throws(Stop) -> Condition.Operand {
        guard case .truth(let operand) = condition else { throw fault("a condition can't be compared", back: 1) }
        return operand
    }

    private mutating func primary(depth: Int) throws(Stop) -> Condition {
        guard let token = peek else { throw fault("the condition ends too soon", hint: Self.grammar) }
        next += 1
        switch token {
        case .text(let text): return .truth(.literal(text))
        case .sign("("), .sign("${{"):
            let close = token == .sign("(") ? ")" : "}}"
            let inner = try disjunction(depth: depth + 1)
            guard takes(.sign(close)) else { throw fault("a `\(close)` is missing here") }
            return inner
        case .word(let word): return .truth(try value(word))
        case .sign(let sign): throw fault("`\(sign)` can't stand here", hint: Self.grammar, back: 1)
        }
    }

    private func value(_ word: String) throws(Stop) -> Condition.Operand {
        if word == "true" || word == "false" || word.utf8.allSatisfy({ (0x2D...0x39).contains($0) && $0 != 0x2F }) {
            return .literal(word)
        }
        guard word.contains(".") else {
            throw fault(
                "`\(Excerpt.of(word))` is no value", hint: "text needs quotes; a value is vars.NAME or the like",
                back: 1)
        }
        guard let path = TemplateReader(findings: findings).path(word, place(of: next - 1), .text) else { throw Stop() }
        return .reference(Template.Reference(path: path, place: place(of: next - 1)))
    }

    /// Text by itself decides nothing.
    private func checkTruths(_ condition: Condition) {
        switch condition {
        case .truth(.literal(let text)) where text != "true" && text != "false":
            findings.add(at: place, "'\(Excerpt.of(text))' by itself is neither true nor false", hint: Self.grammar)
        case .truth, .equal, .different, .isIn: break
        case .not(let inner): checkTruths(inner)
        case .and(let one, let other), .or(let one, let other):
            checkTruths(one)
            checkTruths(other)
        }
    }
}
