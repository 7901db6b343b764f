internal import RunbookModel

/// Bytes that no file written by a person holds: the first of them, where it is, and what to do about it.
struct TextFault {
    var line = 1
    var column = 1
    var message: String
    var hint: String?

    /// nil where `bytes` are UTF-8 text of which every line is seen as a line, and nothing is hidden.
    static func first(in bytes: [UInt8]) -> TextFault? {
        let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        if isWide || (bytes.count > 1 && (bytes[0] == 0) != (bytes[1] == 0)) {
            return TextFault(message: "the file is UTF-16", hint: "save it as UTF-8")
        }
        guard isSuspicious(bytes) || String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var line = 1
        var column = 1
        var rest = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        while let byte = rest.first {
            let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            guard let scalar = String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first else {
                return TextFault(
                    line: line, column: column, message: "the byte 0x\(hexadecimal(UInt32(byte), 2)) is no UTF-8 text",
                    hint: "save the file as UTF-8")
            }
            rest = rest.dropFirst(length)
            if let (message, hint) = fault(scalar, next: rest.first) {
                return TextFault(line: line, column: column, message: message, hint: hint)
            }
            if scalar == "\n" { line += 1 }
            column = scalar == "\n" ? 1 : column + 1
        }
        return nil
    }

    private static func fault(_ scalar: Unicode.Scalar, next: UInt8?) -> (message: String, hint: String)? {
        switch scalar.value {
        case 0x09, 0x0A: return nil
        case 0x0D:
            if next == 0x0A { return nil }
            return ("a carriage return stands without a line feed", "save the file with Unix line ends")
        case 0..<0x20, 0x7F...0x9F:
            return ("the control character \(name(scalar)) is not allowed", "delete it")
        // Line ends that editors do not show, text that reads in another order than it runs, and what is no character.
        case 0x2028...0x202E, 0x2066...0x2069, 0xFFFE...0xFFFF:
            return ("the invisible character \(name(scalar)) is not allowed", "delete it")
        default: return nil
        }
    }

    /// Whether one of the scalars of ``fault(_:next:)`` may be there, by its first bytes.
    private static func isSuspicious(_ bytes: [UInt8]) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes {
            switch byte {
            case 0x0A, 0x09: break
            case 0..<0x0D, 0x0E..<0x20, 0x7F: return true
            case 0x80...0x9F where previous == 0xC2: return true
            case 0x80...0x81 where previous == 0xE2: return true
            case 0xBF where previous == 0xEF: return true
            default: break
            }
            if previous == 0x0D, byte != 0x0A { return true }
            previous = byte
        }
        return previous == 0x0D
    }

    private static func name(_ scalar: Unicode.Scalar) -> String { "U+\(hexadecimal(scalar.value, 4))" }

    private static func hexadecimal(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
