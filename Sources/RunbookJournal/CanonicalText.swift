/// The one way a string stands in a journal line: quotes, backslashes and invisible characters escaped, nothing else.
enum CanonicalText {
    /// Whether `scalar` is written as `\uXXXX`: controls, line separators, zero-width and bidirectional marks. All of
    /// them lie in the basic plane, so there are no surrogate pairs.
    @inline(__always)
    static func isEscaped(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x1F, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// Appends `text` in quotes.
    static func append(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        defer { line.append(UInt8(ascii: "\"")) }
        var text = text
        let isCopied = text.withUTF8 { bytes in
            guard bytes.allSatisfy(isPlain) else { return false }
            line.append(contentsOf: bytes)
            return true
        }
        guard !isCopied else { return }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": line.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "\"")])
            case "\\": line.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "\\")])
            default:
                if isEscaped(scalar.value) {
                    line.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
                    Hex.append(
                        [UInt8(truncatingIfNeeded: scalar.value >> 8), UInt8(truncatingIfNeeded: scalar.value)],
                        to: &line)
                } else {
                    line.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                }
            }
        }
    }

    /// Whether `byte` stands for itself wherever it is: printable ASCII but for the quote and the backslash.
    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// `[a-z0-9_.]`, at least one.
    static func isKey(_ key: some Collection<UInt8>) -> Bool { !key.isEmpty && key.allSatisfy(isKeyByte) }

    @inline(__always)
    static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
