import RunbookFormat
import RunbookModel
import Testing

/// A file made here, byte by byte, and all that is said about it as a runbook.
struct OddFile: CustomTestStringConvertible, Sendable {
    var name: String
    var bytes: [UInt8]
    var said: String

    var testDescription: String { name }

    init(_ name: String, _ bytes: [UInt8], _ said: String) {
        self.name = name
        self.bytes = bytes
        self.said = said
    }

    init(_ name: String, _ text: String, _ said: String) { self.init(name, Array(text.utf8), said) }

    func check() throws { #expect(try Corpus.said(.runbook, bytes, path: "a.yaml") == said) }
}

/// Files that no editor shows as they are.
@Suite struct OddBytesTests {
    static let bytes: [OddFile] = [
        OddFile(
            "Latin-1", Array("version: 1\nname: Z".utf8) + [0xFC] + Array("rich\n".utf8),
            """
            a.yaml:2:8: error: the byte 0xFC is no UTF-8 text
                name: Z\u{FFFD}rich
                       ^
                hint: save the file as UTF-8

            """),
        OddFile(
            "a cut character at the end", Array("name: Zürich\n# ".utf8) + [0xE2, 0x82],
            """
            a.yaml:2:3: error: the byte 0xE2 is no UTF-8 text
                # \u{FFFD}
                  ^
                hint: save the file as UTF-8

            """),
        OddFile(
            "a surrogate", Array("name: ".utf8) + [0xED, 0xA0, 0x80, 0x0A],
            """
            a.yaml:1:7: error: the byte 0xED is no UTF-8 text
                name: \u{FFFD}\u{FFFD}\u{FFFD}
                      ^
                hint: save the file as UTF-8

            """),
        OddFile(
            "a longer form than needed", [0xC0, 0xAF],
            """
            a.yaml:1:1: error: the byte 0xC0 is no UTF-8 text
                \u{FFFD}\u{FFFD}
                ^
                hint: save the file as UTF-8

            """),
        OddFile(
            "UTF-16 with a mark", [0xFF, 0xFE, 0x76, 0x00],
            """
            a.yaml:1:1: error: the file is UTF-16
                \u{FFFD}\u{FFFD}v\u{20}
                ^
                hint: save it as UTF-8

            """),
        OddFile(
            "UTF-16 without a mark", [0x76, 0x00, 0x65, 0x00],
            """
            a.yaml:1:1: error: the file is UTF-16
                v e\u{20}
                ^
                hint: save it as UTF-8

            """),
        OddFile(
            "NUL", Array("name: a".utf8) + [0] + Array("b\n".utf8),
            """
            a.yaml:1:8: error: the control character U+0000 is not allowed
                name: a b
                       ^
                hint: delete it

            """),
        OddFile(
            "an escape sequence", "version: 1\nname: \u{1B}[31mred\n",
            """
            a.yaml:2:7: error: the control character U+001B is not allowed
                name:  [31mred
                      ^
                hint: delete it

            """),
        OddFile(
            "DEL", "name: a\u{7F}\n",
            """
            a.yaml:1:8: error: the control character U+007F is not allowed
                name: a\u{20}
                       ^
                hint: delete it

            """),
        OddFile(
            "a control character of Latin-1", "name: Füße \u{9B}31m\n",
            """
            a.yaml:1:12: error: the control character U+009B is not allowed
                name: Füße  31m
                           ^
                hint: delete it

            """),
        OddFile(
            "a line separator", "name: one\u{2028}two\n",
            """
            a.yaml:1:10: error: the invisible character U+2028 is not allowed
                name: one two
                         ^
                hint: delete it

            """),
        OddFile(
            "no character at all", "name: \u{FFFE}\n",
            """
            a.yaml:1:7: error: the invisible character U+FFFE is not allowed
                name: \u{20}
                      ^
                hint: delete it

            """),
        OddFile(
            "old Mac line ends", "version: 1\rname: North\r",
            """
            a.yaml:1:11: error: a carriage return stands without a line feed
                version: 1 name: North
                          ^
                hint: save the file with Unix line ends

            """),
        OddFile("nothing", "", "a.yaml:1:1: error: the file is empty\n"),
        OddFile("a byte-order mark", [0xEF, 0xBB, 0xBF], "a.yaml:1:1: error: the file is empty\n"),
        OddFile("empty lines", "\n\n\n", "a.yaml:1:1: error: the file is empty\n"),
    ]

    @Test("bytes that are no text are told with their place", arguments: bytes)
    func oddBytes(file: OddFile) throws { try file.check() }
}
