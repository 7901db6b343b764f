/// A command with its values filled in.
///
/// A value is never part of the text that a shell reads: it travels in a variable of the environment, and the text has
/// `"$BLACKSTART_1"` in its place. However a shell reads the text, the value is data.
package struct ShellCommand: Hashable, Sendable {
    package var text: String
    /// The text with each value quoted in its place, for people, journals and fixtures; nil where that is the text.
    package var label: String?
    package var variables: [NamedValue]

    package init(_ text: String, label: String? = nil, variables: [NamedValue] = []) {
        self.text = text
        self.label = label
        self.variables = variables
    }

    /// By order of appearance, from 1. Names that begin so are refused in `env`.
    package static func variable(_ number: Int) -> String { "BLACKSTART_\(number)" }
}

extension Template {
    /// The text as a shell command.
    package func command(_ value: (Reference) -> String) -> ShellCommand {
        var names: [[String]: String] = [:]
        var variables: [NamedValue] = []
        for reference in references where names[reference.path] == nil {
            let name = ShellCommand.variable(variables.count + 1)
            names[reference.path] = name
            variables.append(NamedValue(name: name, value: value(reference)))
        }
        guard !variables.isEmpty else { return ShellCommand(source) }
        return ShellCommand(
            text { "\"$\(names[$0.path] ?? "")\"" }, label: quoted(value), variables: variables)
    }

    /// The text as a command of what may be no POSIX shell: each value stands in it as it is. To be used only once
    /// ``fault(inShell:_:)`` has none; else the value is quoted.
    package func quoted(_ value: (Reference) -> String) -> String { text { ShellWord.quote(value($0)) } }

    /// Why its values can't be given to a command; nil where they can. `inShell` is false for a host that may have no
    /// POSIX shell.
    package func fault(inShell: Bool, _ value: (Reference) -> String) -> String? {
        var bytes = 0
        let calculates =
            inShell
            && segments.contains { segment in
                if case .literal(let text) = segment { ShellArithmetic.mayStand(in: text) } else { false }
            }
        for reference in references {
            let text = value(reference)
            bytes += text.utf8.count
            if text.utf8.contains(0) { return "\(reference.name) has a NUL byte in it, which no command can be given" }
            if !inShell {
                if ShellWord.isPlain(text) { continue }
                return
                    "\(reference.name) is \"\(TerminalText.shown(String(text.prefix(200))))\"; a host without receipts is given only letters, digits and + , - . / : = @ _ in a command"
            }
            if ShellArithmetic.mayRun(text, calculates: calculates) {
                return
                    "\(reference.name) is \"\(TerminalText.shown(String(text.prefix(200))))\", which a shell may run as a command when it calculates with it"
            }
        }
        if bytes > Limits.commandValuesBytes {
            return
                "the values of its command have \(bytes) bytes together, and at most \(Limits.commandValuesBytes) can be given"
        }
        return nil
    }
}

/// Shells evaluate what a variable holds when they calculate with it, over and over: `a[$(reboot)]` runs. Where it is
/// seen that a command calculates, or that a value looks so, the value is not given to it.
enum ShellArithmetic {
    private static let marks = [
        "((", "$[", "let ", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "declare", "typeset", "integer", "-v ", "${!",
    ]

    static func mayStand(in text: String) -> Bool { marks.contains { text.contains($0) } }

    /// A command inside of it runs only where it stands in a subscript; where a command calculates, another text may
    /// have brought the bracket.
    static func mayRun(_ value: String, calculates: Bool) -> Bool {
        var rest = value.utf8[...]
        if !calculates {
            guard let bracket = rest.firstIndex(of: UInt8(ascii: "[")) else { return false }
            rest = rest[bracket...]
        }
        var previous: UInt8 = 0
        for byte in rest {
            switch (previous, byte) {
            case (_, UInt8(ascii: "`")), (UInt8(ascii: "$"), UInt8(ascii: "(")), (UInt8(ascii: "$"), UInt8(ascii: "{")),
                (UInt8(ascii: "<"), UInt8(ascii: "(")), (UInt8(ascii: ">"), UInt8(ascii: "(")):
                return true
            default: previous = byte
            }
        }
        return false
    }
}

/// POSIX shell quoting.
package enum ShellWord {
    /// Whether `text` is the same word in any shell, and in what is no shell.
    package static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x40, 0x5F: true
                default: false
                }
            }
    }

    /// `text` as exactly one word of a POSIX shell.
    package static func quote(_ text: String) -> String {
        if isPlain(text) { return text }
        var quoted = "'"
        for scalar in text.unicodeScalars {
            if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
        }
        return quoted + "'"
    }
}
