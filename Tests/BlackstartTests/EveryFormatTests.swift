import Foundation
import TestTools
import Testing

/// Every command that has `--output`, in every form there is: what people and hosts said is read back by a parser of the form.
@Suite("Every command in every format", .serialized)
struct EveryFormatTests {
    static let formats = ["text", "json", "junit", "github", "sarif"]
    /// The commands that take `--output`, with a run `r` of `book.yaml` behind them, and the forms that each has.
    static let commands: [(words: String, formats: Set<String>)] = [
        ("check book.yaml", ["text", "json", "github", "sarif"]),
        ("plan book.yaml", ["text", "json"]),
        ("ready book.yaml", ["text", "json"]),
        ("dry-run book.yaml -f none.yaml", ["text", "json", "junit", "github"]),
        ("impact -i site.yaml", ["text", "json"]),
        ("runs", ["text", "json"]),
        ("status r", ["text", "json"]),
        ("journal show r", ["text", "json"]),
        ("journal verify r", ["text", "json"]),
        ("drills list", ["text", "json"]),
        ("drills times book.yaml", ["text", "json"]),
        ("inventory show site.yaml", ["text", "json"]),
    ]

    /// Of each text in `outputs`, the values as a parser of its form has them: a JSON list of lists. Fails at what is not of its form.
    static let parser = #"""
        import json, re, sys, xml.etree.ElementTree as tree
        def values(kind, text):
            found = []
            def walk(value):
                if isinstance(value, str): found.append(value)
                elif isinstance(value, list): [walk(one) for one in value]
                elif isinstance(value, dict): [walk(one) for one in value.values()]
            if kind in ("json", "sarif"):
                try: walk(json.loads(text))
                except ValueError: [walk(json.loads(line)) for line in text.split("\n")[:-1]]
            elif kind == "junit":
                for node in tree.fromstring(text).iter(): found += list(node.attrib.values()) + [node.text or ""]
            elif kind == "github":
                for line in text.split("\n"):
                    taken = re.match(r"\s*::(.*?)::(.*)", line)
                    if taken:
                        assert re.match(r"(error|warning|notice) file=[^,:]*,line=\d+,col=\d+$", taken[1]), line
                        found.append(taken[2].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%"))
                    else: assert "##[" not in line, line
            else: found = [text]
            return [re.sub(r"\\u\{([0-9a-f]+)\}", lambda one: chr(int(one[1], 16)), one) for one in found]
        answers = []
        for kind, text in json.load(open("outputs")):
            try: answers.append(values(kind, text))
            except Exception as fault: sys.exit(f"{kind}: {fault}: {text[:1000]}")
        json.dump(answers, sys.stdout)
        """#

    private static func site(_ hostile: HostileText) throws -> Program {
        let quoted = try hostile.yaml
        let program = try Program([
            "site.yaml": """
            version: 1
            name: \(quoted)
            contacts:
              ann: { name: \(quoted), phone: "+49 30 1" }
            hosts:
              h: { address: 127.0.0.1, location: \(quoted), contact: ann }
            """,
            "book.yaml": """
            version: 1
            name: \(quoted)
            inventory: site.yaml
            steps:
            - id: bad
              name: \(quoted)
              why: \(quoted)
              hosts: local
              run: "cat said; cat said >&2; exit 3"
              on_failure: continue
            - id: hand
              needs: []
              name: \(quoted)
              manual: \(quoted)
              expect: \(quoted)
              if_it_fails: \(quoted)
              contact: ann
              on_failure: continue
            """,
            "none.yaml": "version: 1\nhosts: {}\n",
        ])
        try program.scratch.write("said", Array(hostile.text.utf8) + [0x0A, 0x00, 0xFF, 0xC0, 0x80, 0x0A])
        try program.scratch.write("parse.py", Array(parser.utf8))
        return program
    }

    private func values(_ outputs: [(format: String, text: String)], in program: Program) throws -> [[String]] {
        let data = try JSONSerialization.data(withJSONObject: outputs.map { [$0.format, $0.text] })
        try program.scratch.write("outputs", Array(data))
        let parsed = try shell("python3 parse.py", in: program.scratch.path)
        try #require(parsed.status == 0, "\(parsed.output)")
        return try JSONDecoder().decode([[String]].self, from: Data(parsed.output.utf8))
    }

    @Test("has it or refuses it, and what it says is whole, printable, and no command", arguments: HostileText.corpus)
    func everywhere(_ hostile: HostileText) throws {
        let program = try Self.site(hostile)
        let begun = try program(["run", "book.yaml", "-y", "--no-input", "--run-id", "r", "--answer", "hand=failed"])
        var outputs: [(format: String, text: String)] = []
        for (words, formats) in Self.commands {
            for format in Self.formats {
                let said = try program("\(words) --output \(format)")
                expectPrintable(said.stdout + said.stderr, "\(words) \(format)")
                #expect(said.status < 128, "\(words) \(format)")
                guard formats.contains(format) else {
                    #expect(
                        said.status == 64 && said.stderr.contains("is not supported by this command"),
                        "\(words) \(format)")
                    continue
                }
                #expect(!said.stderr.contains("is not supported by this command"), "\(words) \(format)")
                // A file that is refused leaves a form without a text.
                if said.status < 64 || !said.stdout.isEmpty { outputs.append((format, said.stdout)) }
            }
        }
        let told = try values(outputs, in: program)
        // Where the language takes the words, they are in the data as they were written.
        guard begun.status != 65 else { return }
        let data = zip(outputs, told).filter { $0.0.format == "json" }.map(\.1)
        let whole = data.filter { $0.contains { $0.unicodeScalars.elementsEqual(hostile.text.unicodeScalars) } }
        #expect(whole.count >= 4, "of plan, dry-run, runs and journal show")
    }

    /// A reason is typed by a person: what is no text is refused there. The rest stands whole in each report.
    @Test(
        "a reason is read back whole from each report",
        arguments: HostileText.corpus.filter { ["percent", "markup", "braces"].contains($0.name) })
    func reason(_ hostile: HostileText) throws {
        let program = try Self.site(hostile)
        let reason = "not now " + hostile.text.replacing("\n", with: " ")
        for format in ["json", "junit", "github"] {
            let said = try program([
                "run", "book.yaml", "-y", "--no-input", "--run-id", format, "--output", format, "--answer",
                "hand=skip:\(reason)",
            ])
            let told = try values([(format, said.stdout)], in: program)
            #expect(told[0].contains { $0.contains(reason) }, "\(format): \(told)")
        }
    }
}
