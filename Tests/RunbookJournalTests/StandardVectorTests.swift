import RunbookJournal
import Testing

/// What the standards themselves give as examples, and every way in which a text is no JSON.
@Suite("Vectors of the standards")
struct StandardVectorTests {
    @Test(
        "RFC 8032, 7.1: keys and signatures of Ed25519",
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ])
    func ed25519(seed: String, point: String, message: String, signature: String) throws {
        let key = try Ed25519Key(seed: try #require(Hex.decode(seed.utf8)), principal: "test")
        #expect(key.publicKey.blob.hex.hasSuffix(point))
        let bytes = try #require(Hex.decode(message.utf8))
        #expect(try key.sign(bytes).hex.hasSuffix(signature))
        // Ours is read back by the check that all signatures go through.
        #expect(key.publicKey.blob == (try SSHPublicKey(ed25519: try #require(Hex.decode(point.utf8))).blob))
    }

    private static let zeros = String(repeating: "0", count: 64)

    /// A line whose field `x` is `value`, as bytes.
    private func line(_ value: [UInt8]) -> [UInt8] {
        Array(#"{"prev":"\#(Self.zeros)","seq":1,"t":"step.done","ts":"2026-01-15T03:00:00.000Z","up":1,"x":"#.utf8)
            + value + Array("}\n".utf8)
    }

    private func read(_ value: [UInt8]) -> JournalValue? { try? JournalLine.decode(line(value)[...]).entry.fields["x"] }

    private func written(_ value: JournalValue) throws -> String {
        let entry = JournalEntry(sequence: 1, type: "step.done", timestamp: 0, uptime: 0, fields: ["x": value])
        let text = String(decoding: try JournalLine.encode(entry, previous: JournalLine.origin), as: UTF8.self)
        return String(try #require(text.firstMatch(of: /"x":(.*)}\n/)).1)
    }

    @Test("RFC 8785, 3.2.2.2: its example of a string, with no short form for any control character")
    func strings() throws {
        // The standard writes \n and \t short. We have one form for all that is escaped, and nothing short.
        let text = "\u{20AC}$\u{F}\u{A}A'\u{42}\u{22}\u{5C}\u{5C}\u{22}/"
        #expect(try written(.string(text)) == "\"€$\\u000f\\u000aA'B\\\"\\\\\\\\\\\"/\"")
        #expect(read(Array(try written(.string(text)).utf8)) == .string(text))
        // 3.2.3: nothing is normalised, and what lies beyond the first plane stays as it is.
        for other in ["e\u{301}", "\u{E9}", "\u{1F602}", "\u{FB33}", "\u{F6}"] {
            #expect(try written(.string(other)) == "\"\(other)\"")
            #expect(read(Array("\"\(other)\"".utf8))?.string?.utf8.elementsEqual(other.utf8) == true)
        }
    }

    @Test(
        "RFC 8785, 3.2.2.3 and appendix B: its whole numbers, as far as a double holds them exactly",
        arguments: [
            ("0", 0), ("9007199254740991", 9_007_199_254_740_991), ("-9007199254740991", -9_007_199_254_740_991),
            ("1", 1), ("-1", -1), ("10", 10),
        ] as [(String, Int64)])
    func integers(text: String, number: Int64) throws {
        #expect(try written(.integer(number)) == text)
        #expect(read(Array(text.utf8)) == .integer(number))
    }

    @Test(
        "numbers that are none of ours",
        arguments: [
            "-0", "9007199254740992", "-9007199254740992", "295147905179352830000", "1e21", "1E1", "1.0", "0.0", "1e0",
            "333333333.3333333", "99999999999999999999999999",
        ])
    func otherNumbers(_ text: String) { #expect(read(Array(text.utf8)) == nil) }

    @Test(
        "RFC 8259: what is no JSON, by the class of the fault",
        arguments: [
            // Values.
            "", "nul", "null", "True", "FALSE", "tru", "undefined", "NaN", "Infinity", "-Infinity", "'a'", "a", "`a`",
            // Numbers.
            "+1", "-", "--1", "01", "-01", "00", ".5", "1.", "1.e1", "1e", "1e+", "0x10", "0b1", "1_000", "1 2", "1a",
            "١",
            // Strings.
            "\"", "\"a", "a\"", "\"a\"b\"", "\"\\\"", "\"\\a\"", "\"\\x41\"", "\"\\'\"", "\"\\0\"", "\"\\u\"",
            "\"\\u00\"",
            "\"\\u00g0\"", "\"\\U0000\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\udc00\"", "\"\\ud83d\\ude00\"",
            "\"a\tb\"", "\"a\u{0}b\"", "\"a\u{1F}b\"", "\"a\u{7F}b\"", "\"a\u{2028}b\"",
            // Arrays.
            "[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1;2]", "[1]]", "[\"a\":1]", "[1}", "(1)",
            // Objects.
            "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1,,\"b\":2}",
            "{\"a\" 1}",
            "{\"a\",1}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "{\"a\":1}}", "{\"a\"::1}",
            "{\"a\":1,\"a\":1}", "{:1}", "{\"a\":}", "{\"a\"=1}",
            // Around values: comments, blanks, byte order marks, more than one.
            "/*a*/1", "1//a", "#1", " 1", "1 ", "\t1", "1\r", "\u{FEFF}1", "1,1", "1\"y\"", "\u{A0}1",
        ])
    func classes(_ text: String) { #expect(read(Array(text.utf8)) == nil) }

    @Test(
        "RFC 3629: what is no UTF-8",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]])
    func bytes(_ bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(read([quote] + bytes + [quote]) == nil)
        #expect(read([quote, 0x61] + bytes + [0x61, quote]) == nil)
        #expect(read(bytes) == nil)
    }

    @Test("depth is bounded, and what is within bounds is read")
    func depth() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(read(nested(15)) != nil)
        #expect(read(nested(16)) == nil && read(nested(10_000)) == nil)
        for text in ["[]", "{}", "[1,2]", "{\"a\":1,\"b\":[true,false]}", "\"\"", "true"] {
            #expect(read(Array(text.utf8)) != nil)
        }
    }
}
