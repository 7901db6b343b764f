import RunbookJournal
import Testing

@Suite struct JournalLineTests {
    private let zeros = String(repeating: "0", count: 64)

    private func entry(_ fields: JournalFields) -> JournalEntry {
        JournalEntry(sequence: 1, type: "step.done", timestamp: 1_768_446_000_123, uptime: 42, fields: fields)
    }

    private func encoded(_ fields: JournalFields) throws -> String {
        String(decoding: try JournalLine.encode(entry(fields), previous: JournalLine.origin), as: UTF8.self)
    }

    @Test("a line is one text: keys in order, nothing invisible, whole numbers")
    func canonical() throws {
        let line = try encoded([
            "zone": .string("b"),
            "step": .string("q\"b\\s\u{0}\n\u{7F}\u{85}\u{200B}\u{202E}\u{2066}\u{FEFF}é\u{1F600}"),
            "a.b_1": .integer(-9_007_199_254_740_991), "u": .array([.boolean(true), .boolean(false), .array([])]),
            "ts_more": .object(["b": .integer(0), "a": .object([:])]), "raw": .bytes([0xFF, 0]), "none": .string(""),
        ])
        #expect(
            line == """
                {"prev":"\(zeros)","seq":1,"t":"step.done","a.b_1":-9007199254740991,"none":"","raw":{"b64":"/wA="},\
                "step":"q\\"b\\\\s\\u0000\\u000a\\u007f\\u0085\\u200b\\u202e\\u2066\\ufeffé\u{1F600}",\
                "ts":"2026-01-15T03:00:00.123Z","ts_more":{"a":{},"b":0},"u":[true,false,[]],"up":42,"zone":"b"}

                """)
    }

    @Test("what was written reads back the same")
    func roundTrip() throws {
        let fields: JournalFields = [
            "s": .string("\u{0}\"\\\u{2028}e\u{301}\u{1F468}\u{200D}"), "n": .integer(0), "b": .bytes([]),
            "o": .object(["b64": .string("x"), "c": .array([.integer(1), .bytes([1, 2, 3, 4])])]),
            "t2": .boolean(false),
        ]
        let line = try JournalLine.encode(entry(fields), previous: Digest.sha256([1]))
        let read = try JournalLine.decode(line[...])
        #expect(read.entry == entry(fields))
        #expect(read.previous == Digest.sha256([1]))
        #expect(
            read.entry.fields["s"]?.string?.utf8.elementsEqual("\u{0}\"\\\u{2028}e\u{301}\u{1F468}\u{200D}".utf8)
                == true)
    }

    @Test("bytes of a host are text where they are UTF-8, else base64")
    func text() {
        #expect(JournalValue.text(Array("né".utf8)) == .string("né"))
        #expect(JournalValue.text([0x6E, 0xC3]) == .bytes([0x6E, 0xC3]))
    }

    @Test("nothing is read that would not have been written: every changed, lost or added byte shows")
    func strict() throws {
        let line = try JournalLine.encode(
            entry(["s": .string("a\u{7}é"), "b": .bytes([1]), "n": .integer(10), "l": .array([.boolean(true)])]),
            previous: JournalLine.origin)
        var accepted = 0
        func expectStrict(_ bytes: [UInt8]) {
            guard let read = try? JournalLine.decode(bytes[...]) else { return }
            accepted += 1
            #expect(try! JournalLine.encode(read.entry, previous: read.previous) == bytes)
        }
        for index in line.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = line
                changed[index] = byte
                expectStrict(changed)
                changed[index] = line[index]
                changed.insert(byte, at: index)
                expectStrict(changed)
            }
            var shorter = line
            shorter.remove(at: index)
            expectStrict(shorter)
        }
        // Other digits, other letters: still lines, if not these.
        #expect(accepted > 1_000)
    }

    @Test(
        "what is not canonical is refused",
        arguments: [
            (#""x":1.0"#, .syntax(.number, offset: 104)), (#""x":1e2"#, .syntax(.number, offset: 104)),
            (#""x":01"#, .syntax(.number, offset: 105)), (#""x":-0"#, .syntax(.number, offset: 105)),
            (#""x":9007199254740992"#, .syntax(.number, offset: 119)),
            (#""x":null"#, .syntax(.expected("a value"), offset: 103)),
            (#""x": 1"#, .syntax(.expected("a value"), offset: 103)),
            (#""x":"a","x":"a""#, .syntax(.duplicateKey, offset: 110)),
            (#""y":"a","x":"a""#, .syntax(.keyOrder, offset: 110)), (#""X":1"#, .syntax(.key, offset: 100)),
            (#""x":"\n""#, .syntax(.escape, offset: 104)), (#""x":"\u0041""#, .syntax(.escape, offset: 104)),
            (#""x":"\u000A""#, .syntax(.escape, offset: 104)), (#""x":"\/""#, .syntax(.escape, offset: 104)),
            ("\"x\":\"\u{9}\"", .syntax(.control, offset: 104)), ("\"x\":\"\u{200B}\"", .syntax(.escape, offset: 104)),
            (#""x":{"b64":"AB=="}"#, .syntax(.base64, offset: 110)), (#""x":{"b64":1}"#, .syntax(.base64, offset: 110)),
            (#""x":{"b":1,"a":1}"#, .syntax(.keyOrder, offset: 113)), (#""prev":"a""#, .envelope("prev")),
            (#""x":[1,]"#, .syntax(.expected("a value"), offset: 106)),
            (#""x":\#(String(repeating: "[", count: 20))"#, .syntax(.depth, offset: 118)),
        ] as [(String, LineFault)])
    func refused(field: String, fault: LineFault) {
        let head = #"{"prev":"\#(zeros)","seq":1,"t":"step.done","#
        let line = Array("\(head)\(field),\"zz\":1}\n".utf8)
        #expect(throws: fault) { try JournalLine.decode(line[...]) }
    }

    @Test(
        "an envelope that is not whole is refused",
        arguments: [
            (#"{"prev":"00","seq":1,"t":"seal"}"#, .envelope("prev")),
            (#"{"prev":"Z","seq":0,"t":"seal"}"#, .envelope("seq")),
            (#"{"prev":"Z","seq":1,"t":"other"}"#, .unknownType("other")),
            (#"{"prev":"Z","seq":1,"t":"seal","up":1}"#, .envelope("ts")),
            (#"{"prev":"Z","seq":1,"t":"seal","ts":"2026-01-15T03:00:00.000Z"}"#, .envelope("up")),
            (#"{"prev":"Z","seq":1,"t":"seal","ts":"2026-02-30T03:00:00.000Z","up":1}"#, .envelope("ts")),
            (#"{"prev":"Z","seq":1,"t":"seal","ts":"2026-01-15T03:00:00.000Z","up":-1}"#, .envelope("up")),
            (
                #"{"prev":"Z","seq":1,"t":"seal","ts":"2026-01-15T03:00:00.000Z","up":1} "#,
                .syntax(.trailing, offset: 133)
            ),
        ] as [(String, LineFault)])
    func envelope(text: String, fault: LineFault) {
        let line = Array("\(text.replacing("Z\",\"seq", with: "\(zeros)\",\"seq"))\n".utf8)
        #expect(throws: fault) { try JournalLine.decode(line[...]) }
        #expect(throws: LineFault.notTerminated) { try JournalLine.decode(line.dropLast()) }
    }

    @Test(
        "an entry that can't be read back can't be written",
        arguments: [
            (["A": .integer(1)], .badKey("A")), (["": .integer(1)], .badKey("")),
            (["seq": .integer(1)], .reservedKey("seq")),
            (["a": .integer(9_007_199_254_740_992)], .integerOutOfRange(9_007_199_254_740_992)),
            (["a": .integer(.min)], .integerOutOfRange(.min)), (["a": .object(["b64": .string("")])], .reservedObject),
            (["a": .string(String(repeating: "x", count: 66_000))], .tooLong(bytes: 66_147)),
        ] as [(JournalFields, LineFault)])
    func unwritable(fields: JournalFields, fault: LineFault) {
        #expect(throws: fault) { try encoded(fields) }
    }

    @Test("a line as long as a line may be is read; one byte more is not")
    func length() throws {
        let room = 65_536 - (try encoded(["a": .string("")]).utf8.count)
        let line = Array(try encoded(["a": .string(String(repeating: "x", count: room))]).utf8)
        #expect(line.count == 65_536)
        #expect(try JournalLine.decode(line[...]).entry.fields["a"]?.string?.utf8.count == room)
        #expect(throws: LineFault.tooLong(bytes: 65_537)) {
            try encoded(["a": .string(String(repeating: "x", count: room + 1))])
        }
        #expect(throws: LineFault.tooLong(bytes: 65_537)) {
            try JournalLine.decode((line.dropLast() + [0x20, 0x0A])[...])
        }
    }

    @Test("nothing that is thrown at the reader stops it")
    func hostile() {
        var generator = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        let alphabet = Array(#"{}[]":,0123456789abcdef\u-.eE "#.utf8) + [0, 0x0A, 0x80, 0xC3, 0xE2, 0xF0, 0xFF]
        let head = Array(#"{"prev":"\#(zeros)","seq":1,"t":"seal","#.utf8)
        for round in 0..<4_000 {
            let noise = (0..<Int(generator.next() % 60)).map { _ in
                alphabet[Int(generator.next() % UInt64(alphabet.count))]
            }
            let line = (round % 2 == 0 ? head : []) + noise + [0x0A]
            if let read = try? JournalLine.decode(line[...]) {
                #expect((try? JournalLine.encode(read.entry, previous: read.previous)) == line)
            }
        }
        let deep = head + Array(repeating: UInt8(ascii: "["), count: 60_000) + [0x0A]
        #expect(throws: LineFault.self) { try JournalLine.decode(deep[...]) }
    }
}

/// A fixed sequence: a failure comes back.
private struct Xorshift {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

@Suite struct EncodingTests {
    @Test(
        "base64 as RFC 4648 has it",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(plain: String, text: String) {
        #expect(Base64.text(Array(plain.utf8)) == text)
        #expect(Base64.decode(text.utf8) == Array(plain.utf8))
    }

    @Test(
        "base64 in another form than the canonical is refused",
        arguments: ["Zg", "Zg=", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Z===", "====", "Zg==Zg==", "Zm9_", "Zg=a"])
    func base64Refused(text: String) { #expect(Base64.decode(text.utf8) == nil) }

    @Test(
        "hexadecimal is in lower case",
        arguments: [("00ff", [0x00, 0xFF] as [UInt8]?), ("0F", nil), ("0", nil), ("0g", nil)])
    func hex(text: String, bytes: [UInt8]?) { #expect(Hex.decode(text.utf8) == bytes) }

    @Test(
        "a time is one text",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_768_446_000_123, "2026-01-15T03:00:00.123Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func time(milliseconds: Int64, text: String) {
        #expect(UTCTime.text(milliseconds) == text)
        #expect(UTCTime.milliseconds(Array(text.utf8)[...]) == milliseconds)
    }

    @Test(
        "a text that is no such time is refused",
        arguments: [
            "2026-02-29T00:00:00.000Z", "2100-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z",
            "1969-12-31T23:59:59.999Z",
            "2026-01-15T24:00:00.000Z", "2026-01-15T03:60:00.000Z", "2026-01-15T03:00:60.000Z",
            "2026-01-15 03:00:00.000Z",
            "2026-01-15T03:00:00Z", "2026-01-15T03:00:00.000+", "",
        ])
    func noTime(text: String) { #expect(UTCTime.milliseconds(Array(text.utf8)[...]) == nil) }

    @Test("times outside the years 1970 to 9999 have no text")
    func outside() {
        #expect(UTCTime.text(-1) == nil)
        #expect(UTCTime.text(253_402_300_800_000) == nil)
    }
}
