/// `<<NAME`, and the lines up to `NAME`, as far as every shell reads them alike.
struct HereDocument {
    private enum State { case none, name, awaited, inside }

    /// What a scalar is to the name of a here-document.
    enum NamePart {
        case more
        /// The name ended before it.
        case over
        /// `<<<`, which one word follows.
        case hereString
        /// Shells differ about it.
        case odd
    }

    private var state = State.none
    private var name = String.UnicodeScalarView()
    /// The quote that the name is in, and whether it is quoted: then nothing is expanded.
    private var quote: Unicode.Scalar?
    private var isQuoted = false
    private var isClosed = false
    private var isEscaped = false
    /// `<<-`
    private var dropsTabs = false
    private var line = String.UnicodeScalarView()

    var isInside: Bool { state == .inside }
    var isNamed: Bool { state == .name }
    var isAwaited: Bool { state == .awaited }

    mutating func begin() {
        self = HereDocument()
        state = .name
    }

    /// Its first line begins.
    mutating func enter() {
        state = .inside
        line = String.UnicodeScalarView()
    }

    mutating func takeName(_ scalar: Unicode.Scalar) -> NamePart {
        let isBegun = !name.isEmpty || isQuoted
        switch scalar {
        case "<" where !isBegun && !dropsTabs:
            state = .none
            return .hereString
        case "-" where !isBegun && !dropsTabs: dropsTabs = true
        case " ", "\t": if isBegun { return end() }
        case "\n", ";", "&", "|", ")", "<", ">", "(": return end()
        case "'", "\"":
            if !isBegun {
                (quote, isQuoted) = (scalar, true)
            } else if quote == scalar, !isClosed {
                isClosed = true
            } else {
                return .odd
            }
        case "\\" where !isBegun: (isQuoted, isEscaped) = (true, true)
        case "0"..."9", "A"..."Z", "a"..."z", "_", ".", "-":
            if isClosed { return .odd }
            name.append(scalar)
        default: return .odd
        }
        return .more
    }

    private mutating func end() -> NamePart {
        guard !name.isEmpty, quote == nil || isClosed else { return .odd }
        state = .awaited
        return .over
    }

    /// What shells differ about, where `scalar` shows it.
    mutating func takeBody(_ scalar: Unicode.Scalar) -> String? {
        guard scalar == "\n" else {
            line.append(scalar)
            return nil
        }
        let text = String(line)
        line = String.UnicodeScalarView()
        let bare = dropsTabs ? String(text.drop { $0 == "\t" }) : text
        if bare == String(name) {
            state = .none
            return nil
        }
        return isQuoted || Self.isPlain(text) ? nil : "such a line of a here-document"
    }

    /// Whether every shell sees the end of the line where it is: one parses what is expanded, over lines.
    private static func isPlain(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        if bytes.contains(UInt8(ascii: "`")) || bytes.last == UInt8(ascii: "\\") { return false }
        let opens = zip(bytes, bytes.dropFirst()).contains { pair in
            pair.0 == UInt8(ascii: "$") && "({[".utf8.contains(pair.1)
        }
        guard opens else { return true }
        if bytes.contains(where: { "'\"\\#<".utf8.contains($0) }) || line.contains("case") { return false }
        func count(_ byte: Unicode.Scalar) -> Int { bytes.count { $0 == UInt8(ascii: byte) } }
        return count("(") == count(")") && count("{") == count("}") && count("[") == count("]")
    }
}
