import RunbookFormat
import RunbookModel
import Testing

/// Files that are too large to be kept, too deep, or made to cost as much as they can.
@Suite struct LargeFileTests {
    static let head = "version: 1\nname: North\ninventory: inventory.yaml\n"

    static let large: [OddFile] = [
        OddFile(
            "a file over the limit", [UInt8](repeating: 0x23, count: Limits.runbookBytes + 1),
            "a.yaml:1:1: error: the file has 1048577 bytes; at most 1048576 are allowed\n"),
        OddFile(
            "10,000 levels of lists", "steps: " + String(repeating: "[", count: 10_000),
            """
            a.yaml:1:9: error: the file is nested deeper than 32 levels
                steps: \(String(repeating: "[", count: 93))
                        ^

            """),
        OddFile(
            "10,000 levels of mappings", String(repeating: "{a: ", count: 10_000),
            """
            a.yaml:1:3997: error: the file is nested deeper than 32 levels
                : {\(String(repeating: "a: {", count: 24))a
                \(String(repeating: " ", count: 50))^

            """),
        OddFile(
            "1,400 levels by indentation",
            (0..<1_400).map { "\(String(repeating: " ", count: $0))a:\n" }.joined(),
            """
            a.yaml:1000:1000: error: the file is nested deeper than 32 levels
                \(String(repeating: " ", count: 98))a:
                \(String(repeating: " ", count: 98))^

            """),
        OddFile(
            "10,000 lists in a line", String(repeating: "- ", count: 10_000),
            """
            a.yaml:1:201: error: the file is nested deeper than 32 levels
                \(String(repeating: "- ", count: 50))
                \(String(repeating: " ", count: 50))^

            """),
        OddFile(
            "33 levels", "steps: " + String(repeating: "[", count: 33) + String(repeating: "]", count: 33),
            """
            a.yaml:1:40: error: the file is nested deeper than 32 levels
                steps: \(String(repeating: "[", count: 33))\(String(repeating: "]", count: 33))
                                                       ^

            """),
        OddFile(
            "keys in keys", String(repeating: "? ", count: 10_000),
            """
            a.yaml:1:17: error: a key can't begin with `? `
                \(String(repeating: "? ", count: 50))
                                ^
                hint: write `key: value`

            """),
        OddFile(
            "a bomb of aliases", bomb(inKey: false),
            """
            a.yaml:1:4: error: anchors and aliases are not supported
                a: &a [x, x, x, x, x, x, x, x, x]
                   ^
                hint: write the value out; text that begins with `&` or `*` needs quotes

            """),
        OddFile(
            "a bomb of aliases in a key", bomb(inKey: true),
            """
            a.yaml:1:4: error: anchors and aliases are not supported
                a: &a [x, x, x, x, x, x, x, x, x]
                   ^
                hint: write the value out; text that begins with `&` or `*` needs quotes

            """),
        OddFile(
            "a small bomb", "a: &a [x, x]\n? [*a, *a]\n: 1\n",
            """
            a.yaml:1:4: error: anchors and aliases are not supported
                a: &a [x, x]
                   ^
                hint: write the value out; text that begins with `&` or `*` needs quotes

            """),
        OddFile(
            "an id of 100,000 letters",
            head + "steps:\n- { id: \(String(repeating: "a", count: 100_000)), name: A, manual: x }\n",
            """
            a.yaml:5:9: error: `\(String(repeating: "a", count: 60))…` is no id
                - { id: \(String(repeating: "a", count: 92))
                        ^
                hint: an id is lower-case letters, digits and `-`, and begins with a letter

            """),
        OddFile(
            "a command of 200,000 bytes",
            head + "steps:\n- { id: a, name: A, hosts: san1, run: \(String(repeating: "x", count: 200_000)) }\n",
            """
            a.yaml:5:39: error: a command has at most 131072 bytes, not 200000
                - { id: a, name: A, hosts: san1, run: \(String(repeating: "x", count: 62))
                                                      ^

            """),
        OddFile(
            "an environment value of 40,000 bytes",
            head
                + "steps:\n- { id: a, name: A, hosts: san1, run: x, env: { A: \(String(repeating: "x", count: 40_000)) } }\n",
            """
            a.yaml:5:52: error: an environment value has at most 32768 bytes, not 40000
                 { id: a, name: A, hosts: san1, run: x, env: { A: \(String(repeating: "x", count: 50))
                \(String(repeating: " ", count: 50))^

            """),
        OddFile(
            "10,001 steps", head + "steps:\n" + String(repeating: "- {}\n", count: 10_001),
            """
            a.yaml:10005:3: error: the runbook has 10001 steps; at most 10000 are allowed
                - {}
                  ^

            """),
        OddFile(
            "an expression of 10,000 brackets",
            head
                + "steps:\n- id: a\n  name: A\n  hosts: a\n  wait_for: { run: x, matches: \"\(String(repeating: "(", count: 10_000))\" }\n",
            """
            a.yaml:8:32: error: a regular expression has at most 1000 bytes
                  wait_for: { run: x, matches: "\(String(repeating: "(", count: 68))
                                               ^

            """),
        OddFile(
            "an expression of 900 brackets",
            head
                + "steps:\n- id: a\n  name: A\n  hosts: a\n  wait_for: { run: x, matches: \"\(String(repeating: "(", count: 900))\" }\n",
            """
            a.yaml:8:32: error: `\(String(repeating: "(", count: 60))…` is not a regular expression: missing ): \(String(repeating: "(", count: 49))…
                  wait_for: { run: x, matches: "\(String(repeating: "(", count: 68))
                                               ^
                hint: a plain bracket is written `\\(` or `\\[`

            """),
    ]

    @Test("what is too large or too deep is told, and nothing hangs", .timeLimit(.minutes(1)), arguments: large)
    func tooLarge(file: OddFile) throws { try file.check() }

    /// Nine values that stand for nine values each, nine times over.
    private static func bomb(inKey: Bool) -> String {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (name, before) in zip("bcdefghij", "abcdefghi") {
            text += "\(name): &\(name) [\(Array(repeating: "*\(before)", count: 9).joined(separator: ","))]\n"
        }
        return text + (inKey ? "? [*j]\n: 1\n" : "k: *j\n")
    }

    @Test("a file of the largest size with a fault in every line is told its first 50", .timeLimit(.minutes(1)))
    func manyFaults() throws {
        var text = Self.head + "steps:\n"
        for number in 0..<9_000 {
            text += "- { id: s\(number), name: A, needs: [t\(number)], hosts: h, run: x, kez: 1 }\n"
        }
        let found = try Corpus.diagnostics(.runbook, Array(text.utf8), path: "a.yaml")
        #expect(found.count == 51)
        #expect(found.first?.message == "unknown step `t0`")
        #expect(found.last?.message == "and 17950 more errors")
    }

    /// Text that costs most where reading is careless: 1 MiB of one thing.
    static let worst: [(String, String)] = [
        ("brackets", "["), ("braces", "{"), ("quotes", "\""), ("apostrophes", "'"), ("keys", "a: "), ("lines", "\n"),
        ("items", "- a\n"), ("questions", "?\n"), ("stars", "*a "), ("anchors", "&a "), ("tags", "!a "),
        ("pipes", "|\n"), ("commas", ","), ("colons", ":"), ("percents", "%"), ("expressions", "${{ vars.a }}"),
        ("open expressions", "${{"), ("spaces", " "), ("hashes", "#"), ("dashes", "---\n"), ("letters", "a"),
        ("carets", "\u{301}"), ("flags", "🇩🇪"),
    ]

    @Test("a mebibyte of one thing is read or refused in seconds", .timeLimit(.minutes(1)), arguments: worst)
    func mebibyte(name: String, piece: String) throws {
        let count = Limits.runbookBytes / piece.utf8.count - 200
        for prefix in ["", Self.head + "steps:\n- id: a\n  name: A\n  hosts: a\n  run: |\n    "] {
            let said = try Corpus.said(
                .runbook, Array((prefix + String(repeating: piece, count: count)).utf8), path: "a.yaml")
            #expect(said.utf8.count < 50_000, "\(name)")
        }
    }

    @Test("a chain of thousands of steps, each with a value of the first one, is read in time")
    func chain() throws {
        var text =
            Self.head + "steps:\n- { id: s0, name: A, hosts: local, run: a, outputs: { n: {} }, skip_if: never }\n"
        for step in 1..<3_000 {
            text +=
                "- { id: s\(step), name: A, hosts: local, needs: [s\(step - 1)], run: \"a ${{ steps.s0.outputs.n }}\" }\n"
        }
        let start = ContinuousClock.now
        #expect(try Corpus.diagnostics(.runbook, Array(text.utf8), path: "a.yaml").isEmpty)
        #expect(ContinuousClock.now - start < .seconds(30))
    }
}
