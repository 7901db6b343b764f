import Foundation
import TestTools
import Testing

/// What `check` finds, in each of its forms.
@Suite("The check of preparedness")
struct CheckTests {
    private static let files = [
        "i.yaml": """
        version: 1
        name: Site
        services: { dns: {} }
        waivers: [{ rule: PLAN-ORPHAN, who: "Ada, lead", why: a draft, until: "2999-12-31" }]
        hosts:
          p: { kind: physical, address: 10.0.0.1, requires: [dns] }
          dc: { kind: vm, address: 10.0.0.2, placed_on: [p], provides: [dns] }

        """,
        "r.yaml": """
        version: 1
        name: Start
        inventory: i.yaml
        steps:
        - { id: p, name: P, hosts: p, run: "true" }

        """,
        "good.yaml": """
        version: 1
        name: Start
        inventory: j.yaml
        steps:
        - { id: p, name: P, hosts: p, run: "true", why: w, expect: e, if_it_fails: f, undo: none }

        """,
        "j.yaml": """
        version: 1
        name: Site
        waivers: [{ rule: PLAN-ORPHAN, about: Start, who: Ada, why: a draft, until: "2999-12-31" }]
        hosts: { p: { kind: physical, address: 10.0.0.1 } }

        """,
        "broken.yaml": "version: 1\nname: B\ninventory: i.yaml\nsteps: [{ id: p, nmae: P, hosts: p, run: \"true\" }]\n",
        "a b/ü.yaml":
            "version: 1\nname: B\ninventory: ../j.yaml\nsteps: [{ id: p, name: P, hosts: p, run: \"true\" }]\n",
    ]

    /// What neither inventory speaks of.
    private static let untold = """
        Not looked at, because the inventory says nothing of it: domains, redundancy,
        protection, capacity, backup, snapshot, health, people, scenarios, packs,
        drills.

        """

    private func program() throws -> Program { try Program(Self.files) }

    @Test("findings of severity error end with 2, the rest with 0, and a broken file with 65")
    func exits() throws {
        let program = try program()
        #expect(try program("check r.yaml").status == 2)
        #expect(try program("check r.yaml --output sarif").status == 2)
        #expect(try program("check r.yaml --output json").status == 2)
        #expect(try program("check r.yaml -q").status == 2)
        #expect(
            try program("check good.yaml")
                == Said(
                    0,
                    """
                    good.yaml: no faults. 1 step, 1 task.
                    Preparedness: 1 waived.
                    Not looked at, because the inventory says nothing of it: services, placed_on,
                    domains, redundancy, protection, capacity, backup, snapshot, health, people,
                    scenarios, packs, drills.

                    """))
        #expect(try program("check broken.yaml r.yaml").status == 65)
        #expect(try program("check broken.yaml").stdout.isEmpty)
        #expect(try program("check").status == 64)
    }

    @Test("a person reads what stops the start, why, and what to do; errors first")
    func text() throws {
        #expect(
            try program()("check r.yaml").stdout == """
                r.yaml: 3 errors, 1 warning. 1 step, 1 task.

                ERROR    BOOT-UNREACHABLE  i.yaml:6:54
                    The cold start stops at `dns`: 2 machines can't start without it.
                      - `p` needs `dns`
                      - only `dc` provides `dns`
                      - `dc` runs only on `p`
                      - waiting for it: `p` and `dc`
                    Fix: an independent provider of `dns` unblocks 2 machines; it is a machine
                    that needs none of these, or `external: true` for what comes from outside.

                ERROR    EXCLUSIVE-VIRTUAL  i.yaml:6:54
                    `p` needs `dns`, which virtual machines alone provide: `dc`.
                    Fix: provide `dns` on a physical machine as well, or make `p` do without it
                    (literal addresses, a local account, keys kept on the machine) and say so:
                    `instead_of`.

                ERROR    ORDER-VIOLATION  r.yaml:5:3
                    Step 1 (p) acts on `p` before `dns` is ready.
                      - `p` needs `dns`
                      - no step makes `dns` ready
                    Fix: add the step that makes it ready, with `provides: [dns]`, or say in the
                    inventory that `dns` is `external`.

                WARNING  STRANGER-UNREADY  r.yaml:5:3
                    Step 1 (p) does not say: why, expect or verify, if_it_fails, undo or
                    irreversible.
                    Fix: write it for somebody who has never seen this site.

                Preparedness: 3 errors, 1 warning, 1 waived. `blackstart check --explain RULE` tells more.
                \(Self.untold)
                """)
    }

    @Test("a program reads one object for each finding, and what was waived by whom")
    func json() throws {
        let lines = try program()("check r.yaml good.yaml --output json").stdout.split(separator: "\n")
        let objects = try lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(
            objects.compactMap { $0["type"] as? String } == [
                "finding", "finding", "finding", "finding", "waived", "waived", "untold",
            ])
        let first = try #require(objects.first)
        #expect(first["rule"] as? String == "BOOT-UNREACHABLE")
        #expect(first["severity"] as? String == "error")
        #expect(first["subject"] as? String == "dns")
        #expect(first["path"] as? String == "i.yaml")
        #expect(first["line"] as? Int == 6)
        #expect(first["column"] as? Int == 54)
        #expect((first["because"] as? [String])?.count == 4)
        #expect((first["source"] as? String)?.contains("controlled restart") == true)
        let waived = try #require(objects.dropLast().last)
        #expect(waived["who"] as? String == "Ada")
        #expect(waived["until"] as? String == "2999-12-31")
        #expect((objects.last?["keys"] as? [String])?.contains("people") == true)
    }

    @Test("an annotation stands at the line and column of the file that it is about")
    func gitHub() throws {
        let program = try program()
        let said = try program("check r.yaml broken.yaml --output github").stdout
        let lines = said.split(separator: "\n")
        #expect(lines.count == 5)
        for line in lines {
            let parts = line.split(separator: "::", maxSplits: 1)
            let head = try #require(parts.first)
            #expect(head.hasPrefix("error file=") || head.hasPrefix("warning file="))
            let fields = head.split { $0 == "," || $0 == "=" }
            let text = try #require(Self.files[String(fields[1])])
            let source = text.split(separator: "\n", omittingEmptySubsequences: false)[try #require(Int(fields[3])) - 1]
            #expect(source.count >= (try #require(Int(fields[5]))))
        }
        #expect(said.contains("::error file=i.yaml,line=6,col=54::BOOT-UNREACHABLE: the cold start stops at `dns`"))
    }

    @Test("the SARIF log is one of version 2.1.0, by models made from the published schema")
    func sarif() throws {
        let program = try program()
        let said = try program(["check", "r.yaml", "broken.yaml", "a b/ü.yaml", "--output", "sarif"])
        try program.scratch.write("log.sarif", Array(said.stdout.utf8))
        let check = """
            import json, sys, pydantic_sarif.model as model
            log = json.load(open(sys.argv[1]))
            model.StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(log)
            run = log["runs"][0]
            rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
            for result in run["results"]:
                assert rules[result["ruleIndex"]] == result["ruleId"]
                place = result["locations"][0]["physicalLocation"]
                print(result["ruleId"], result["level"], place["artifactLocation"]["uri"],
                      place["region"]["startLine"], place["region"]["startColumn"], len(result.get("suppressions", [])))
            """
        let read = try Python.run(["-c", check, "\(program.scratch.path)/log.sarif"])
        #expect(read.status == 0, "\(read.stderr)")
        #expect(
            read.stdout == """
                INVALID-FILE error broken.yaml 4 18 0
                BOOT-UNREACHABLE error i.yaml 6 54 0
                EXCLUSIVE-VIRTUAL error i.yaml 6 54 0
                ORDER-VIOLATION error r.yaml 5 3 0
                STRANGER-UNREADY warning r.yaml 5 3 0
                STRANGER-UNREADY warning a%20b/%C3%BC.yaml 4 9 0
                PLAN-ORPHAN warning a%20b/%C3%BC.yaml 1 1 0
                PLAN-ORPHAN warning r.yaml 1 1 1

                """)
    }

    @Test("a rule tells what it looks for, what it serves and how it is waived; a misspelt one what was meant")
    func explain() throws {
        let program = try program()
        let all = try program("check --explain all").stdout
        for line in all.split(separator: "\n") where line.contains("): ") && !line.hasPrefix(" ") {
            let rule = try #require(line.split(separator: " ").first)
            let one = try program("check --explain \(rule.lowercased())")
            #expect(one.status == 0)
            #expect(all.contains(one.stdout))
            #expect(one.stdout.contains("It serves BSI IT-Grundschutz M 6.138:"))
        }
        let wrong = try program("check --explain BOOT-UNREACHABL")
        #expect(wrong.status == 64)
        #expect(wrong.stderr.contains("did you mean `BOOT-UNREACHABLE`?"))
    }
}
