/// Why a value is not given to a command, and what to do about it.
package struct ValueFault: Hashable, Sendable {
    package var what: String
    package var hint: String?

    package init(_ what: String, hint: String? = nil) {
        self.what = what
        self.hint = hint
    }
}

/// What shells may run of the values that one command is given.
///
/// A value is data in a variable, yet shells evaluate what a variable holds when they calculate with it: `a[$(reboot)]`
/// runs in `$((N))`, in `[[ $N -gt 5 ]]`, in `read "$N"` and in more places than can be listed, most of them in scripts
/// that nobody sees here. So the command is not looked at. No value may hold the beginning of a substitution, and no two
/// values that one command is given may make one where they are put side by side.
package enum ShellSubstitution {
    /// - Parameter values: all that one command is given, in its text, its environment and its arguments.
    package static func fault(_ values: [NamedValue]) -> ValueFault? {
        let read = values.map { (name: $0.name, bytes: joined($0.value), value: $0.value) }
        for (name, bytes, value) in read {
            guard let mark = mark(in: bytes) else { continue }
            return ValueFault(
                "\(name) is \"\(TerminalText.shown(String(value.prefix(200))))\", and a shell may run what follows `\(mark)`",
                hint: hint(name))
        }
        for end in read {
            guard let last = end.bytes.last(where: { $0 != backslash }), last == UInt8(ascii: "$") else { continue }
            for start in read {
                guard let first = start.bytes.first(where: { $0 != lineEnd }), let mark = pair(last, first) else {
                    continue
                }
                return ValueFault(
                    "\(end.name) ends with `$` and \(start.name) begins with `\(Character(UnicodeScalar(first)))`: a shell may run what follows `\(mark)`",
                    hint: hint(end.name))
            }
        }
        return nil
    }

    private static let (backslash, lineEnd) = (UInt8(ascii: "\\"), UInt8(ascii: "\n"))

    private static func hint(_ name: String) -> String {
        name.hasPrefix("steps.")
            ? "narrow it with `match` under `outputs`, or with `matches` under `ask`"
            : "give it as an argument to a script in another language, as Python"
    }

    /// Without continued lines: shells do not see them.
    private static func joined(_ value: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in value.utf8 {
            if byte == lineEnd, bytes.last == backslash { bytes.removeLast() } else { bytes.append(byte) }
        }
        return bytes
    }

    private static func mark(in bytes: [UInt8]) -> String? {
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == UInt8(ascii: "`") { return "a backquote" }
            if let mark = pair(previous, byte) { return mark }
            previous = byte
        }
        return nil
    }

    private static func pair(_ first: UInt8, _ second: UInt8) -> String? {
        switch (first, second) {
        case (UInt8(ascii: "$"), UInt8(ascii: "(")): "$("
        case (UInt8(ascii: "$"), UInt8(ascii: "{")): "${"
        default: nil
        }
    }
}

extension Template {
    /// Why its values can't be given to a command; nil where they can.
    ///
    /// - Parameters:
    ///   - inShell: false for a host that may have no POSIX shell.
    ///   - beside: what the command is given besides, in its environment.
    ///   - isAuthors: whether a value is what the author of the runbook wrote, or a secret: it may be anything.
    package func fault(
        inShell: Bool, beside: [NamedValue] = [], isAuthors: (Reference) -> Bool = { _ in false },
        _ value: (Reference) -> String
    ) -> ValueFault? {
        var bytes = 0
        var outside = beside
        for (reference, mayBeOption) in zip(references, beginsArgument) {
            let text = value(reference)
            bytes += text.utf8.count
            if text.utf8.contains(0) {
                return ValueFault("\(reference.name) has a NUL byte in it, which no command can be given")
            }
            if !inShell, !ShellWord.isPlain(text) {
                return ValueFault(
                    "\(reference.name) is \"\(TerminalText.shown(String(text.prefix(200))))\"; a host without receipts is given only letters, digits and + , - . / : = @ _ in a command"
                )
            }
            if isAuthors(reference) { continue }
            if mayBeOption, OptionWord.isOne(text) {
                return ValueFault(
                    "\(reference.name) is \"\(TerminalText.shown(String(text.prefix(200))))\", which its command may take for an option",
                    hint: "write `--` before it in the command")
            }
            if reference.path.first != "env" { outside.append(NamedValue(name: reference.name, value: text)) }
        }
        if bytes > Limits.commandValuesBytes {
            return ValueFault(
                "the values of its command have \(bytes) bytes together, and at most \(Limits.commandValuesBytes) can be given"
            )
        }
        return ShellSubstitution.fault(outside)
    }
}
