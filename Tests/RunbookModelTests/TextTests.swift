import RunbookModel
import Testing

@Suite struct DurationTextTests {
    @Test(
        "durations read as people write them",
        arguments: [
            ("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("250ms", 250), ("2d", 172_800_000), ("0", 0),
            ("366d", 31_622_400_000),
        ] as [(String, Int64)])
    func reads(text: String, milliseconds: Int64) {
        #expect(DurationText.parse(text)?.wholeMilliseconds == milliseconds)
    }

    @Test(
        "what is no duration is refused, never guessed",
        arguments: [
            "", "5", "m", "5 m", "-5m", "5m1h", "5x", "1m1m", "367d", "99999999999999999999s", "9223372036854775807d",
        ])
    func refuses(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(
        "a duration that was written reads back the same",
        arguments: [1, 999, 60_000, 5_400_001, 86_400_000] as [Int64])
    func roundTrip(milliseconds: Int64) {
        let text = DurationText.format(.milliseconds(milliseconds))
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test("a clock and a sentence say the same time")
    func words() {
        #expect(DurationText.clock(.seconds(3_723)) == "1:02:03")
        #expect(DurationText.clock(.seconds(7)) == "0:07")
        #expect(DurationText.words(.seconds(900)) == "15 minutes")
        #expect(DurationText.words(.seconds(5_400)) == "1 hour 30 minutes")
    }
}

@Suite struct TerminalTextTests {
    @Test(
        "nothing raw reaches a terminal",
        arguments: [
            ("\u{1B}[31mred", "\\u{1b}[31mred"), ("a\u{0}b", "a\\u{0}b"), ("\u{9B}31m", "\\u{9b}31m"),
            ("\u{202E}evil", "\\u{202e}evil"), ("tab\there", "tab here"), ("r\r\n", "r\\u{d}\\u{a}"), ("Füße", "Füße"),
        ])
    func shown(raw: String, safe: String) { #expect(TerminalText.shown(raw) == safe) }
}

@Suite struct ShellWordTests {
    @Test(
        "a value is one shell word",
        arguments: [
            ("tank01", "tank01"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("$(reboot)", "'$(reboot)'"),
            ("*", "'*'"), ("~root", "'~root'"), ("a\nb", "'a\nb'"),
        ])
    func quoted(text: String, word: String) { #expect(ShellWord.quote(text) == word) }
}

@Suite struct DiagnosticTests {
    @Test("a diagnostic shows place, line, caret and hint")
    func rendered() {
        let diagnostic = Diagnostic(
            at: SourcePlace(path: "a.yaml", line: 3, column: 5), "unknown key `retry`", sourceLine: "    retry: 3",
            hint: "did you mean `retries`?")
        #expect(
            diagnostic.rendered == """
                a.yaml:3:5: error: unknown key `retry`
                        retry: 3
                        ^
                    hint: did you mean `retries`?
                """)
    }
}
