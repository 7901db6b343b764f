import Foundation
import TestTools
import Testing

/// What `--answer` gives beforehand, and what becomes of an answer that lacks something.
@Suite("Answers given beforehand", .serialized)
struct AnswerTests {
    @Test(
        "of what is unclear, a person's word is held against the check, and counts only once somebody has seen the question",
        arguments: [("test -e there", 0, "ok"), ("test -e nowhere", 2, "failed"), ("kill -9 $$", 5, "unclear")])
    func unclearByHand(_ check: String, _ status: Int32, _ state: String) throws {
        let program = try Program([
            "runbook.yaml": """
            version: 1
            name: A check without an answer
            inventory: inventory.yaml
            steps:
            - id: one
              name: One
              hosts: local
              run: touch once
              skip_if: never
              verify: { run: "test -e again || { test ! -e asked || touch again; touch asked; kill -9 $$; }; \(check)", exit: 0 }

            """, "inventory.yaml": "version: 1\nname: Site\nhosts: { a: { address: 127.0.0.1 } }\n", "there": "",
        ])
        let answer = ["--no-input", "--answer", "one=done:looked at it"]
        let early = try program(["run", "runbook.yaml", "--run-id", "r", "-y"] + answer)
        #expect(early.status == 5, "\(early)")
        #expect(early.stdout.contains("was given before anybody could know what is asked about one"), "\(early)")
        let said = try program(["resume", "r"] + answer)
        #expect(said.status == status, "\(said)")
        let stands = try program("status r --output json")
        #expect(stands.stdout.contains("\"one\":\"\(state)\""), "\(stands)")
    }

    @Test("an answer that lacks what the step asks for is refused with what to type, before anything begins")
    func incomplete() throws {
        let program = try Program(PromptTests.site)
        let said = try program("run runbook.yaml --run-id r -y --no-input --answer read=done")
        #expect(said.status == 64, "\(said)")
        #expect(said.stderr.contains("lacks what the step asks for: charge"), "\(said)")
        #expect(said.stderr.contains("`--answer read.charge=VALUE`"), "\(said)")
        #expect(!FileManager.default.fileExists(atPath: "\(program.scratch.path)/home/runs/r"))
        #expect(try program("run runbook.yaml --run-id r -y --no-input --answer read.charge=87").status == 2)
    }

    @Test("an answer that lacks some of the values is refused as well")
    func incompleteValues() throws {
        var files = PromptTests.site
        files["runbook.yaml"] = """
            version: 1
            name: Two values
            inventory: inventory.yaml
            steps:
            - { id: read, name: Read, needs: [], manual: Look., ask: { charge: { prompt: Charge }, load: { prompt: Load } } }

            """
        let program = try Program(files)
        let said = try program("run runbook.yaml --run-id r -y --no-input --answer read.charge=87")
        #expect(said.status == 64, "\(said)")
        #expect(said.stderr.contains("`--answer read.charge=…` lacks what the step asks for: load"), "\(said)")
        #expect(try program("run runbook.yaml -y --no-input --answer read.charge=87 --answer read.load=3").status == 0)
    }

    @Test("done, given beforehand, needs what was done and seen, where a person did not have the step before them")
    func doneNeedsReason() throws {
        let program = try Program(PromptTests.site)
        let words = "run runbook.yaml --run-id r -y --no-input --answer read.charge=87 --answer"
        let begin = words.split(separator: " ").map(String.init)
        for (answer, why) in [
            ("bad=done", "`--answer bad=done` does not say what was done"), ("bad=done:yes", "gives no reason"),
            ("bad@local=done", "does not say what was done"),
        ] {
            let said = try program(begin + [answer])
            #expect(said.status == 64 && said.stderr.contains(why), "\(said)")
        }
        #expect(try program(begin + ["bad=done"]).stderr.contains("write `--answer 'bad=done:what you did and saw'`"))
        #expect(!FileManager.default.fileExists(atPath: "\(program.scratch.path)/home/runs/r"))
        let said = try program(begin + ["bad=done:restarted it, it answers"])
        #expect(said.status == 0, "\(said)")
        #expect(try program("status r").stdout.contains("restarted it, it answers"))
    }

    @Test("an answer that was given beforehand and does not fit what is asked is named, with what would")
    func unfit() throws {
        var files = PromptTests.site
        files["runbook.yaml"] = """
            version: 1
            name: By hand, with a check
            inventory: inventory.yaml
            steps:
            - { id: hand, name: Hand, hosts: local, manual: Do it., verify: { run: "test -e there" } }

            """
        let program = try Program(files)
        let other = try program("run runbook.yaml --run-id o -y --no-input --answer hand=retry")
        #expect(other.status == 5, "\(other)")
        #expect(
            (other.stdout + other.stderr).contains(
                "warning: `--answer hand=retry` does not answer what is asked about hand@local now: the answers are done, failed, skip, stop"
            ), "\(other)")
        // Its check says no, and the second `done` says nothing more than the first one.
        let said = try program("resume o --no-input --answer hand=done --answer hand=done")
        #expect(said.status == 2, "\(said)")
        #expect(said.stdout.contains("`--answer hand=done` does not say what was done: write"), "\(said)")
    }
}
