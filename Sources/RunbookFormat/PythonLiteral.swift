internal import RunbookModel

/// A value as Python writes it, which is how INI inventories are read: numbers, quoted text, True, False, None, lists,
/// tuples, sets and dictionaries. All else is text as it stands.
struct PythonLiteral {
    private struct Stop: Error {}

    private static let depthLimit = 32

    private let scalars: [Unicode.Scalar]
    private var at = 0

    private init(_ text: String) { scalars = Array(text.unicodeScalars) }

    static func value(_ text: String) -> VariableValue {
        // Python takes no indented expression.
        guard text.unicodeScalars.first != "\n" else { return .text(text) }
        var reader = PythonLiteral(text)
        do throws(Stop) {
            let value = try reader.value(depth: 0)
            reader.skipBlanks()
            return reader.at == reader.scalars.count ? value : .text(text)
        } catch { return .text(text) }
    }

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private mutating func skipBlanks() {
        while let scalar = peek, scalar == " " || scalar == "\t" { at += 1 }
        // A comment ends an expression.
        if peek == "#" { at = scalars.count }
    }

    private mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard peek == scalar else { return false }
        at += 1
        return true
    }

    private mutating func value(depth: Int) throws(Stop) -> VariableValue {
        guard depth < Self.depthLimit else { throw Stop() }
        skipBlanks()
        guard let first = peek else { throw Stop() }
        switch first {
        case "'", "\"": return try texts()
        case "[":
            at += 1
            return .list(try items(until: "]", depth: depth).values)
        case "(":
            at += 1
            let (values, hasComma) = try items(until: ")", depth: depth)
            // One value in brackets is that value.
            if values.count == 1, !hasComma, let only = values.first { return only }
            return .list(values)
        case "{": return try members(depth: depth)
        case "0"..."9", ".", "+", "-": return try number()
        default: return try word()
        }
    }

    private mutating func items(
        until end: Unicode.Scalar, depth: Int
    ) throws(Stop) -> (values: [VariableValue], hasComma: Bool) {
        var values: [VariableValue] = []
        var hasComma = false
        while true {
            if takes(end) { return (values, hasComma) }
            values.append(try value(depth: depth + 1))
            if takes(",") {
                hasComma = true
                continue
            }
            guard takes(end) else { throw Stop() }
            return (values, hasComma)
        }
    }

    private mutating func members(depth: Int) throws(Stop) -> VariableValue {
        at += 1
        var members: [VariableValue.Member] = []
        var values: [VariableValue] = []
        while !takes("}") {
            let key = try value(depth: depth + 1)
            if takes(":") {
                guard values.isEmpty else { throw Stop() }
                guard let name = key.pythonKey else { throw Stop() }
                members.set(name, try value(depth: depth + 1))
            } else {
                guard members.isEmpty else { throw Stop() }
                if !values.contains(key) { values.append(key) }
            }
            if takes(",") { continue }
            guard takes("}") else { throw Stop() }
            break
        }
        return values.isEmpty ? .map(members) : .list(values)
    }

    /// Quoted texts that stand side by side are one.
    private mutating func texts() throws(Stop) -> VariableValue {
        var whole = ""
        repeat {
            whole += try text()
            skipBlanks()
        } while peek == "'" || peek == "\""
        return .text(whole)
    }

    private mutating func text() throws(Stop) -> String {
        guard let quote = peek else { throw Stop() }
        at += 1
        var view = String.UnicodeScalarView()
        while let scalar = peek {
            at += 1
            if scalar == quote { return String(view) }
            guard scalar == "\\" else {
                view.append(scalar)
                continue
            }
            guard let escaped = peek else { throw Stop() }
            at += 1
            switch escaped {
            case "n": view.append("\n")
            case "t": view.append("\t")
            case "r": view.append("\r")
            case "\\", "'", "\"": view.append(escaped)
            case "x": view.append(try hex(2))
            case "u": view.append(try hex(4))
            case "U": view.append(try hex(8))
            case "0"..."7", "a", "b", "f", "v", "N", "\n": throw Stop()
            default: view.append(contentsOf: ["\\", escaped])
            }
        }
        throw Stop()
    }

    private mutating func hex(_ count: Int) throws(Stop) -> Unicode.Scalar {
        guard at + count <= scalars.count else { throw Stop() }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[at..<at + count])
        at += count
        guard let number = UInt32(String(view), radix: 16), let scalar = Unicode.Scalar(number), number > 0
        else { throw Stop() }
        return scalar
    }

    private mutating func rest(_ belongs: (Unicode.Scalar) -> Bool) -> String {
        var view = String.UnicodeScalarView()
        while let scalar = peek, belongs(scalar) {
            view.append(scalar)
            at += 1
        }
        return String(view)
    }

    private mutating func word() throws(Stop) -> VariableValue {
        switch rest({ $0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0) }) {
        case "True": return .boolean(true)
        case "False": return .boolean(false)
        case "None": return .null
        default: throw Stop()
        }
    }

    private mutating func number() throws(Stop) -> VariableValue {
        var isNegative = false
        var signs = 0
        while let sign = peek, sign == "+" || sign == "-" {
            if sign == "-" { isNegative.toggle() }
            at += 1
            signs += 1
            skipBlanks()
        }
        // One sign is a literal's own; Python takes no more.
        guard signs <= 1 else { throw Stop() }
        var text = rest { ("0"..."9").contains($0) || $0 == "_" || $0 == "." || $0.properties.isAlphabetic }
        if text.hasSuffix("e") || text.hasSuffix("E"), !text.hasPrefix("0x"), peek == "+" || peek == "-" {
            text.unicodeScalars.append(scalars[at])
            at += 1
            text += rest { ("0"..."9").contains($0) }
        }
        guard let value = Self.number(text, isNegative: isNegative) else { throw Stop() }
        return value
    }

    private static func number(_ text: String, isNegative: Bool) -> VariableValue? {
        let lower = text.lowercased()
        if text.hasPrefix("_") || text.hasSuffix("_") || text.contains("__") { return nil }
        let digits = lower.replacing("_", with: "")
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return WholeNumber.read(digits.dropFirst(2), radix: radix, isNegative: isNegative).map { .integer($0) }
        }
        if digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // 007 is no number in Python, but 0 and 00 are.
            if digits.hasPrefix("0"), digits.contains(where: { $0 != "0" }) { return nil }
            return WholeNumber.read(digits[...], radix: 10, isNegative: isNegative).map { .integer($0) }
        }
        let isFloat = digits.utf8.allSatisfy {
            (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "+")
        }
        guard isFloat, digits != ".", !digits.hasPrefix("e") else { return nil }
        let full = digits.hasPrefix(".") ? "0" + digits : digits.hasSuffix(".") ? digits + "0" : digits
        return Double(full.replacing(".e", with: ".0e")).map { .number(isNegative ? -$0 : $0) }
    }
}

extension VariableValue {
    /// What JSON makes of it as the name of a member; nil where it makes nothing of it.
    fileprivate var pythonKey: String? {
        switch self {
        case .null: "null"
        case .list, .map: nil
        case .boolean, .integer, .number, .text: scalar
        }
    }
}
