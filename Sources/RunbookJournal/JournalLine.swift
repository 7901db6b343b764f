import RunbookModel

/// A line of the journal as bytes. There is exactly one text for an entry: `decode` accepts nothing that `encode` would
/// not have written, byte for byte.
package enum JournalLine {
    /// The `prev` of the first line.
    package static let origin = [UInt8](repeating: 0, count: 32)

    /// The line of `entry`, line feed included, at most ``Limits/lineBytes``. `previous` is the SHA-256 of the whole
    /// line before (32 bytes).
    package static func encode(_ entry: JournalEntry, previous: [UInt8]) throws(LineFault) -> [UInt8] {
        guard previous.count == 32 else { throw .envelope("prev") }
        guard entry.sequence >= 1, entry.sequence <= LineLimits.integer else {
            throw .sequenceOutOfRange(entry.sequence)
        }
        guard LineTypes.known.contains(entry.type) else { throw .unknownType(entry.type) }
        guard (0...LineLimits.timestamp).contains(entry.timestamp) else { throw .timeOutOfRange(entry.timestamp) }
        guard (0...LineLimits.integer).contains(entry.uptime) else { throw .integerOutOfRange(entry.uptime) }

        var line: [UInt8] = []
        line.reserveCapacity(512)
        line.append(contentsOf: #"{"prev":""#.utf8)
        Hex.append(previous, to: &line)
        line.append(contentsOf: #"","seq":"#.utf8)
        line.append(contentsOf: String(entry.sequence).utf8)
        line.append(contentsOf: #","t":"#.utf8)
        CanonicalText.append(entry.type, to: &line)
        var isTimeWritten = false
        var isUptimeWritten = false
        for (key, value) in try sorted(entry.fields) {
            guard !LineTypes.isOfEnvelope(key) else { throw .reservedKey(key) }
            if !isTimeWritten, "ts" < key { appendTime(entry.timestamp, &isTimeWritten, to: &line) }
            if !isUptimeWritten, "up" < key { appendUptime(entry.uptime, &isUptimeWritten, to: &line) }
            line.append(UInt8(ascii: ","))
            CanonicalText.append(key, to: &line)
            line.append(UInt8(ascii: ":"))
            try append(value, depth: 1, to: &line)
        }
        if !isTimeWritten { appendTime(entry.timestamp, &isTimeWritten, to: &line) }
        if !isUptimeWritten { appendUptime(entry.uptime, &isUptimeWritten, to: &line) }
        line.append(contentsOf: "}\n".utf8)
        guard line.count <= Limits.lineBytes else { throw .tooLong(bytes: line.count) }
        return line
    }

    /// The entry of a line (line feed included) and the hash that it carries of the line before.
    package static func decode(
        _ line: ArraySlice<UInt8>
    ) throws(LineFault) -> (entry: JournalEntry, previous: [UInt8]) {
        let read = try LineReader.read(line, keeping: .all)
        return (read.entry, read.previous.bytes)
    }

    private static func appendTime(_ time: Int64, _ isWritten: inout Bool, to line: inout [UInt8]) {
        line.append(contentsOf: #","ts":""#.utf8)
        UTCTime.append(time, to: &line)
        line.append(UInt8(ascii: "\""))
        isWritten = true
    }

    private static func appendUptime(_ uptime: Int64, _ isWritten: inout Bool, to line: inout [UInt8]) {
        line.append(contentsOf: #","up":"#.utf8)
        line.append(contentsOf: String(uptime).utf8)
        isWritten = true
    }

    private static func append(_ value: JournalValue, depth: Int, to line: inout [UInt8]) throws(LineFault) {
        guard depth < LineLimits.depth else { throw .tooDeep }
        switch value {
        case .string(let text): CanonicalText.append(text, to: &line)
        case .integer(let number):
            guard number.magnitude <= LineLimits.integer.magnitude else { throw .integerOutOfRange(number) }
            line.append(contentsOf: String(number).utf8)
        case .boolean(let flag): line.append(contentsOf: (flag ? "true" : "false").utf8)
        case .bytes(let bytes):
            guard depth + 1 < LineLimits.depth else { throw .tooDeep }
            line.append(contentsOf: #"{"b64":""#.utf8)
            line.append(contentsOf: Base64.encode(bytes))
            line.append(contentsOf: #""}"#.utf8)
        case .array(let values):
            line.append(UInt8(ascii: "["))
            for (index, element) in values.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                try append(element, depth: depth + 1, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .object(let members):
            guard members.count != 1 || members["b64"] == nil else { throw .reservedObject }
            line.append(UInt8(ascii: "{"))
            var isFirst = true
            for (key, member) in try sorted(members) {
                if !isFirst { line.append(UInt8(ascii: ",")) }
                isFirst = false
                CanonicalText.append(key, to: &line)
                line.append(UInt8(ascii: ":"))
                try append(member, depth: depth + 1, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
        // A value this long can't be part of a line any more: stop before memory does.
        guard line.count <= Limits.lineBytes else { throw .tooLong(bytes: line.count) }
    }

    private static func sorted(
        _ fields: [String: JournalValue]
    ) throws(LineFault) -> [(key: String, value: JournalValue)] {
        let bad = fields.keys.filter { !CanonicalText.isKey($0.utf8) }
        if let first = bad.min(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { throw .badKey(first) }
        // They are ASCII: their order as strings is that of their bytes.
        return fields.sorted { $0.key < $1.key }
    }
}
