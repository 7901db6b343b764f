/// The data types of RFC 4251 §5, read without trust and without traps.
struct SSHWireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }
    /// What has not been read.
    var remaining: ArraySlice<UInt8> { rest }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func uint32() -> UInt32? {
        take(4)?.reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func string() -> ArraySlice<UInt8>? {
        guard let count = uint32() else { return nil }
        return take(Int(count))
    }

    /// A string that is exactly `text`.
    mutating func isString(_ text: String) -> Bool { string()?.elementsEqual(text.utf8) ?? false }

    /// A positive integer in its shortest form, without the zero before a high first bit.
    mutating func positiveInteger() -> ArraySlice<UInt8>? {
        guard let digits = string(), let first = digits.first, first < 0x80 else { return nil }
        guard first == 0 else { return digits }
        let rest = digits.dropFirst()
        guard let next = rest.first, next >= 0x80 else { return nil }
        return rest
    }

    /// The same, padded to `width` bytes.
    mutating func positiveInteger(width: Int) -> [UInt8]? {
        guard let digits = positiveInteger(), digits.count <= width else { return nil }
        return [UInt8](repeating: 0, count: width - digits.count) + digits
    }
}

enum SSHWire {
    static func uint32(_ value: Int) -> [UInt8] {
        let value = UInt32(truncatingIfNeeded: value)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func string(_ bytes: some Collection<UInt8>) -> [UInt8] { uint32(bytes.count) + bytes }
    static func string(_ text: String) -> [UInt8] { string(text.utf8) }
}

/// Text armour of OpenSSH: a base64 body between two lines.
enum SSHArmour {
    static func text(_ label: String, _ bytes: [UInt8]) -> String {
        var text = "-----BEGIN \(label)-----\n"
        var body = Base64.encode(bytes)[...]
        while !body.isEmpty {
            text += String(decoding: body.prefix(70), as: UTF8.self) + "\n"
            body = body.dropFirst(70)
        }
        return text + "-----END \(label)-----\n"
    }

    /// nil unless `text` is one armoured body, whatever its line length, with nothing but white space around.
    static func bytes(_ label: String, _ text: [UInt8]) -> [UInt8]? {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let begin = Array("-----BEGIN \(label)-----".utf8)
        let end = Array("-----END \(label)-----".utf8)
        var body = text[...]
        while let first = body.first, isSpace(first) { body = body.dropFirst() }
        while let last = body.last, isSpace(last) { body = body.dropLast() }
        guard body.count >= begin.count + end.count, body.starts(with: begin), body.suffix(end.count).elementsEqual(end)
        else { return nil }
        return Base64.decode(body.dropFirst(begin.count).dropLast(end.count).filter { !isSpace($0) })
    }
}
