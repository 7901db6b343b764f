import RunbookModel

/// A line of the journal as bytes. There is exactly one text for an entry: `decode` accepts nothing that `encode` would
/// not have written, byte for byte.
package enum JournalLine {
    /// The `prev` of the first line.
    package static let origin = [UInt8](repeating: 0, count: 32)

    /// The line of `entry`, line feed included, at most ``Limits/lineBytes``. `previous` is the SHA-256 of the whole
    /// line before (32 bytes).
    package static func encode(_ entry: JournalEntry, previous: [UInt8]) throws(LineFault) -> [UInt8] {
        guard let previous = LineHash(previous) else { throw .envelope("prev") }
        var line: [UInt8] = []
        try append(entry, previous: previous, to: &line)
        return line
    }

    /// The same after what stands in `lines`, which stays as it was where this throws.
    static func append(
        _ entry: JournalEntry, previous: LineHash, to lines: inout [UInt8]
    ) throws(LineFault) {
        guard entry.sequence >= 1, entry.sequence <= LineLimits.integer else {
            throw .sequenceOutOfRange(entry.sequence)
        }
        guard LineTypes.known.contains(entry.type) else { throw .unknownType(entry.type) }
        guard (0...LineLimits.timestamp).contains(entry.timestamp) else { throw .timeOutOfRange(entry.timestamp) }
        guard (0...LineLimits.integer).contains(entry.uptime) else { throw .integerOutOfRange(entry.uptime) }

        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Limits.lineBytes) { (room) throws(LineFault) in
            var line = LineSink(room)
            try append(entry, previous: previous, to: &line)
            guard line.count <= Limits.lineBytes else { throw .tooLong(bytes: line.count) }
            lines.append(contentsOf: line.bytes)
        }
    }

    private static func append(
        _ entry: JournalEntry, previous: LineHash, to line: inout LineSink
    ) throws(LineFault) {
        line.append(#"{"prev":""#)
        previous.appendHex(to: &line)
        line.append(#"","seq":"#)
        line.append(Int64(entry.sequence))
        line.append(#","t":"#)
        CanonicalText.append(entry.type, to: &line)
        var isTimeWritten = false
        var isUptimeWritten = false
        for member in entry.fields {
            guard CanonicalText.isKey(member.key) else { throw .badKey(member.key) }
            guard !LineTypes.isOfEnvelope(member.key) else { throw .reservedKey(member.key) }
            if !isTimeWritten, "ts" < member.key { appendTime(entry.timestamp, &isTimeWritten, to: &line) }
            if !isUptimeWritten, "up" < member.key { appendUptime(entry.uptime, &isUptimeWritten, to: &line) }
            line.append(UInt8(ascii: ","))
            CanonicalText.append(member.key, to: &line)
            line.append(UInt8(ascii: ":"))
            try append(member.value, depth: 1, to: &line)
        }
        if !isTimeWritten { appendTime(entry.timestamp, &isTimeWritten, to: &line) }
        if !isUptimeWritten { appendUptime(entry.uptime, &isUptimeWritten, to: &line) }
        line.append("}\n")
    }

    /// The entry of a line (line feed included) and the hash that it carries of the line before.
    package static func decode(
        _ line: ArraySlice<UInt8>
    ) throws(LineFault) -> (entry: JournalEntry, previous: [UInt8]) {
        let read = try LineReader.read(line, keeping: .all)
        return (read.entry, read.previous.bytes)
    }

    private static func appendTime(_ time: Int64, _ isWritten: inout Bool, to line: inout LineSink) {
        line.append(#","ts":""#)
        UTCTime.append(time, to: &line)
        line.append(UInt8(ascii: "\""))
        isWritten = true
    }

    private static func appendUptime(_ uptime: Int64, _ isWritten: inout Bool, to line: inout LineSink) {
        line.append(#","up":"#)
        line.append(uptime)
        isWritten = true
    }

    private static func append(_ value: JournalValue, depth: Int, to line: inout LineSink)
        throws(LineFault)
    {
        guard depth < LineLimits.depth else { throw .tooDeep }
        switch value {
        case .string(let text): CanonicalText.append(text, to: &line)
        case .integer(let number):
            guard number.magnitude <= LineLimits.integer.magnitude else { throw .integerOutOfRange(number) }
            line.append(number)
        case .boolean(let flag): line.append(flag ? "true" : "false")
        case .bytes(let bytes):
            guard depth + 1 < LineLimits.depth else { throw .tooDeep }
            line.append(#"{"b64":""#)
            line.append(Base64.encode(bytes))
            line.append(#""}"#)
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
            for (index, member) in members.enumerated() {
                guard CanonicalText.isKey(member.key) else { throw .badKey(member.key) }
                if index > 0 { line.append(UInt8(ascii: ",")) }
                CanonicalText.append(member.key, to: &line)
                line.append(UInt8(ascii: ":"))
                try append(member.value, depth: depth + 1, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
    }
}
