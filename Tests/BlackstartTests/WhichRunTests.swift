import Foundation
import TestTools
import Testing

/// What a person sees of a run before it is gone on with, or taken back, and which one that is.
@Suite("Which run it is", .serialized)
struct WhichRunTests {
    private static let inventory = "version: 1\nname: Site\nhosts: { a: { address: 127.0.0.1 } }\n"

    private static func book(_ name: String) -> String {
        """
        version: 1
        name: \(name)
        inventory: inventory.yaml
        steps:
        - { id: one, name: One, hosts: local, run: "true", undo: { run: "true" } }
        - { id: bad, name: Bad, needs: [one], hosts: local, run: "exit 3" }

        """
    }

    /// Two runs that stopped half-way, `old` and then `new`; the older one was written to last.
    private func two() throws -> Program {
        let program = try Program([
            "old.yaml": Self.book("The old site"), "new.yaml": Self.book("The new site"),
            "inventory.yaml": Self.inventory,
        ])
        #expect(try program("run old.yaml -y --no-input --run-id old").status == 2)
        #expect(
            try program([
                "run", "new.yaml", "-y", "--no-input", "--run-id", "new", "--beside", "old", "--reason", "a test",
            ])
            .status == 2)
        #expect(
            try program([
                "journal", "add", "old", "--what", "looked at it", "--when", "now", "--step", "bad", "--failed",
            ]).status == 0)
        return program
    }

    @Test("without a name and without a terminal, nothing is chosen between two", arguments: ["resume", "rollback"])
    func ambiguous(_ command: String) throws {
        let program = try two()
        let said = try program("\(command) --no-input")
        #expect(said.status == 64, "\(said)")
        #expect(said.stderr.contains("is meant: new, old?"), "\(said)")
        #expect(said.stdout == "")
    }

    @Test("the newest is the one that began last, not the one that was written to last")
    func newest() throws {
        let program = try two()
        #expect(try program("status").stdout.hasPrefix("Run new "))
        let runs = try program("runs").stdout.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(runs == ["old", "new"], "\(runs)")
    }

    @Test("with one alone, no name is needed; it says which run of which runbook and inventory it goes on with")
    func only() throws {
        let program = try two()
        #expect(try program("rollback old --to start -y").status == 6)
        let said = try program("resume --no-input")
        #expect(said.status == 2, "\(said)")
        for words in ["LIVE", "The new site, run new", "Began", "Inventory", "inventory.yaml", "Files     unchanged"] {
            #expect(said.stdout.contains(words), "\(words): \(said.stdout)")
        }
    }

    @Test("a file that was changed since is named: the run goes on with its own copy")
    func changed() throws {
        let program = try two()
        try program.scratch.write("old.yaml", Array(Self.book("Mended").utf8))
        let said = try program("resume old --no-input")
        let words = said.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("Files CHANGED since it began: \(program.scratch.path)/old.yaml."), "\(said)")
        #expect(words.contains("only a new run takes the change"))
        #expect(!said.stdout.contains("unchanged"))
    }

    @Test("on a terminal a run that nobody named is shown, and waits for the word begin")
    func asked() throws {
        let program = try two()
        let tmux = try Tmux(program, "resume", columns: 80, rows: 24)
        try tmux.wait(for: "The new site, run new")
        try tmux.wait(for: "Go on with this run? Type the word begin:")
        try tmux.type("no")
        try tmux.press("Enter")
        try tmux.wait(for: "nothing was started")
        try tmux.wait(for: "[exit 64]")
        #expect(try !program.scratch.text("home/runs/new/journal.jsonl").contains("session.open"))
    }

    @Test("a rollback says which run it takes back, and that it ends it, before it asks")
    func rollback() throws {
        let program = try two()
        let tmux = try Tmux(program, "rollback old", columns: 80, rows: 24)
        for words in [
            "LIVE", "The old site, run old", "the run is over", "Rollback to the start", "Type start to begin",
        ] {
            try tmux.wait(for: words)
        }
        try tmux.type("no")
        try tmux.press("Enter")
        try tmux.wait(for: "[exit 64]")
    }

    @Test("a name that a run of the same minute has is drawn again")
    func names() throws {
        let program = try Program([
            "one.yaml":
                "version: 1\nname: One\ninventory: inventory.yaml\nsteps: [{ id: a, name: A, hosts: local, run: \"true\" }]\n",
            "inventory.yaml": Self.inventory,
        ])
        // As if all names of this minute and the next ones were taken but those that begin with a late letter.
        let taken = try shell(
            """
            for m in 0 1 2 3 4 5; do d=$(date -u -d "+$m minutes" +%Y%m%d-%H%M)
              for l in a b c d e f g h j k m n p q r s t u v w x y; do for n in 2 3 4 5 6 7 8 9; do mkdir -p "home/runs/$d-$l$n"; done; done
            done
            """, in: program.scratch.path)
        #expect(taken.status == 0)
        for _ in 0..<6 { #expect(try program("run one.yaml -y --no-input").status == 0) }
    }

    @Test("a slip of the pen is not led to a switch that asks nobody", arguments: ["--gaps", "--yess", "--forwards"])
    func slip(_ option: String) throws {
        let said = try two()("resume \(option) old")
        #expect(said.status == 64, "\(said)")
        #expect(said.stderr.contains("Unknown option '\(option)'") && !said.stderr.contains("Did you mean"), "\(said)")
    }

    @Test("what a condition passed over is decided anew where a rollback that undid its ground is given up")
    func conditionAgain() throws {
        let program = try Program([
            "runbook.yaml": """
            version: 1
            name: Modes
            inventory: inventory.yaml
            steps:
            - { id: a, name: A, needs: [], hosts: local, run: cat mode, skip_if: never, outputs: { mode: { match: "(.+)" } }, undo: { run: "true" } }
            - { id: b, name: B, needs: [a], hosts: local, when: 'steps.a.outputs.mode == "standby"', run: touch b }
            - { id: c, name: C, needs: [b], hosts: local, run: test -e ok, undo: { run: "true" } }
            - { id: d, name: D, needs: [], hosts: local, run: "true", undo: { run: test -e ok } }

            """, "inventory.yaml": Self.inventory, "mode": "primary\n",
        ])
        #expect(try program("run runbook.yaml -y --no-input --run-id r").status == 2)
        let stuck = try program("rollback r --to start -y --no-input")
        #expect(stuck.status != 6, "\(stuck)")
        try program.scratch.write("mode", Array("standby\n".utf8))
        try program.scratch.write("ok", [])
        let said = try program(["resume", "r", "--forward", "-y", "--no-input", "--answer", "d=done:did it by hand"])
        #expect(said.status == 0, "\(said)")
        #expect(FileManager.default.fileExists(atPath: "\(program.scratch.path)/b"), "\(said)")
    }
}
