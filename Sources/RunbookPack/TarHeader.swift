/// A regular file of an archive.
package struct TarEntry: Hashable, Sendable {
    package var name: String
    /// Read, write and execute for owner, group and others; nothing else.
    package var mode: UInt32
    /// Seconds since 1970 UTC.
    package var modified: Int
    package var size: Int

    package init(name: String, mode: UInt32, modified: Int, size: Int) {
        self.name = name
        self.mode = mode
        self.modified = modified
        self.size = size
    }

    static let modes: UInt32 = 0o777
}

/// A header block of a ustar archive (POSIX.1-2017, pax).
enum TarHeader {
    static let blockBytes = 512
    /// Archives are filled up to a multiple of this.
    static let recordBytes = 20 * blockBytes
    static let file = UInt8(ascii: "0")
    static let extended = UInt8(ascii: "x")

    private static let name = 0..<100
    private static let mode = 100..<108
    private static let user = 108..<116
    private static let group = 116..<124
    private static let size = 124..<136
    private static let modified = 136..<148
    private static let sum = 148..<156
    private static let type = 156
    private static let link = 157..<257
    private static let magic = 257..<265
    private static let devices = 329..<345
    private static let prefix = 345..<500
    private static let ustar: [UInt8] = Array("ustar\u{0}00".utf8)

    /// What fills the last block of so many bytes.
    static func padding(_ bytes: Int) -> Int { (blockBytes - bytes % blockBytes) % blockBytes }

    // MARK: Writing

    /// The blocks before the bytes of a file; a long name gets an extended header of its own.
    static func blocks(_ entry: TarEntry) -> [UInt8] {
        let isPlain = entry.name.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        if isPlain, let (prefix, rest) = split(entry.name) { return block(entry, file, prefix: prefix, name: rest) }
        let record = Array(record("path", entry.name).utf8)
        var extra = entry
        extra.size = record.count
        extra.mode = 0o644
        var bytes = block(extra, extended, prefix: "", name: "PaxHeaders/file")
        bytes += record + [UInt8](repeating: 0, count: padding(record.count))
        return bytes + block(entry, file, prefix: "", name: "file-with-a-long-name")
    }

    /// As the fields of a header want it; nil where it does not fit.
    private static func split(_ path: String) -> (prefix: String, name: String)? {
        if path.utf8.count <= name.count { return ("", path) }
        let bytes = Array(path.utf8)
        for slash in bytes.indices where bytes[slash] == UInt8(ascii: "/") {
            let rest = bytes.count - slash - 1
            if slash <= prefix.count, rest <= name.count {
                return (
                    String(decoding: bytes[..<slash], as: UTF8.self),
                    String(decoding: bytes[(slash + 1)...], as: UTF8.self)
                )
            }
        }
        return nil
    }

    /// `LENGTH key=value`, where the length counts its own digits.
    private static func record(_ key: String, _ value: String) -> String {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while "\(length)".utf8.count + rest.utf8.count != length { length = "\(length)".utf8.count + rest.utf8.count }
        return "\(length)\(rest)"
    }

    private static func block(_ entry: TarEntry, _ kind: UInt8, prefix: String, name: String) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockBytes)
        func put(_ text: some Collection<UInt8>, _ field: Range<Int>) {
            for (place, byte) in zip(field, text) { block[place] = byte }
        }
        func octal(_ value: Int, _ field: Range<Int>) {
            let digits = String(max(0, value), radix: 8)
            put((String(repeating: "0", count: max(0, field.count - 1 - digits.utf8.count)) + digits).utf8, field)
        }
        put(name.utf8, Self.name)
        put(prefix.utf8, Self.prefix)
        octal(Int(entry.mode & TarEntry.modes), mode)
        octal(0, user)
        octal(0, group)
        octal(entry.size, size)
        octal(min(entry.modified, 0o77777777777), modified)
        block[type] = kind
        put(ustar, magic)
        octal(0, devices.prefix(8))
        octal(0, devices.suffix(8))
        let total = block.reduce(0) { $0 + Int($1) } + sum.count * 0x20
        octal(total, sum.prefix(7))
        block[sum.upperBound - 1] = 0x20
        return block
    }

    // MARK: Reading

    /// What a block says, with its kind. Only what this program writes is taken.
    static func read(_ block: [UInt8]) throws(PackFault) -> (TarEntry, kind: UInt8) {
        guard block.count == blockBytes, block[magic].elementsEqual(ustar) else {
            throw .archive("a header is no ustar header")
        }
        var total = sum.count * 0x20
        for (place, byte) in block.enumerated() where !sum.contains(place) { total += Int(byte) }
        guard try number(block[sum], "checksum") == total else { throw .archive("the checksum of a header is wrong") }
        let kind = block[type]
        switch kind {
        case file, extended: break
        case UInt8(ascii: "1"), UInt8(ascii: "2"): throw .archive("it holds a link")
        default: throw .archive("it holds something that is no regular file")
        }
        guard block[link].allSatisfy({ $0 == 0 }) else { throw .archive("a file has the name of a link") }
        let rights = try number(block[mode], "mode")
        guard rights <= Int(TarEntry.modes) else { throw .archive("a file has rights that no file here has") }
        var path = try text(block[name])
        let folder = try text(block[prefix])
        if !folder.isEmpty { path = "\(folder)/\(path)" }
        return (
            TarEntry(
                name: path, mode: UInt32(rights), modified: try number(block[modified], "time"),
                size: try number(block[size], "size")), kind
        )
    }

    /// Octal digits, then nothing but NULs and blanks.
    private static func number(_ field: ArraySlice<UInt8>, _ what: String) throws(PackFault) -> Int {
        let digits = field.prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
        // Twelve digits of three bits fit an Int by far.
        guard !digits.isEmpty, digits.count < field.count,
            field.dropFirst(digits.count).allSatisfy({ $0 == 0 || $0 == 0x20 })
        else { throw .archive("the \(what) of a header is no number") }
        return digits.reduce(0) { $0 << 3 | Int($1 & 7) }
    }

    private static func text(_ field: ArraySlice<UInt8>) throws(PackFault) -> String {
        let bytes = field.prefix { $0 != 0 }
        guard field.dropFirst(bytes.count).allSatisfy({ $0 == 0 }), let text = String(validating: bytes, as: UTF8.self)
        else { throw .archive("a name is no text") }
        return text
    }

    /// The name in an extended header, which may hold nothing else.
    static func path(_ body: [UInt8]) throws(PackFault) -> String {
        let bad = PackFault.archive("an extended header holds more than a name")
        guard let text = String(validating: body, as: UTF8.self), text.hasSuffix("\n"),
            let sign = text.firstIndex(of: "="), let blank = text.firstIndex(of: " "), blank < sign
        else { throw bad }
        let name = String(text[text.index(after: sign)...].dropLast())
        guard record("path", name) == text else { throw bad }
        return name
    }
}
