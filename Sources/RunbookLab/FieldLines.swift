/// The lab's own file format: a line a record, fields parted by tabs, the first one names the kind. `\\ \t \n \r` stand
/// for what can't stand in a field, and `\-` for no value. Anything else is an error with its line.
enum FieldLines {
    static func line(_ fields: [String?]) -> String { fields.map(escape).joined(separator: "\t") }

    static func escape(_ field: String?) -> String {
        guard let field else { return "\\-" }
        var text = String.UnicodeScalarView()
        for scalar in field.unicodeScalars {
            switch scalar {
            case "\\": text.append(contentsOf: "\\\\".unicodeScalars)
            case "\t": text.append(contentsOf: "\\t".unicodeScalars)
            case "\n": text.append(contentsOf: "\\n".unicodeScalars)
            case "\r": text.append(contentsOf: "\\r".unicodeScalars)
            default: text.append(scalar)
            }
        }
        return String(text)
    }

    /// Reads the lines of a file whose first line is `title`.
    static func read(_ path: String, title: String) throws(LabError) -> [FieldReader] {
        guard let text = try Files.text(path) else { throw .notALab(path) }
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first.map(String.init) == title else { throw .damaged(path: path, line: 1) }
        guard lines.popLast()?.isEmpty == true else { throw .damaged(path: path, line: lines.count + 1) }
        var readers: [FieldReader] = []
        for (index, line) in lines.enumerated().dropFirst() {
            readers.append(try FieldReader(line, path: path, number: index + 1))
        }
        return readers
    }
}

/// Takes the fields of one line in turn.
struct FieldReader {
    let kind: String
    private var fields: ArraySlice<String?>
    private let path: String
    private let number: Int

    init(_ line: Substring.UnicodeScalarView, path: String, number: Int) throws(LabError) {
        self.path = path
        self.number = number
        var all: [String?] = []
        for field in line.split(separator: "\t", omittingEmptySubsequences: false) {
            all.append(try Self.unescape(field, .damaged(path: path, line: number)))
        }
        guard let first = all.first, let kind = first else { throw .damaged(path: path, line: number) }
        self.kind = kind
        fields = all.dropFirst()
    }

    var damage: LabError { .damaged(path: path, line: number) }

    mutating func optionalText() throws(LabError) -> String? {
        guard let field = fields.popFirst() else { throw damage }
        return field
    }

    mutating func text() throws(LabError) -> String {
        guard let field = try optionalText() else { throw damage }
        return field
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(LabError) -> Number {
        guard let number = Number(try text()) else { throw damage }
        return number
    }

    mutating func optionalNumber() throws(LabError) -> Int? {
        guard let field = try optionalText() else { return nil }
        guard let number = Int(field) else { throw damage }
        return number
    }

    func end() throws(LabError) {
        if !fields.isEmpty { throw damage }
    }

    private static func unescape(_ field: Substring.UnicodeScalarView, _ damage: LabError) throws(LabError) -> String? {
        if String(field) == "\\-" { return nil }
        var text = String.UnicodeScalarView()
        var rest = field
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "\\": text.append("\\")
            case "t": text.append("\t")
            case "n": text.append("\n")
            case "r": text.append("\r")
            default: throw damage
            }
        }
        return String(text)
    }
}
