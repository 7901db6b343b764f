import Foundation
import TestTools
import Testing

@Suite("Drills, by signed journals")
struct DrillTests {
    private let program: Program

    private static let runbook = """
        version: 1
        name: Small site
        scenario: total-outage
        rto: 1h
        inventory: inventory.yaml
        steps:
        - { id: look, name: Look, manual: Look at it., why: w, if_it_fails: f }
        - { id: first, name: First, hosts: local, needs: [look], run: "echo one", undo: none, why: w, if_it_fails: f }
        - { id: second, name: Second, hosts: local, needs: [first], run: "echo two", undo: none, why: w, if_it_fails: f }

        """

    init() throws {
        program = try Program([
            "runbook.yaml": Self.runbook,
            "inventory.yaml": "version: 1\nname: Here\ndrills: {}\nhosts:\n  a: { address: 127.0.0.1 }\n",
            "fixture.yaml": """
            version: 1
            name: All is well
            clock: "2026-01-15T03:00:00Z"
            hosts: { "*": { answers: [{ run: "*", takes: 10s }] } }
            operator: [{ step: look, choose: [done], after: 4m }]

            """,
        ])
    }

    private func add(_ run: String, _ words: [String]) throws -> Said {
        try program(["drills", "add", run] + words)
    }

    private static let people = ["--took-part", "Ada Lorenz", "--took-part", "Bob"]

    @Test("a dry run that was declared a drill is on record: who, how long, what confused, and what has changed since")
    func dryRun() throws {
        #expect(try program("check runbook.yaml").stdout.contains("WARNING  DRILL-OVERDUE  runbook.yaml:1:1"))
        let run = try program("dry-run runbook.yaml --fixture fixture.yaml --run-id d1 --no-input")
        try #require(run.status == 0, "\(run)")
        let listed = try program("runs").stdout
        // Not before somebody says so.
        #expect(try program("drills runbook.yaml").stdout.contains("never, as far as signed journals tell"))
        let said = try add(
            "d1",
            Self.people + [
                "--author-absent", "--confused", "two \"numbers\"", "--confused", "no ü", "--note", "again in May",
            ])
        #expect(said.status == 0, "\(said)")
        #expect(said.stdout.hasPrefix("Entered: run d1 was a drill of Ada Lorenz, Bob, says "), "\(said.stdout)")
        // That something was entered changes nothing about how it ended.
        #expect(try program("runs").stdout == listed)
        let told = try program("drills runbook.yaml").stdout
        #expect(told.hasPrefix("Small site (total-outage)\n  Last drill  20"), "\(told)")
        #expect(
            told.hasSuffix(
                """
                , dry run d1
                  Took part   Ada Lorenz, Bob; the author was not there
                  Outcome     succeeded
                  Time        objective 1 hour; took 4 minutes 20 seconds, of which people were
                              waited for 4 minutes
                  Confused    two "numbers"
                  Confused    no ü
                  Note        again in May
                  Since then  nothing was changed

                """), "\(told)")
        #expect(!(try program("check runbook.yaml").stdout.contains("DRILL")))
        #expect(try program("drills").stdout.hasPrefix("Small site (total-outage)\n"))
        let json = try program("drills runbook.yaml --output json").stdout
        #expect(json.contains(#""author_present":false"#) && json.contains(#""ms":260080"#), "\(json)")
        #expect(json.contains(#""people_ms":240000"#) && json.contains(#""changes":[]"#), "\(json)")
    }

    @Test("what it proves, ours and stock tools say alike; a changed word is refused by both")
    func proven() throws {
        try #require(try program("dry-run runbook.yaml --fixture fixture.yaml --run-id d1 --no-input").status == 0)
        try #require(
            try add("d1", Self.people + ["--author-present", "--confused", "say \"what\" \\\\ twice"]).status == 0)
        let verified = try program("journal verify d1")
        #expect(
            verified.status == 0
                && verified.stdout.contains("  Drill     Ada Lorenz, Bob took part, the author was there;"))
        let script = try shell("cd home/runs/d1 && sh ./verify-journal.sh", in: program.scratch.path)
        #expect(script.status == 0 && script.output.contains(": a drill, declared by "), "\(script.output)")
        #expect(
            try program("journal show d1").stdout.contains(
                "DRILL     This was a drill of Ada Lorenz, Bob; the author of the"))
        let journal = "home/runs/d1/journal.jsonl"
        let lines = try program.scratch.text(journal)
        try program.scratch.write(journal, Array(lines.replacing("Ada Lorenz", with: "Eve Lorenz").utf8))
        #expect(try program("journal verify d1").status == 7)
        #expect(try shell("cd home/runs/d1 && sh ./verify-journal.sh", in: program.scratch.path).status != 0)
        let drills = try program("drills runbook.yaml")
        #expect(drills.stdout.contains("never, as far as signed journals tell"))
        #expect(drills.stderr.contains("warning: the drill d1 does not count: "), "\(drills.stderr)")
        #expect(try program("check runbook.yaml").stdout.contains("DRILL-OVERDUE"))
    }

    @Test("who declares it signs with stock tools")
    func signedByHand() throws {
        try #require(try program("dry-run runbook.yaml --fixture fixture.yaml --run-id d1 --no-input").status == 0)
        let statement = try add("d1", Self.people + ["--author-absent", "--statement"])
        #expect(statement.status == 0, "\(statement)")
        try program.scratch.write("statement", Array(statement.stdout.utf8))
        _ = try shell(
            """
            ssh-keygen -q -t ed25519 -N '' -f key; ssh-keygen -q -Y sign -n blackstart-by-hand -f key statement
            echo "carol $(cat key.pub)" >>home/keys/allowed_signers
            """, in: program.scratch.path)
        let said = try add("d1", Self.people + ["--author-absent", "--signature", "statement.sig", "--as", "carol"])
        #expect(said.status == 0 && said.stdout.contains("says carol."), "\(said)")
        let other = try add("d1", Self.people + ["--author-present", "--signature", "statement.sig", "--as", "carol"])
        #expect(other.status == 64 && other.stderr.contains("the signature is not one over this"), "\(other)")
        #expect(try program("drills runbook.yaml").stdout.contains("the author was not there"))
    }

    @Test("what has changed since is told by name; that lines moved is no change")
    func changes() throws {
        try #require(try program("dry-run runbook.yaml --fixture fixture.yaml --run-id d1 --no-input").status == 0)
        try #require(try add("d1", Self.people + ["--author-absent"]).status == 0)
        let moved = Self.runbook.replacing("steps:", with: "# A word.\n\nsteps:")
        try program.scratch.write("runbook.yaml", Array(moved.utf8))
        #expect(try program("drills runbook.yaml").stdout.contains("  Since then  nothing was changed\n"))
        let changed = moved.replacing("echo one", with: "echo 1").replacing("id: second", with: "id: third")
        try program.scratch.write("runbook.yaml", Array(changed.utf8))
        try program.scratch.write(
            "inventory.yaml",
            Array(
                "version: 1\nname: Here\ndrills: {}\nhosts:\n  a: { address: 127.0.0.2 }\n  b: { address: 127.0.0.3 }\n"
                    .utf8))
        let told = try program("drills runbook.yaml").stdout
        #expect(
            told.hasSuffix(
                """
                  Since then  1 step is new: `third`
                  Since then  1 step was changed: `first`
                  Since then  1 step is gone: `second`
                  Since then  1 machine is new: `b`
                  Since then  1 machine was changed: `a`

                """), "\(told)")
        let checked = try program("check runbook.yaml").stdout
        #expect(checked.contains("WARNING  CHANGED-SINCE-DRILL"), "\(checked)")
        #expect(checked.contains("      - 1 step is new: `third`\n"), "\(checked)")
    }

    @Test("an answer that was given beforehand is no measurement of work by hand")
    func byHand() throws {
        let program = try Program([
            "runbook.yaml": """
            version: 1
            name: By hand
            inventory: inventory.yaml
            steps:
            - { id: hand, name: Hand, needs: [], manual: Press it. }
            - { id: one, name: One, hosts: local, needs: [hand], run: "true" }

            """, "inventory.yaml": "version: 1\nname: S\nhosts: { h: { address: 127.0.0.1 } }\n",
        ])
        #expect(try program("run runbook.yaml -y --no-input --answer hand=done").status == 0)
        let plan = try program("plan runbook.yaml").stdout
        #expect(plan.components(separatedBy: "measured in 1 run: ").count == 2, "\(plan)")
        #expect(!plan.contains("9 of 10"))
    }

    @Test("how long steps took is measured in live runs alone, and the plan takes it where there is no estimate")
    func times() throws {
        for number in 1...3 {
            let run = try program("run runbook.yaml --run-id r\(number) --no-input --answer look=done")
            try #require(run.status == 0, "\(run)")
        }
        try #require(try program("dry-run runbook.yaml --fixture fixture.yaml --run-id d1 --no-input").status == 0)
        let json = try program("drills times runbook.yaml --output json").stdout.split(separator: "\n")
        #expect(json.count == 3)
        #expect(json.dropFirst().allSatisfy { $0.contains(#""runs":3"#) && $0.contains(#""median_ms":"#) }, "\(json)")
        let plan = try program("plan runbook.yaml").stdout
        #expect(plan.contains("measured in 3 runs: ") && plan.contains("longest "), "\(plan)")
        // Its plan is another one: the steps of a run whose step failed are not measured.
        try program.scratch.write("runbook.yaml", Array(Self.runbook.replacing("echo two", with: "exit 1").utf8))
        #expect(try program("run runbook.yaml --run-id bad --no-input --answer look=done").status == 2)
        let after = try program("drills times runbook.yaml --output json").stdout
        #expect(after.contains(#""step":"second","runs":3"#) && after.contains(#""step":"first","runs":4"#), "\(after)")
    }

    @Test(
        "what does not fit is refused, and the journal stays as it was",
        arguments: [
            (["--author-absent"], "say who took part"), (["--took-part", "Ada"], "say whether the author was there"),
            (["--took-part", "Ada", "--author-present", "--author-absent"], "say whether the author was there"),
            (["--took-part", "", "--author-absent"], "`--took-part` is not a line of text"),
            (["--took-part", "Ada", "--author-absent", "--confused", "a\nb"], "`--confused` is not a line of text"),
            (["--took-part", "Ada", "--author-absent", "--as", "carol"], "goes with `--signature`"),
        ])
    func refused(_ words: [String], _ why: String) throws {
        try #require(try program("dry-run runbook.yaml --fixture fixture.yaml --run-id d1 --no-input").status == 0)
        let before = try program.scratch.text("home/runs/d1/journal.jsonl")
        let said = try add("d1", words)
        #expect(said.status == 64 && said.stderr.contains(why), "\(said)")
        #expect(try program.scratch.text("home/runs/d1/journal.jsonl") == before)
    }
}
