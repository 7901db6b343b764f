internal import RunbookModel

/// What YAML 1.1 makes of plain scalars, which is how Ansible reads: `yes` is true, `0644` is 420, `1:30` is 90.
enum YamlValue {
    static func value(_ tree: YamlTree) -> VariableValue {
        switch tree.content {
        case .scalar(let text, let isPlain): isPlain ? plain(text) : .text(text)
        case .sequence(let items): .list(items.map(value))
        case .mapping(let pairs):
            .map(
                pairs.reduce(into: [VariableValue.Member]()) { members, pair in
                    members.set(pair.key.name, value(pair.value))
                })
        }
    }

    private static func plain(_ text: String) -> VariableValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .boolean(true)
        case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .boolean(false)
        default: break
        }
        return integer(text) ?? number(text) ?? .text(text)
    }

    /// Without its sign, and whether that was a minus.
    private static func unsigned(_ text: String) -> (digits: Substring, isNegative: Bool) {
        switch text.first {
        case "-": (text.dropFirst(), true)
        case "+": (text.dropFirst(), false)
        default: (text[...], false)
        }
    }

    private static func isDigits(_ text: Substring, _ last: UInt8 = 0x39) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...last).contains($0) || $0 == UInt8(ascii: "_") }
    }

    private static func integer(_ text: String) -> VariableValue? {
        let (digits, isNegative) = unsigned(text)
        guard digits.utf8.first.map({ (0x30...0x39).contains($0) }) ?? false else { return nil }
        let clean = digits.filter { $0 != "_" }
        func whole(_ digits: Substring, _ radix: Int) -> Int64? {
            WholeNumber.read(digits, radix: radix, isNegative: isNegative)
        }
        let found: Int64?
        if digits.hasPrefix("0b") {
            found = whole(clean.dropFirst(2), 2)
        } else if digits.hasPrefix("0x") {
            found = whole(clean.dropFirst(2), 16)
        } else if digits == "0" {
            found = 0
        } else if digits.hasPrefix("0") {
            found = isDigits(digits, 0x37) ? whole(clean[...], 8) : nil
        } else if digits.contains(":") {
            // Never below zero, so that its opposite is a number too.
            found = sexagesimal(digits).map { isNegative ? -$0 : $0 }
        } else {
            found = isDigits(digits) ? whole(clean[...], 10) : nil
        }
        return found.map { .integer($0) }
    }

    /// `1:30` is 90.
    private static func sexagesimal(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let first = parts.first, isDigits(first), var total = Int64(first.filter { $0 != "_" }) else {
            return nil
        }
        for part in parts.dropFirst() {
            guard (1...2).contains(part.utf8.count), isDigits(part), let number = Int64(part), number < 60 else {
                return nil
            }
            let (product, overflow) = total.multipliedReportingOverflow(by: 60)
            let (sum, overflow2) = product.addingReportingOverflow(number)
            if overflow || overflow2 { return nil }
            total = sum
        }
        return total
    }

    private static func number(_ text: String) -> VariableValue? {
        let (digits, isNegative) = unsigned(text)
        // An exponent has its sign here, and a number its point.
        guard let point = digits.firstIndex(of: "."), digits.utf8.count > 1 else { return nil }
        let whole = digits[..<point]
        let rest = digits[digits.index(after: point)...]
        let exponent = rest.firstIndex { $0 == "e" || $0 == "E" }
        let part = rest[..<(exponent ?? rest.endIndex)]
        guard whole.isEmpty || isDigits(whole), part.isEmpty || isDigits(part), !(whole.isEmpty && part.isEmpty) else {
            return nil
        }
        if let exponent {
            let power = rest[rest.index(after: exponent)...]
            guard power.hasPrefix("+") || power.hasPrefix("-"), isDigits(power.dropFirst()) else { return nil }
        }
        let clean = digits.filter { $0 != "_" }.lowercased()
        let full = (clean.hasPrefix(".") ? "0" : "") + clean
        let filled = full.hasSuffix(".") ? full + "0" : full.replacing(".e", with: ".0e")
        return Double(filled).map { .number(isNegative ? -$0 : $0) }
    }
}
