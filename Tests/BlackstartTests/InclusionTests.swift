import TestTools
import Testing

/// A run whose steps come from two files, one within the other.
@Suite("A run of runbooks within runbooks") struct InclusionTests {
    private static let files = [
        "runbook.yaml": """
        version: 1
        name: The whole
        inventory: inventory.yaml
        vars: { word: outer }
        secrets: { word: { from: env, name: A_WORD } }
        steps:
        - { id: begin, name: Begin, needs: [], hosts: local, run: echo begun >> log, undo: { run: echo unbegun >> log } }
        - { id: tiers, name: Tiers, needs: [begin], uses: parts/tiers.yaml, with: { word: "${{ vars.word }} word" } }
        - { id: end, name: End, needs: [tiers], hosts: local, run: echo ended >> log, undo: none }
        """,
        "parts/tiers.yaml": """
        version: 1
        name: Tiers
        inventory: ../inventory.yaml
        vars: { word: inner, count: { default: 2, type: integer } }
        steps:
        - { id: db, name: DB, uses: db/db.yaml, with: { word: "${{ vars.word }}!", count: "${{ vars.count }}" } }
        - { id: after, name: After, needs: [db], hosts: local, run: echo after >> log, undo: { run: echo unafter >> log } }
        """,
        "parts/db/db.yaml": """
        version: 1
        name: DB
        inventory: ../../inventory.yaml
        vars: { word: , count: { type: integer } }
        secrets: { word: { from: file, path: word } }
        steps:
        - { id: start, name: Start, hosts: local, script: { file: say.sh, args: ["${{ vars.word }}", "${{ vars.count }}"] },
            env: { WORD: "${{ secrets.word }}" }, undo: { run: echo stopped >> log } }
        - { id: core, name: Core, needs: [start], checkpoint: core }
        - { id: look, name: Look, needs: [core], manual: Look at it. }
        """,
        "parts/db/say.sh": "#!/bin/sh\necho \"$1 $2 ${#WORD}\" >> log\n",
        "inventory.yaml": "version: 1\nname: This machine\nhosts:\n  a: { address: 127.0.0.1 }\n",
    ]

    private func log(_ program: Program) -> String { (try? program.scratch.text("log")) ?? "" }

    private func play(_ program: Program, _ words: String) throws -> Said {
        try said(
            by: [Program.executable] + words.split(separator: " ").map(String.init), in: program.scratch.path,
            environment: program.environment.merging(["A_WORD": "sesame"]) { $1 })
    }

    @Test("it waits inside, goes on there from its own copies of all files, and is taken back to a point inside")
    func resumed() throws {
        let program = try Program(Self.files)
        let begun = try play(program, "run runbook.yaml --run-id r --no-input")
        #expect(begun.status == 5, "\(begun.stdout)\(begun.stderr)")
        #expect(log(program) == "begun\nouter word! 2 6\n")
        for name in Self.files.keys where name != "inventory.yaml" {
            try program.scratch.write(name, Array("gone".utf8))
        }
        let resumed = try play(program, "resume r --no-input --answer tiers/db/look=done")
        #expect(resumed.status == 0, "\(resumed.stdout)\(resumed.stderr)")
        #expect(log(program) == "begun\nouter word! 2 6\nafter\nended\n")
        #expect(try program("journal verify r").status == 0)
        let all = try program("status r --output json")
        #expect(all.stdout.contains(#""tiers/db/start":"ok""#), "\(all.stdout)")
    }

    @Test("a run that waits inside is rolled back from its own copies; a new one reads the files as they are")
    func rolledBack() throws {
        let program = try Program(Self.files)
        _ = try play(program, "run runbook.yaml --run-id r --no-input")
        try program.scratch.write("parts/db/db.yaml", Array("gone".utf8))
        let back = try play(program, "rollback r --to start --no-input -y")
        #expect(back.status == 6, "\(back.stdout)\(back.stderr)")
        #expect(log(program) == "begun\nouter word! 2 6\nstopped\nunbegun\n")
        let anew = try play(program, "run runbook.yaml --run-id s --no-input")
        #expect(anew.status == 65 && anew.stderr.contains("parts/db/db.yaml:1:1"), "\(anew.stderr)")
    }

    @Test("a changed copy of an included runbook is refused")
    func changed() throws {
        let program = try Program(Self.files)
        _ = try play(program, "run runbook.yaml --run-id r --no-input")
        let copy = "home/runs/r/runbooks/1"
        let text = try program.scratch.text(copy)
        #expect(text.hasPrefix("version: 1\nname: DB\n"))
        try program.scratch.write(copy, Array((text + "\n").utf8))
        let resumed = try play(program, "resume r --no-input --answer tiers/db/look=done")
        #expect(resumed.status == 65 && resumed.stderr.contains("is not the one that run `r` began with"))
    }

    @Test("a variable inside is given from the command line by its whole name")
    func given() throws {
        let program = try Program(Self.files)
        _ = try play(program, "run runbook.yaml --run-id r --no-input -e tiers/count=7 -e tiers/db/word=x")
        #expect(log(program) == "begun\nx 7 6\n")
        let wrong = try play(program, "plan runbook.yaml -e tiers/count=many")
        #expect(wrong.status == 64 && wrong.stderr.contains("`many` is no integer"), "\(wrong.stderr)")
    }
}
