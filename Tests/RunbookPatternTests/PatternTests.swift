import RunbookPattern
import Testing

@Suite("Regular expressions")
struct PatternTests {
    private static func found(_ pattern: String, _ text: String) throws -> Bool {
        try Pattern(pattern).isFound(in: text)
    }

    @Test("a pattern is found anywhere, or is all of a text, or gives its first group")
    func meaning() throws {
        #expect(try Self.found("ONLINE|DEGRADED", "state: ONLINE"))
        #expect(try !Self.found("^ONLINE", "state: ONLINE"))
        #expect(try Pattern("^(100|[4-9][0-9])$").isWhole("87"))
        #expect(try !Pattern("[0-9]+").isWhole("87%"))
        #expect(try Pattern("disk (\\w+) (.)").first(in: "the disk sda1 here") == "sda1")
        #expect(try Pattern("sd.").first(in: "disk sda1") == "sda")
        // A group that took no part has found nothing: an empty value would be used as if somebody had said it.
        #expect(try Pattern("a(b)?").first(in: "ac") == nil)
        #expect(try Pattern("a(b*)").first(in: "ac") == "")
        #expect(try Pattern("b").first(in: "ac") == nil)
        #expect(try Pattern("").isFound(in: ""))
        #expect(try Pattern("(é+)").first(in: "caféé!") == "éé")
        #expect(try Pattern("a\\x00b").isFound(in: "a\0b"))
    }

    @Test(
        "what is not a regular expression, or is too large for one, is refused with what to do",
        arguments: [
            ("(", "missing )"), ("[", "missing ]"), ("(?=a)", "look-around"), ("(?<!a)b", "look-around"),
            ("(a)\\1", "back-references"), ("a{1001}", "at most {1000}"), ("((a{100}){100}){100}", "at most {1000}"),
            ("(\\pL{100}){5}", "shorter"), (String(repeating: "a", count: 1_001), "shorter"), ("*", "repetition"),
        ])
    func refused(pattern: String, words: String) {
        do throws(PatternFault) {
            _ = try Pattern(pattern)
            Issue.record("\(pattern) was accepted")
        } catch { #expect("\(error.why); \(error.hint)".contains(words), "\(error)") }
    }

    /// What makes a backtracking matcher try more ways than there is time, or a linear one look at all it has for each byte.
    static let hostile = [
        "(a+)+$", "(a*)*b", "(a|aa)+$", "(a|a?)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*x", "(.*a){20}b", "a{1000}b",
        "[ab]*a[ab]{900}c", "(?i)(x+x+)+y", "(a?){300}a{300}", "(([ab]*)a[ab]{300}c|d)",
    ]

    @Test("no pattern takes long, whatever a host prints", arguments: hostile)
    func linear(pattern: String) throws {
        for text in [String(repeating: "a", count: 1 << 20), String(repeating: "ab", count: 1 << 19)] {
            let expression = try Pattern(pattern)
            let took = ContinuousClock().measure {
                // A very large pattern is not looked for in so large a text.
                _ = try? expression.isFound(in: text)
                _ = try? expression.first(in: text)
            }
            #expect(took < .seconds(3), "\(pattern)")
        }
    }
}
