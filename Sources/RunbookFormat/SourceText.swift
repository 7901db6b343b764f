internal import RunbookModel
internal import Yams

/// A file as text, and what is wrong at its places.
struct SourceText: Sendable {
    let path: String
    let text: String
    let lines: [Substring]

    /// Refuses what is too large or is no UTF-8 text.
    init(_ bytes: [UInt8], path: String, limitBytes: Int) throws(InvalidFiles) {
        self.path = path
        guard bytes.count <= limitBytes else {
            throw InvalidFiles([
                Diagnostic(
                    at: SourcePlace(path: path, line: 1, column: 1),
                    "the file has \(bytes.count) bytes; at most \(limitBytes) are allowed")
            ])
        }
        if let fault = Self.firstFault(bytes) {
            throw InvalidFiles([
                Diagnostic(at: SourcePlace(path: path, line: fault.line, column: fault.column), fault.message)
            ])
        }
        var decoded = String(decoding: bytes, as: UTF8.self)
        if decoded.unicodeScalars.first == "\u{FEFF}" { decoded.unicodeScalars.removeFirst() }
        decoded.makeContiguousUTF8()
        text = decoded
        lines = Self.split(decoded)
    }

    /// For text that was read before.
    init(known bytes: [UInt8], path: String) {
        self.path = path
        text = String(decoding: bytes, as: UTF8.self)
        lines = Self.split(text)
    }

    private static func split(_ text: String) -> [Substring] {
        // Over bytes: "\r\n" is one Character.
        text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            Substring(line.last == 0x0D ? line.dropLast() : line)
        }
    }

    private static func firstFault(_ bytes: [UInt8]) -> (line: Int, column: Int, message: String)? {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return (1, 1, "the file is UTF-16; save it as UTF-8")
        }
        let isText = String(validating: bytes, as: UTF8.self) != nil
        guard !isText || bytes.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) else {
            return nil
        }
        var line = 1
        var column = 1
        var rest = bytes[...]
        while let byte = rest.first {
            if byte == 0x0A {
                line += 1
                column = 1
                rest = rest.dropFirst()
                continue
            }
            if byte < 0x20, byte != 0x09, byte != 0x0D {
                return (line, column, "a control character (byte \(byte)) is not allowed")
            }
            let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            guard String(validating: rest.prefix(length), as: UTF8.self) != nil else {
                return (line, column, "this is no UTF-8 text (byte \(byte))")
            }
            rest = rest.dropFirst(length)
            column += 1
        }
        return nil
    }

    func place(_ line: Int, _ column: Int) -> SourcePlace {
        let line = min(max(1, line), max(1, lines.count))
        return SourcePlace(path: path, line: line, column: max(1, column))
    }

    func line(_ place: SourcePlace) -> String {
        lines.indices.contains(place.line - 1) ? String(lines[place.line - 1]) : ""
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

    /// What the YAML parser found wrong.
    func invalid(_ error: any Error) -> InvalidFiles {
        guard let error = error as? YamlError else { return invalid(line: 1, column: 1, "the file is no YAML") }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return invalid(line: mark.line, column: mark.column, "this is no YAML: \(TerminalText.shown(problem))")
        case .duplicatedKeysInMapping(let names, let context):
            let name = names.first ?? ""
            return invalid(
                at: lastKey(name, from: context.mark), "the key `\(TerminalText.shown(name))` is given twice",
                hint: "keep one of them")
        case .reader(let problem, _, _, _):
            return invalid(line: 1, column: 1, "this is no YAML: \(TerminalText.shown(problem))")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return invalid(line: 1, column: 1, "the file is no YAML")
        @unknown default: return invalid(line: 1, column: 1, "the file is no YAML")
        }
    }

    /// The second of two equal keys; the first where it can't be told.
    private func lastKey(_ name: String, from mark: Mark) -> SourcePlace {
        let first = place(mark.line, mark.column)
        for number in lines.indices.dropFirst(first.line) {
            let line = lines[number]
            let column = line.prefix { $0 == " " || $0 == "-" }.count
            if column + 1 == first.column, line.dropFirst(column).hasPrefix("\(name):") {
                return place(number + 1, column + 1)
            }
        }
        return first
    }
}
