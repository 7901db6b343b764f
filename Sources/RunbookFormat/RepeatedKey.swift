internal import RunbookModel

/// Where a key of a mapping stands for the second time: the parser tells only where it stands first.
struct RepeatedKey {
    let name: String
    let first: SourcePlace
    let lines: [Substring]

    /// The place of the name itself, behind a quote; nil where it can't be found.
    var second: SourcePlace? { name.isEmpty ? nil : inBlock ?? inFlow }

    /// On a line of its own, in the same column.
    private var inBlock: SourcePlace? {
        for number in lines.indices.dropFirst(first.line) {
            let line = lines[number]
            let indentation = line.utf8.prefix { $0 == 0x20 }.count
            let rest = line.utf8.dropFirst(indentation)
            if rest.isEmpty || rest.first == UInt8(ascii: "#") { continue }
            if indentation + 1 < first.column { return nil }
            guard indentation + 1 == first.column else { continue }
            if let offset = offset(in: Array(line.unicodeScalars), at: indentation) {
                return SourcePlace(path: first.path, line: number + 1, column: offset + 1)
            }
        }
        return nil
    }

    /// Behind a comma, inside the same `{ }`.
    private var inFlow: SourcePlace? {
        var depth = 0
        var quote: Unicode.Scalar?
        var isStart = false
        var isKey = false
        for number in lines.indices.dropFirst(first.line - 1) {
            let scalars = Array(lines[number].unicodeScalars)
            var column = number == first.line - 1 ? first.column - 1 : 0
            while column < scalars.count {
                let scalar = scalars[column]
                if let open = quote {
                    if scalar == "\\", open == "\"" { column += 1 }
                    if scalar == open { quote = nil }
                } else if isKey, depth == 0, let offset = offset(in: scalars, at: column) {
                    return SourcePlace(path: first.path, line: number + 1, column: offset + 1)
                } else {
                    switch scalar {
                    case " ": break
                    case "'" where isStart, "\"" where isStart: quote = scalar
                    case "[", "{": depth += 1
                    case "]", "}":
                        depth -= 1
                        if depth < 0 { return nil }
                    default: break
                    }
                    if scalar != " " {
                        isStart = ["[", "{", ",", ":"].contains(scalar)
                        isKey = scalar == ","
                    }
                }
                column += 1
            }
        }
        return nil
    }

    /// Where the name begins if `name:` stands at `column`, with or without quotes.
    private func offset(in scalars: [Unicode.Scalar], at column: Int) -> Int? {
        let isQuoted = scalars[column] == "'" || scalars[column] == "\""
        let start = column + (isQuoted ? 1 : 0)
        var rest = scalars[start...]
        guard rest.starts(with: name.unicodeScalars) else { return nil }
        rest = rest.dropFirst(name.unicodeScalars.count)
        if isQuoted {
            guard rest.first == scalars[column] else { return nil }
            rest = rest.dropFirst()
        }
        rest = rest.drop { $0 == " " }
        guard rest.first == ":" else { return nil }
        rest = rest.dropFirst()
        return rest.first == nil || rest.first == " " || isQuoted ? start : nil
    }
}
