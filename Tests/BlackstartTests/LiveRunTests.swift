import Foundation
import TestTools
import Testing

/// Steps on this machine: one that waits at the gate, one after it.
private let gated = [
    "runbook.yaml": """
    version: 1
    name: A gate
    rto: 2h
    inventory: inventory.yaml
    steps:
    - { id: first, name: First, hosts: local, run: "echo once >> first", undo: { run: "echo undone >> first" } }
    - { id: core, name: Core, checkpoint: core, needs: [first] }
    - { id: gate, name: Gate, hosts: local, needs: [core], run: "\(Program.gated)", undo: { run: "echo undone >> ran" } }
    - { id: after, name: After, hosts: local, needs: [gate], run: "echo once >> after", undo: { run: "echo undone >> after" } }

    """,
    "inventory.yaml": "version: 1\nname: This machine\nhosts:\n  a: { address: 127.0.0.1 }\n",
]

@Suite("A run on this machine", .serialized)
struct LiveRunTests {
    /// A run whose command waits at the gate.
    private func begun() throws -> (Program, Running) {
        let program = try Program(gated)
        try program.makeGate()
        let run = try program.start("run runbook.yaml --run-id r --no-input")
        try program.waitForCommand()
        return (program, run)
    }

    private func text(_ program: Program, _ name: String) -> String { (try? program.scratch.text(name)) ?? "" }

    @Test("killed in the middle of a command, it goes on where it was: the command ran once, its end is known")
    func killed() throws {
        let (program, run) = try begun()
        run.signal(SIGKILL)
        #expect(try run.end().status == -1)
        let status = try program("status r")
        #expect(status.stdout.contains("State     interrupted"), "\(status.stdout)")
        #expect(try program("runs").stdout == "r live     interrupted          A gate\n")
        try program.openGate()
        let resumed = try program("resume r --no-input")
        #expect(resumed.status == 0, "\(resumed.stdout)\(resumed.stderr)")
        #expect(resumed.stdout.contains("Run r was interrupted"), "\(resumed.stdout)")
        #expect(resumed.stdout.contains(".  RTO 2 hours: 1 hour 59 minutes left.\n"), "\(resumed.stdout)")
        #expect(text(program, "first") == "once\n" && text(program, "after") == "once\n")
        #expect(program.runs == 1)
        #expect(try program("journal verify r").status == 0)
    }

    @Test("killed before the command ended, and resumed before it ends, it waits for the same command")
    func resumedEarly() throws {
        let (program, run) = try begun()
        run.signal(SIGKILL)
        _ = try run.end()
        let resumed = try program.start("resume r --no-input")
        try resumed.wait(for: "In flight")
        try program.openGate()
        let end = try resumed.end()
        #expect(end.status == 0, "\(end.said)")
        #expect(program.runs == 1)
    }

    @Test("a second controller starts nothing, and the first is named as running")
    func second() throws {
        let (program, run) = try begun()
        let status = try program("status r").stdout
        #expect(status.contains("State     running, as process \(run.child.pid)"), "\(status)")
        #expect(try program("runs").stdout == "r live     running              A gate\n")
        let other = try program("resume r --no-input")
        #expect(other.status == 1, "\(other.stdout)")
        #expect(other.stderr.contains("two would start everything twice"), "\(other.stderr)")
        #expect(try program("rollback r --to core --no-input -y").status == 1)
        try program.openGate()
        #expect(try run.end().status == 0)
        #expect(program.runs == 1)
    }

    @Test("the first Ctrl-C ends what is in flight and starts nothing new; resume does the rest")
    func interrupted() throws {
        let (program, run) = try begun()
        run.signal(SIGINT)
        try run.wait(for: "what is in flight ends first")
        try program.openGate()
        let end = try run.end()
        #expect(end.status == 130, "\(end.said)")
        #expect(end.said.contains("blackstart resume r"))
        #expect(text(program, "after") == "")
        #expect(try program("resume r --no-input").status == 0)
        #expect(program.runs == 1 && text(program, "after") == "once\n")
    }

    @Test("the second Ctrl-C leaves at once; nothing is lost")
    func left() throws {
        let (program, run) = try begun()
        run.signal(SIGINT)
        try run.wait(for: "what is in flight ends first")
        run.signal(SIGINT)
        #expect(try run.end().status == 130)
        try program.openGate()
        #expect(try program("resume r --no-input").status == 0)
        #expect(program.runs == 1 && text(program, "after") == "once\n")
    }

    @Test("nobody reads its output any more: the run goes on to its end")
    func unread() throws {
        let (program, run) = try begun()
        try run.output.close()
        try program.openGate()
        #expect(run.child.wait() == 0)
        #expect(text(program, "after") == "once\n")
    }

    @Test("a rollback undoes in reverse what came after the checkpoint, and nothing else")
    func rollback() throws {
        let (program, run) = try begun()
        try program.openGate()
        #expect(try run.end().status == 0)
        let back = try program("rollback r --to core --no-input -y")
        #expect(back.status == 6, "\(back.stdout)\(back.stderr)")
        let undone = back.lines.filter { $0.dropFirst(10).hasPrefix("UNDONE") }
        #expect(undone.map { String($0.dropFirst(21).prefix(10)) } == ["4  After  ", "3  Gate  l"])
        #expect(text(program, "after") == "once\nundone\n" && text(program, "ran") == "ran\nundone\n")
        #expect(text(program, "first") == "once\n")
        let again = try program("rollback r --to core --no-input -y")
        #expect(again.status == 64 && again.stderr.contains("is over: rolled-back"), "\(again.stderr)")
        #expect(text(program, "after") == "once\nundone\n")
    }

    @Test("a person's word that a step is done is checked, and what is missing is said")
    func word() throws {
        var files = gated
        files["runbook.yaml"] = """
            version: 1
            name: By hand
            inventory: inventory.yaml
            steps:
            - { id: one, name: One, hosts: local, run: "exit 3", verify: { run: "test -e there" } }

            """
        let program = try Program(files)
        let said = try program(
            "run runbook.yaml --run-id r --no-input --answer".split(separator: " ").map(String.init)
                + ["one=done:it was there", "--answer", "one=skip:later on"])
        #expect(said.status == 3, "\(said.stdout)")
        let text = said.stdout.replacing("\n                        ", with: " ")
        #expect(
            text.contains("FAILED     1  One  local  it was done by hand, but the check exited with 1, not 0"),
            "\(text)")
    }

    @Test("a copy of the run's folder is enough to go on, the journal's file alone to verify")
    func moved() throws {
        let (program, run) = try begun()
        run.signal(SIGKILL)
        _ = try run.end()
        try program.openGate()
        // The receipts are this machine's: they stay where they are.
        #expect(
            try shell(
                "mkdir -p copy && mv home/runs/r copy/r && rm runbook.yaml inventory.yaml", in: program.scratch.path
            ).status == 0)
        let resumed = try program("resume copy/r --no-input")
        #expect(resumed.status == 0, "\(resumed.stdout)\(resumed.stderr)")
        #expect(program.runs == 1)
        #expect(try program("journal verify copy/r/journal.jsonl").status == 0)
    }

    @Test("what a command prints is kept whole, and none of its escapes reach a terminal")
    func escapes() throws {
        let nasty = "\u{1B}]0;owned\u{7}\u{1B}[2Jred\u{9B}31m\u{202E}\u{0}end"
        var files = gated
        files["runbook.yaml"] = """
            version: 1
            name: "Escapes \\e[31m in a name"
            inventory: inventory.yaml
            steps:
            - { id: one, name: "One \\x9b31m", hosts: local, run: "cat nasty; cat nasty >&2; exit 1", on_failure: stop }

            """
        files["nasty"] = nasty
        let program = try Program(files)
        let seen = try program("run runbook.yaml --run-id r --no-input -v")
        #expect(seen.status == 2, "\(seen.stdout)\(seen.stderr)")
        var shown = seen.stdout + seen.stderr
        for words in ["status r", "journal show r -v", "runs"] {
            let said = try program(words)
            #expect(said.status == 0)
            shown += said.stdout + said.stderr
        }
        #expect(shown.contains("owned"))
        let raw = shown.unicodeScalars.filter {
            $0.value < 32 && $0 != "\n" || (0x7F...0x9F).contains($0.value) || $0.value == 0x202E
        }
        #expect(raw.isEmpty, "\(raw.map { String($0.value, radix: 16) })")
        let kept = try shell(
            "for file in home/runs/r/outputs/*; do cmp -s \"$file\" nasty && echo same; done", in: program.scratch.path)
        // Stdout and stderr said the same, so one file holds both.
        #expect(kept.output == "same\n", "\(kept.output)")
    }
}
