/// Words that programs take for options.
enum OptionWord {
    /// `-x`, `--all`; not `-`, a number, or `- ` as lists have it.
    static func isOne(_ value: String) -> Bool {
        let bytes = Array(value.utf8)
        guard bytes.first == UInt8(ascii: "-"), bytes.count > 1 else { return false }
        if bytes[1] == 0x20 || bytes[1] == 0x09 || bytes[1] == 0x0A { return false }
        return Double(value) == nil || bytes[1] > 0x39
    }
}

extension Template {
    /// For each of its references whether the value begins an argument that a command may take for an option.
    ///
    /// It looks at words alone: a quote may hide a `--`, and then a value is refused that might have been given.
    var beginsArgument: [Bool] {
        var command = ""
        var found: [Bool] = []
        for segment in segments {
            switch segment {
            case .reference:
                found.append(Self.isArgument(after: command))
                command += "x"
            case .literal(let text):
                var isEscaped = false
                for scalar in text.unicodeScalars {
                    if Self.separators.contains(scalar), !isEscaped {
                        command = ""
                    } else {
                        command.unicodeScalars.append(isEscaped && scalar == "\n" ? " " : scalar)
                        if isEscaped, scalar == " " { command += "x" }
                    }
                    isEscaped = scalar == "\\" && !isEscaped
                }
            }
        }
        return found
    }

    private static let separators: Set<Unicode.Scalar> = ["\n", ";", "&", "|", "(", ")"]
    private static let keywords: Set<String> = ["if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"]
    /// They take no option that does harm, or are no commands.
    private static let harmless: Set<String> = ["echo", "printf", "test", "[", "[[", "case", "for", ":"]

    private static func isArgument(after command: String) -> Bool {
        guard let last = command.unicodeScalars.last, last == " " || last == "\t" else { return false }
        let words = command.split { $0 == " " || $0 == "\t" || $0 == "\\" }.map(String.init)
        let name = words.first { !keywords.contains($0) && !$0.contains("=") }
        guard let name, !harmless.contains(name), !words.contains("--") else { return false }
        return words.last?.hasSuffix("<") == false && words.last?.hasSuffix(">") == false
    }
}
