import Foundation
import TestTools
import Testing

/// What people type that is not an answer, at every prompt, and what becomes of it.
@Suite("Prompts", .serialized)
struct PromptTests {
    static let site = [
        "runbook.yaml": """
        version: 1
        name: A step that fails
        inventory: inventory.yaml
        steps:
        - { id: one, name: One, hosts: local, run: "true", undo: { run: "true" } }
        - { id: cp, name: Core, needs: [one], checkpoint: core }
        - { id: two, name: Two, needs: [cp], hosts: local, run: "true", undo: { run: "exit 3" } }
        - { id: read, name: Read, needs: [two], manual: Look., ask: { charge: { prompt: Charge } } }
        - { id: bad, name: Bad, needs: [read], hosts: local, run: "exit 3" }

        """,
        "inventory.yaml": "version: 1\nname: Site\nhosts: { a: { address: 127.0.0.1 } }\n",
    ]

    private func window(_ program: Program, _ words: String) throws -> Tmux {
        try Tmux(program, words, columns: 80, rows: 24)
    }

    private func answer(_ tmux: Tmux, _ text: String) throws {
        try tmux.type(text)
        try tmux.press("Enter")
    }

    @Test("Esc, an arrow key, Enter alone and a single word are refused, asked again, and never on record")
    func refused() throws {
        let program = try Program(Self.site)
        let tmux = try window(program, "run runbook.yaml --run-id r")
        try tmux.wait(for: "Type the word begin:")
        try tmux.press("Enter")
        try tmux.wait(for: "Nothing was typed.")
        try tmux.press("Escape Enter")
        try tmux.wait(for: "keys that are not text")
        try answer(tmux, "begin")
        try tmux.wait(for: "(no default):")
        try answer(tmux, "done")
        try tmux.wait(for: "Charge:")
        try tmux.press("Up Enter")
        try tmux.wait(for: "keys that are not text", times: 2)
        try answer(tmux, "87")
        try tmux.wait(for: "Choose 1-6")
        try tmux.press("Escape Enter")
        try tmux.wait(for: "keys that are not text", times: 3)
        try answer(tmux, "skip")
        try tmux.wait(for: "Reason (goes on record):")
        try tmux.press("Escape Enter")
        try tmux.wait(for: "keys that are not text", times: 4)
        try tmux.press("Enter")
        try tmux.wait(for: "Nothing was typed.", times: 2)
        try answer(tmux, "broken")
        try tmux.wait(for: "A reason has two words or more.")
        try answer(tmux, "hv2 is broken")
        try tmux.wait(for: "Goes on record: \"hv2 is broken\"")
        try tmux.wait(for: "Type yes to keep it, or write it again:")
        try tmux.press("Enter")
        try tmux.wait(for: "Nothing was typed.", times: 3)
        try answer(tmux, "its disk is broken")
        try tmux.wait(for: "Goes on record: \"its disk is broken\"")
        try answer(tmux, "yes")
        try tmux.wait(for: "[exit 3]")
        let journal = try program.scratch.text("home/runs/r/journal.jsonl")
        #expect(journal.contains("its disk is broken") && !journal.contains("hv2 is broken"))
        #expect(!journal.contains("\\u001b") && !journal.contains("\"reason\":\"broken\""))
    }

    @Test("back leaves a reason unsaid, and the choice is asked again")
    func back() throws {
        let program = try Program(Self.site)
        let tmux = try window(program, "run runbook.yaml --run-id r -y --answer read.charge=87")
        try tmux.wait(for: "Choose 1-6")
        try answer(tmux, "skip")
        try tmux.wait(for: "Reason (goes on record):")
        try answer(tmux, "back")
        try tmux.wait(for: "Choose 1-6", times: 2)
        try answer(tmux, "stop")
        try tmux.wait(for: "[exit 2]")
    }

    @Test("a run on real machines without a terminal begins only if that was meant")
    func unattendedRun() throws {
        let program = try Program(Self.site)
        let said = try program("run runbook.yaml --run-id r --answer read.charge=87")
        #expect(said.status == 64 && said.stderr.contains("nothing was started"), "\(said)")
        #expect(!FileManager.default.fileExists(atPath: "\(program.scratch.path)/home/runs/r"))
        #expect(try program("run runbook.yaml --run-id r -y --answer read.charge=87").status == 2)
    }

    @Test("a rollback without a terminal needs a target and -y, shows what it undoes, and undoes nothing before")
    func unattended() throws {
        let program = try Program(Self.site)
        #expect(try program("run runbook.yaml --run-id r --no-input --answer read.charge=87").status == 2)
        let before = try program.scratch.text("home/runs/r/journal.jsonl")
        for words in ["rollback r", "rollback r --no-input", "rollback r -y", "rollback r --to core"] {
            let said = try program(words)
            #expect(said.status == 64, "\(words): \(said)")
            #expect(said.stderr.contains("nothing was"), "\(words): \(said)")
            #expect(
                said.stderr.contains(
                    words.contains("--to") ? "at a terminal asks" : "hint: `blackstart rollback r --to core` shows"),
                "\(words): \(said)")
        }
        #expect(try program.scratch.text("home/runs/r/journal.jsonl") == before)
        let back = try program("rollback r --to core -y")
        #expect(back.stdout.contains("Rollback to checkpoint \"core\": 1 undo on 1 machine"), "\(back.stdout)")
    }

    @Test("a rollback that was interrupted says so everywhere, and goes on, or forward, only when somebody wants it")
    func interrupted() throws {
        let program = try Program(Self.site)
        #expect(try program("run runbook.yaml --run-id r --no-input --answer read.charge=87").status == 2)
        // The undo of `two` fails, and nobody is there to ask.
        #expect(try program("rollback r --to core -y --no-input").status == 2)
        #expect(try program("runs").stdout.contains("ROLLING BACK to \"core\""))
        let status = try program("status r").stdout
        #expect(status.contains("State     ROLLING BACK to \"core\", failed:"), "\(status)")
        #expect(status.contains("blackstart resume r --forward"))
        let journal = try program.scratch.text("home/runs/r/journal.jsonl")
        let resumed = try program("resume r")
        #expect(resumed.status == 64, "\(resumed)")
        #expect(resumed.stdout.contains("ROLLING BACK to \"core\": "), "\(resumed.stdout)")
        #expect(resumed.stderr.contains("is rolling back") && resumed.stderr.contains("--forward"))
        #expect(try program.scratch.text("home/runs/r/journal.jsonl") == journal)
        let tmux = try window(program, "resume r")
        try tmux.wait(for: "Type no to change nothing:")
        try answer(tmux, "no")
        try tmux.wait(for: "[exit 64]")
        #expect(try program.scratch.text("home/runs/r/journal.jsonl") == journal)
        let forward = try program(
            "resume r --forward --no-input --answer".split(separator: " ").map(String.init)
                + ["two=done:looked at it", "--answer", "bad=done:looked at it"])
        #expect(forward.status == 0, "\(forward)")
        #expect(forward.stdout.contains("gave up the rollback"), "\(forward.stdout)")
        #expect(try program("runs").stdout.contains("succeeded"))
        #expect(try program("journal verify r").status == 0)
    }

    @Test(
        "a function key is no letter: F1, which ends in P, does not pause, and the arrow that ends in D shows nothing")
    func functionKey() throws {
        var files = Self.site
        files["runbook.yaml"] = """
            version: 1
            name: A gate
            inventory: inventory.yaml
            steps: [{ id: one, name: One, hosts: local, run: "\(Program.gated)" }]

            """
        let program = try Program(files)
        try program.makeGate()
        let tmux = try window(program, "run runbook.yaml --run-id r -y")
        try program.waitForCommand()
        try tmux.wait(for: "q stop safely")
        try tmux.press("F1 Left")
        try tmux.press("d")
        try tmux.wait(for: "no details")
        try program.openGate()
        try tmux.wait(for: "[exit 0]")
        #expect(try !program("journal show r").stdout.contains("PAUSED"))
    }

    @Test("DONE counts what was verified, what a person said, and what nothing looked at")
    func counts() throws {
        var files = Self.site
        files["runbook.yaml"] = """
            version: 1
            name: Three kinds
            inventory: inventory.yaml
            steps:
            - { id: one, name: One, hosts: local, run: "echo x > one", verify: { run: "cat one", equals: x } }
            - { id: two, name: Two, needs: [], hosts: local, run: "true" }
            - { id: three, name: Three, needs: [], manual: Look. }
            - { id: four, name: Four, needs: [], hosts: local, run: "true", verify: { run: "echo status stopped" } }

            """
        let program = try Program(files)
        let said = try program("run runbook.yaml --run-id r --no-input --answer three=done")
        #expect(
            said.stdout.replacing("\n  ", with: " ").contains(
                "DONE. 1 verified, 1 confirmed by a person, 1 by a check that always passes, 1 without a check."),
            "\(said.stdout)")
        #expect(said.stdout.contains("1  One  local  verified: x"))
        #expect(try program("status r").stdout.contains("verified: x"))
        let alone = try program("run runbook.yaml --run-id s --no-input --until one")
        #expect(alone.stdout.contains("ALREADY    1  One  local  verified: x"), "\(alone.stdout)")
        #expect(alone.stdout.contains("DONE. The only step is verified. Left out, as asked: 3 steps."))
    }

    @Test("what the command line leaves out is said before and after: steps, machines, and what a person was to do")
    func leftOut() throws {
        let program = try Program([
            "runbook.yaml": """
            version: 1
            name: Three machines
            inventory: inventory.yaml
            steps:
            - { id: power, name: Switch it on, needs: [], manual: Press it. }
            - { id: wipe, name: Wipe it, needs: [power], hosts: local, run: "touch wiped", danger: It wipes. }
            - { id: up, name: Up, needs: [wipe], hosts: [local, a, b], run: "echo up" }

            """,
            "inventory.yaml":
                "version: 1\nname: Site\nhosts: { a: { address: 127.0.0.2 }, b: { address: 127.0.0.3 } }\n",
        ])
        let said = try program("run runbook.yaml --run-id r -y --no-input --start-at up --limit !a,!b")
        let words = said.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(said.status == 0, "\(said)")
        #expect(words.contains("Left out 2 steps and 2 machines (a, b), as the command line says"), "\(words)")
        #expect(
            words.contains("NOT DONE Switch it on; Wipe it: left out, though what is selected waits for it"), "\(words)"
        )
        #expect(
            words.contains("DONE. 1 without a check. Left out, as asked: 2 steps and 2 machines (a, b)."), "\(words)")
    }

    @Test("why a run stopped is said as it was: a person, a failure, a rollback; what was undone is counted")
    func stopped() throws {
        let program = try Program(Self.site)
        let failed = try program("run runbook.yaml --run-id r -y --no-input --answer read.charge=87")
        #expect(failed.stdout.contains("STOPPED: step bad@local failed, and nobody was there to ask."), "\(failed)")
        let person = try program("resume r -y --no-input --answer bad=stop")
        #expect(person.stdout.contains("STOPPED by "), "\(person)")
        #expect(try program("status r").stdout.contains("FAILED"))
        let undone = try program([
            "rollback", "r", "--to", "start", "-y", "--answer", "two=skip:no way to undo it",
        ])
        #expect(undone.stdout.contains("ROLLED BACK. ") && undone.stdout.contains(" undone."), "\(undone)")
        let status = try program("status r").stdout
        #expect(!status.contains("verified"), "\(status)")
    }

    @Test("on a terminal a rollback is given up only by the word, also where the option was typed")
    func forwardAsks() throws {
        let program = try Program(Self.site)
        #expect(try program("run runbook.yaml --run-id r -y --no-input --answer read.charge=87").status == 2)
        #expect(try program("rollback r --to core -y --no-input").status == 2)
        let journal = try program.scratch.text("home/runs/r/journal.jsonl")
        let tmux = try window(program, "resume r --forward")
        try tmux.wait(for: "Type forward to give up the rollback")
        try answer(tmux, "begin")
        try tmux.wait(for: "nothing was changed")
        try tmux.wait(for: "[exit 64]")
        #expect(try program.scratch.text("home/runs/r/journal.jsonl") == journal)
        let again = try window(program, "resume r --forward")
        try again.wait(for: "Type forward to give up the rollback")
        try answer(again, "forward")
        try again.wait(for: "(no default):")
        #expect(try program.scratch.text("home/runs/r/journal.jsonl").contains("rollback.abandoned"))
    }

    @Test("a danger shows its whole command, its check and its undo to whoever asks, and takes no number")
    func danger() throws {
        var files = Self.site
        let long = (1...9).map { "echo \($0)" }.joined(separator: "\n    ")
        files["runbook.yaml"] = """
            version: 1
            name: It wipes
            inventory: inventory.yaml
            steps:
            - id: wipe
              name: Wipe the old disk
              hosts: local
              danger: It wipes the disk.
              irreversible: what was on it is gone
              run: |
                \(long.replacing("    ", with: "    "))
              verify: { run: "test -e wiped", exit: 0 }

            """
        let program = try Program(files)
        let tmux = try window(program, "run runbook.yaml --run-id r -y")
        try tmux.wait(for: "and 3 more lines: type details")
        try tmux.wait(for: "Wipe the old disk (local). Type the word (no default):")
        try answer(tmux, "1")
        try tmux.wait(for: "Numbers are not answers to this question.")
        try answer(tmux, "details")
        try tmux.wait(for: "echo 9")
        try tmux.wait(for: "none, it can't be undone: what was on it is gone")
        try tmux.wait(for: "test -e wiped")
        try answer(tmux, "stop")
        try tmux.wait(for: "[exit 2]")
    }

    @Test("the preview of a rollback shows the last word of a long undo")
    func wholePreview() throws {
        var files = Self.site
        let long = (1...60).map { "echo number-\($0)" }.joined(separator: "; ")
        files["runbook.yaml"] = """
            version: 1
            name: Long
            inventory: inventory.yaml
            steps: [{ id: one, name: One, hosts: local, run: "true", undo: { run: "\(long); chassis-power-soft" } }]

            """
        let program = try Program(files)
        #expect(try program("run runbook.yaml --run-id r -y --no-input").status == 0)
        let said = try program("rollback r --to start")
        #expect(said.status == 64 && said.stdout.contains("chassis-power-soft"), "\(said)")
    }

    @Test("a run with gaps lists what is missing, and the command that it gives for each brings that in")
    func bringIn() throws {
        var files = Self.site
        files["runbook.yaml"] = """
            version: 1
            name: Gaps
            inventory: inventory.yaml
            steps:
            - { id: one, name: One, hosts: local, run: "echo 1 >> one" }
            - { id: two, name: Two, needs: [one], hosts: local, run: "test -e ready && echo 2 >> two" }
            - { id: three, name: Three, needs: [two], hosts: local, run: "echo 3 >> three" }

            """
        let program = try Program(files)
        let said = try program([
            "run", "runbook.yaml", "--run-id", "r", "--no-input", "--answer", "two=skip:not ready yet",
        ])
        #expect(said.status == 3, "\(said.stdout)")
        #expect(said.stdout.contains("FINISHED WITH GAPS. 2 without a check, 1 missing."), "\(said.stdout)")
        let command = try #require(said.lines.first { $0.contains("Bring it in: blackstart ") })
        let words = try #require(command.split(separator: "Bring it in: blackstart ").last.map(String.init))
        try program.scratch.write("ready", [])
        let again = try program("\(words) --no-input")
        #expect(again.status == 0, "\(words): \(again)")
        #expect(try program.scratch.text("one") == "1\n" && program.scratch.text("two") == "2\n")
        #expect(try program.scratch.text("three") == "3\n")
    }

    @Test("times are those of the clock on the wall, with the zone; the journal keeps UTC")
    func zone() throws {
        let program = try Program()
        _ = try program("init site")
        let command = "TZ=Europe/Berlin '\(Program.executable)'"
        let environment = program.environment.merging(["TZ": "Europe/Berlin"]) { $1 }
        let said = try shell(
            "\(command) dry-run site/runbook.yaml --fixture site/fixture.yaml --run-id t && \(command) status t",
            in: program.scratch.path, environment: environment)
        #expect(said.output.contains("2026-01-15 04:00:00 CET"), "\(said.output)")
        #expect(said.output.contains("04:02:40  OK         2"), "\(said.output)")
        #expect(try program.scratch.text("home/runs/t/journal.jsonl").contains("2026-01-15T03:02:40"))
    }
}
