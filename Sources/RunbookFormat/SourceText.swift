internal import RunbookModel

/// A file as text, and what is wrong at its places.
struct SourceText: Sendable {
    let path: String
    let text: String
    let lines: [Substring]
    /// Scalars of each line: counted once, for a line may be as long as the file.
    private let widths: [Int]

    /// Refuses what is too large or is no UTF-8 text.
    init(_ bytes: [UInt8], path: String, limitBytes: Int) throws(InvalidFiles) {
        guard bytes.count <= limitBytes else {
            throw InvalidFiles([
                Diagnostic(
                    at: SourcePlace(path: path, line: 1, column: 1),
                    "the file has \(bytes.count) bytes; at most \(limitBytes) are allowed")
            ])
        }
        self.init(known: bytes, path: path)
        if let fault = TextFault.first(in: bytes) {
            throw invalid(line: fault.line, column: fault.column, fault.message, hint: fault.hint)
        }
    }

    /// For text that was read before.
    init(known bytes: [UInt8], path: String) {
        var decoded = String(decoding: bytes, as: UTF8.self)
        if decoded.unicodeScalars.first == "\u{FEFF}" { decoded.unicodeScalars.removeFirst() }
        self.init(text: decoded, path: path)
    }

    private init(text: String, path: String) {
        var text = text
        text.makeContiguousUTF8()
        self.path = path
        self.text = text
        // Over bytes: "\r\n" is one Character.
        lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            Substring(line.last == 0x0D ? line.dropLast() : line)
        }
        widths = lines.map(\.unicodeScalars.count)
    }

    /// The same file with the `count` scalars at `place` replaced, scalar for scalar: every place stays what it was.
    func replacing(_ count: Int, at place: SourcePlace, with scalar: Unicode.Scalar) -> SourceText {
        guard lines.indices.contains(place.line - 1) else { return self }
        let line = lines[place.line - 1].unicodeScalars
        guard let start = line.index(line.startIndex, offsetBy: place.column - 1, limitedBy: line.endIndex),
            let end = line.index(start, offsetBy: count, limitedBy: line.endIndex)
        else { return self }
        var copy = text
        copy.unicodeScalars.replaceSubrange(start..<end, with: Array(repeating: scalar, count: count))
        return SourceText(text: copy, path: path)
    }

    /// The nearest place that is inside the file.
    func place(_ line: Int, _ column: Int) -> SourcePlace {
        let last = max(1, lines.count)
        if line > last { return SourcePlace(path: path, line: last, column: width(of: last) + 1) }
        let line = max(1, line)
        return SourcePlace(path: path, line: line, column: min(max(1, column), width(of: line) + 1))
    }

    private func width(of line: Int) -> Int {
        widths.indices.contains(line - 1) ? widths[line - 1] : 0
    }

    func line(_ place: SourcePlace) -> String {
        lines.indices.contains(place.line - 1) ? String(lines[place.line - 1]) : ""
    }

    /// What stands at `place`; nil at the end of a line.
    func scalar(at place: SourcePlace) -> Unicode.Scalar? {
        guard lines.indices.contains(place.line - 1) else { return nil }
        return lines[place.line - 1].unicodeScalars.dropFirst(place.column - 1).first
    }

    func diagnostic(at place: SourcePlace, _ message: String, hint: String? = nil) -> Diagnostic {
        Diagnostic(at: place, message, sourceLine: line(place), hint: hint)
    }

    func invalid(at place: SourcePlace, _ message: String, hint: String? = nil) -> InvalidFiles {
        InvalidFiles([diagnostic(at: place, message, hint: hint)])
    }

    func invalid(line: Int, column: Int, _ message: String, hint: String? = nil) -> InvalidFiles {
        invalid(at: place(line, column), message, hint: hint)
    }
}

/// A piece of a file as it stands in a sentence: safe to show, and short.
enum Excerpt {
    static let limit = 60

    static func of(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return TerminalText.shown(text) }
        return TerminalText.shown(String(scalars[..<end])) + "…"
    }
}
