import Glibc

/// Who may sign what: an OpenSSH `allowed_signers` file (ssh-keygen(1), ALLOWED SIGNERS).
package struct AllowedSigners: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        /// A pattern list.
        var principals: String
        /// A pattern list; nil allows every namespace.
        var namespaces: String?
        /// Seconds since 1970.
        var validAfter: Int64?
        var validBefore: Int64?
        var blob: [UInt8]
    }

    package static let limitBytes = 4 << 20
    var entries: [Entry] = []
    /// Of the file, as ``FileHash`` has it; empty where there is none.
    package private(set) var digest = ""
    /// Keys that count no more, whatever ``entries`` say.
    package var revoked: RevokedKeys?

    package init(path: String) throws(KeyFault) {
        let text: [UInt8]
        do {
            text = try SystemCalls.contents(of: path, limitBytes: Self.limitBytes)
        } catch {
            if error.code == EFBIG { throw .tooLarge(path: path, limitBytes: Self.limitBytes) }
            throw .system(operation: "read", path: path, error: error)
        }
        try self.init(text: text, path: path)
    }

    /// `path` is only for words.
    package init(text: [UInt8], path: String) throws(KeyFault) {
        digest = FileHash.sha256(text)
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            do {
                if let entry = try Self.entry(line) { entries.append(entry) }
            } catch {
                throw .signers(path: path, line: index + 1, error)
            }
        }
    }

    /// Whether `key` may sign as `principal` in `namespace` at `time` (milliseconds since 1970): what
    /// `ssh-keygen -Y verify -I principal -n namespace -Overify-time=… -r revoked` decides.
    package func permits(principal: String, key: SSHPublicKey, namespace: String, at time: Int64) -> Bool {
        if revoked?.contains(key) == true { return false }
        let seconds = time / 1000
        return entries.contains { entry in
            entry.blob == key.blob && Glob.list(entry.principals, matches: principal)
                && entry.namespaces.map { Glob.list($0, matches: namespace) } ?? true
                && entry.validAfter.map { seconds >= $0 } ?? true && entry.validBefore.map { seconds <= $0 } ?? true
        }
    }

    /// One line of such a file.
    package static func line(principal: String, namespaces: [String], key: SSHPublicKey) -> String {
        "\(principal) namespaces=\"\(namespaces.joined(separator: ","))\" \(key.text)\n"
    }

    /// Nobody.
    package static let nobody = AllowedSigners()

    private init() {}

    /// These and one key more, for every namespace.
    package func adding(_ key: SSHPublicKey, as principal: String) -> AllowedSigners {
        var signers = self
        signers.entries.append(Entry(principals: principal, blob: key.blob))
        return signers
    }

    // MARK: Parsing

    private static func entry(_ line: ArraySlice<UInt8>) throws(KeyFault.SignersLineFault) -> Entry? {
        var words = SignersWords(line)
        guard let first = try words.next(), !first.isEmpty, first.first != UInt8(ascii: "#") else {
            return nil
        }
        var entry = Entry(principals: String(decoding: SignersWords.unquoted(first), as: UTF8.self), blob: [])
        guard var type = try words.next() else { throw .malformed }
        if !isKeyType(type) {
            try apply(options: type, to: &entry)
            guard let next = try words.next(), isKeyType(next) else { throw .malformed }
            type = next
        }
        guard let base64 = try words.next(), let blob = Base64.decode(base64) else { throw .malformed }
        var reader = SSHWireReader(blob[...])
        guard let name = reader.string(), name.elementsEqual(type) else { throw .malformed }
        entry.blob = blob
        return entry
    }

    /// Every key type of OpenSSH, those that we can't verify included: they may stand in the file, they just never match.
    private static func isKeyType(_ word: [UInt8]) -> Bool {
        SSHPublicKey.isText(word)
    }

    private static func apply(options: [UInt8], to entry: inout Entry) throws(KeyFault.SignersLineFault) {
        var seen: Set<String> = []
        for option in SignersWords.options(options) {
            let name = String(decoding: option.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self).lowercased()
            let value = String(
                decoding: SignersWords.unquoted(Array(option.dropFirst(name.utf8.count + 1))), as: UTF8.self)
            // As ssh-keygen: who gave a key an end may not have it taken back further on in the line.
            guard seen.insert(name).inserted else { throw .repeatedOption(name) }
            let given = option.dropFirst(name.utf8.count + 1)
            let isQuoted = given.count >= 2 && given.first == UInt8(ascii: "\"") && given.last == UInt8(ascii: "\"")
            switch name {
            case "namespaces", "valid-after", "valid-before": guard isQuoted else { throw .unquotedOption(name) }
            default: break
            }
            switch name {
            case "cert-authority": throw .certificateAuthority
            case "namespaces": entry.namespaces = value
            case "valid-after": entry.validAfter = try time(value)
            case "valid-before": entry.validBefore = try time(value)
            default: throw .unknownOption(name)
            }
        }
    }

    /// `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, local time unless a `Z` follows.
    private static func time(_ text: String) throws(KeyFault.SignersLineFault) -> Int64 {
        var digits = Array(text.utf8)
        let isUTC = digits.last == UInt8(ascii: "Z")
        if isUTC { digits.removeLast() }
        guard [8, 12, 14].contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .badTime(text)
        }
        func number(_ range: Range<Int>) -> Int32 {
            range.upperBound > digits.count ? 0 : digits[range].reduce(0) { $0 * 10 + Int32($1 - 0x30) }
        }
        var parts = tm()
        parts.tm_year = number(0..<4) - 1900
        parts.tm_mon = number(4..<6) - 1
        parts.tm_mday = number(6..<8)
        parts.tm_hour = number(8..<10)
        parts.tm_min = number(10..<12)
        parts.tm_sec = number(12..<14)
        parts.tm_isdst = -1
        let (month, day, hour, minute, second) = (
            parts.tm_mon, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec
        )
        let seconds = isUTC ? timegm(&parts) : mktime(&parts)
        // The system rolls 31 February over into March; a file that says so is wrong.
        guard parts.tm_mon == month, parts.tm_mday == day, hour < 24, minute < 60, second < 60 else {
            throw .badTime(text)
        }
        return Int64(seconds)
    }
}

/// Splits a line at white space, and options at commas, both outside double quotes.
private struct SignersWords {
    private var rest: ArraySlice<UInt8>

    init(_ line: ArraySlice<UInt8>) { rest = line }

    mutating func next() throws(KeyFault.SignersLineFault) -> [UInt8]? {
        while let first = rest.first, Self.isSpace(first) { rest = rest.dropFirst() }
        guard let first = rest.first else { return nil }
        if first == UInt8(ascii: "#") { return [first] }
        var isQuoted = false
        var end = rest.startIndex
        while end < rest.endIndex, isQuoted || !Self.isSpace(rest[end]) {
            if rest[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
            end += 1
        }
        guard !isQuoted else { throw .malformed }
        defer { rest = rest[end...] }
        return Array(rest[..<end])
    }

    static func options(_ word: [UInt8]) -> [[UInt8]] {
        var options: [[UInt8]] = [[]]
        var isQuoted = false
        for byte in word {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: ","), !isQuoted {
                options.append([])
            } else {
                options[options.count - 1].append(byte)
            }
        }
        return options
    }

    static func unquoted(_ word: [UInt8]) -> [UInt8] { word.filter { $0 != UInt8(ascii: "\"") } }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
