import Foundation
import TestTools
import Testing

/// What a name, a reason, an output or a contact may hold, and what a format would make of it.
struct HostileText: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String

    var testDescription: String { name }

    /// As YAML between quotation marks. YAML takes few control characters as they are; JSON's way to write them is YAML's too.
    var yaml: String {
        get throws {
            let quoted = String(
                decoding: try JSONSerialization.data(withJSONObject: [text]).dropFirst().dropLast(), as: UTF8.self)
            return quoted.unicodeScalars.map {
                $0.value < 0x7F
                    ? String($0)
                    : $0.value > 0xFFFF
                        ? "\\U" + String(format: "%08x", $0.value)
                        : "\\u" + String(format: "%04x", $0.value)
            }.joined().replacing("\\/", with: "/")
        }
    }

    static let corpus = [
        HostileText(name: "escapes", text: "a\u{1B}[2J\u{1B}]0;x\u{07}b"),
        HostileText(name: "commands", text: "a\n::set-output name=x::y\n  ::error::z\n##[error]q ##[set-env name=a]b"),
        HostileText(name: "percent", text: "%0A::error::x%25%0D"),
        HostileText(name: "wide blanks", text: "a\n\u{3000}\u{A0}::error::x"),
        HostileText(name: "markup", text: "]]><x a=\"1\">&amp;</testcase>'\"\\"),
        HostileText(name: "directions", text: "a\u{202E}b\u{2066}c\u{200B}\u{2028}d\u{FEFF}"),
        HostileText(name: "noncharacters", text: "a\u{FFFE}\u{FFFF}\u{E0001}\u{10FFFF}b"),
        HostileText(name: "carriage returns", text: "good\rbad\u{08}\u{0B}\u{85}"),
        HostileText(name: "long", text: String(repeating: "::long::", count: 900)),
        HostileText(name: "braces", text: "{\"a\":1}\n\"}]} ${ x } `id` $(id)"),
    ]
}

/// Nothing that a terminal obeys, and nothing that turns text round.
func expectPrintable(_ text: String, _ what: String) {
    let bad = text.unicodeScalars.filter {
        ($0.value < 0x20 && $0 != "\n") || (0x7F...0x9F).contains($0.value) || (0x2028...0x202E).contains($0.value)
            || (0x2066...0x2069).contains($0.value) || [0x200B, 0xFEFF].contains($0.value) || $0.value >= 0xE0000
    }
    #expect(bad.isEmpty, "\(what): \(bad)")
}

@Suite("Hostile words in every format", .serialized)
struct FormatSweepTests {
    static let parsers: [(format: String, python: String)] = [
        ("json", "import json,sys\nfor l in sys.stdin.buffer.read().decode().split('\\n')[:-1]: json.loads(l)"),
        ("junit", "import sys,xml.etree.ElementTree as e; e.fromstring(sys.stdin.buffer.read())"),
    ]

    private func program(_ hostile: HostileText) throws -> Program {
        let escaped = try hostile.yaml
        let program = try Program([
            "site.yaml": """
            version: 1
            name: S
            hosts:
              h: { address: 127.0.0.1 }
            """,
            "book.yaml": """
            version: 1
            name: \(escaped.utf8.count < 400 ? escaped : "\"long\"")
            inventory: site.yaml
            steps:
            - id: bad
              name: \(escaped.utf8.count < 400 ? escaped : "\"long\"")
              hosts: local
              run: "cat said; cat said >&2; exit 3"
              on_failure: continue
            """,
        ])
        var bytes = Array(hostile.text.utf8)
        bytes += [0x0A, 0x00, 0xFF, 0xC0, 0x80, 0x0A]
        try program.scratch.write("said", bytes)
        return program
    }

    /// The commands that GitHub's runner would take from these lines.
    private func commands(_ text: String) -> [String] {
        text.split(whereSeparator: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }).compactMap { line in
            let trimmed = line.drop { $0.isWhitespace }
            if trimmed.hasPrefix("::"), let end = trimmed.dropFirst(2).firstRange(of: "::") {
                return String(trimmed[trimmed.index(trimmed.startIndex, offsetBy: 2)..<end.lowerBound])
            }
            return line.contains("##[") ? String(line) : nil
        }
    }

    @Test("each format holds them as text", arguments: HostileText.corpus)
    func run(_ hostile: HostileText) throws {
        let program = try program(hostile)
        let check = try program("check book.yaml")
        guard check.status == 0 || check.status == 2 && !check.stderr.contains("error: invalid") else {
            // A name that the language refuses is refused in printable words.
            return expectPrintable(check.stdout + check.stderr, "check")
        }
        for format in ["text", "json", "junit", "github"] {
            let said = try program("run book.yaml -y --no-input --run-id \(format) --output \(format)")
            expectPrintable(said.stderr, "\(format) on stderr")
            expectPrintable(said.stdout, format)
            if format == "github" {
                let taken = commands(said.stdout) + commands(said.stderr)
                #expect(taken.allSatisfy { $0.hasPrefix("error file=") || $0.hasPrefix("warning file=") }, "\(taken)")
            }
            if let parser = Self.parsers.first(where: { $0.format == format }) {
                try program.scratch.write("out", Array(said.stdout.utf8))
                try program.scratch.write("parse.py", Array(parser.python.utf8))
                let parsed = try shell("python3 parse.py < out", in: program.scratch.path)
                #expect(parsed.status == 0, "\(format): \(said.stdout.prefix(2_000))")
            }
        }
        for words in [
            "journal show json", "status json", "journal verify json", "plan book.yaml", "check book.yaml -v",
        ] {
            let said = try program(words)
            expectPrintable(said.stdout + said.stderr, words)
        }
        for words in [
            "journal show json --output json", "status json --output json", "check book.yaml --output json",
            "check book.yaml --output sarif",
        ] {
            let said = try program(words)
            expectPrintable(said.stdout, words)
            try program.scratch.write("out", Array(said.stdout.utf8))
            try program.scratch.write("parse.py", Array(Self.parsers[0].python.utf8))
            let parsed = try shell("python3 parse.py < out", in: program.scratch.path)
            #expect(parsed.status == 0, "\(words): \(said.stdout.prefix(600)) \(said.stderr.prefix(300))")
        }
        for words in ["check book.yaml --output github"] {
            let said = try program(words)
            #expect(
                commands(said.stdout + said.stderr).allSatisfy {
                    $0.hasPrefix("error file=") || $0.hasPrefix("warning file=")
                })
        }
    }

    /// Every string of a JSON text, as Python's own parser has it, a line for each in Base64.
    private func strings(_ json: String, _ program: Program) throws -> [String] {
        try program.scratch.write("out", Array(json.utf8))
        try program.scratch.write(
            "strings.py",
            Array(
                """
                import base64, json, sys, urllib.parse
                def walk(value):
                    if isinstance(value, str):
                        for text in {value, urllib.parse.unquote(value)}:
                            print(base64.b64encode(text.encode("utf-8", "surrogatepass")).decode())
                    elif isinstance(value, list):
                        for one in value: walk(one)
                    elif isinstance(value, dict):
                        for one in value.values(): walk(one)
                text = open("out", encoding="utf-8", newline="").read()
                try: walk(json.loads(text))
                except ValueError:
                    for line in text.split("\\n")[:-1]: walk(json.loads(line))
                """.utf8))
        let parsed = try shell("python3 strings.py", in: program.scratch.path)
        try #require(parsed.status == 0, "\(parsed.output) \(json.prefix(500))")
        return parsed.output.split(separator: "\n").map {
            String(decoding: Data(base64Encoded: String($0)) ?? Data(), as: UTF8.self)
        }
    }

    @Test("a file's own name is text in every format", arguments: HostileText.corpus.filter { $0.name != "long" })
    func fileName(_ hostile: HostileText) throws {
        let program = try Program()
        let name = hostile.text.replacing("/", with: "_") + ".yaml"
        try program.scratch.write(name, Array("version: 1\nname: A\nsteps: 7\n".utf8))
        for format in ["text", "json", "sarif", "github"] {
            let said = try program(["check", name, "--output", format])
            #expect(said.status == 65)
            expectPrintable(said.stdout + said.stderr, format)
            switch format {
            case "json", "sarif":
                #expect(
                    try strings(said.stdout, program).contains { $0.unicodeScalars.elementsEqual(name.unicodeScalars) })
            case "github":
                let taken = commands(said.stdout + said.stderr)
                #expect(taken.count == 2 && taken.allSatisfy { $0.hasPrefix("error file=") }, "\(taken)")
            default: break
            }
        }
    }

    @Test("most of the corpus gets through the reader, so that the others have something to look at")
    func taken() throws {
        let refused = try HostileText.corpus.filter { try program($0)("check book.yaml -q").status == 65 }.map(\.name)
        #expect(refused.count <= HostileText.corpus.count / 2, "\(refused)")
    }

    @Test(
        "what a journal holds reads back as the same values, and as nothing that moves or hides",
        arguments: HostileText.corpus)
    func journal(_ hostile: HostileText) throws {
        let program = try program(hostile)
        guard try program("run book.yaml -y --no-input --run-id r").status != 65 else { return }
        for words in ["journal show r --output json", "journal show r --output json --step bad"] {
            let shown = try program(words)
            expectPrintable(shown.stdout, words)
            try program.scratch.write("shown", Array(shown.stdout.utf8))
            let same = try shell(
                """
                python3 -c 'import json
                def lines(name): return [json.loads(l) for l in open(name, encoding="utf-8", newline="").read().split(chr(10))[:-1]]
                raw, shown = lines("home/runs/r/journal.jsonl"), lines("shown")
                assert shown and all(one in raw for one in shown)'
                """, in: program.scratch.path)
            #expect(same.status == 0, "\(same.output)")
        }
        let raw = try program.scratch.text("home/runs/r/journal.jsonl")
        if hostile.name == "noncharacters" { #expect(raw.unicodeScalars.contains("\u{E0001}")) }
    }
}
