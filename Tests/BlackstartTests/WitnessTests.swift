import Foundation
import RunbookTransport
import TestTools
import Testing

@Suite("A witness host keeps a copy that only grows", .serialized)
struct WitnessTests {
    private let server: TestServer
    private let program: Program

    /// The server plays the account with the forced command, whatever it is asked.
    init() throws {
        server = try TestServer(login: "exec /bin/sh 'DIR/witness'")
        try server.scratch.write("witness", Array(WitnessScript.text.utf8))
        program = try Program([
            "runbook.yaml": """
            version: 1
            name: Watched
            inventory: inventory.yaml
            steps:
            - { id: one, name: One, hosts: local, run: "echo 1" }
            - { id: here, name: Here, checkpoint: here, needs: [one] }
            - { id: two, name: Two, hosts: local, needs: [here], run: "test -e go", on_failure: stop }
            - { id: there, name: There, checkpoint: there, needs: [two] }
            - { id: noted, name: Noted, hosts: local, needs: [there], timeout: 20s, run: "\(Self.noted)" }

            """,
            "inventory.yaml": """
            version: 1
            name: Site
            witnesses: [w1]
            defaults: { identity_file: \(server.scratch.path)/client_key, known_hosts: \(server.scratch.path)/known_hosts }
            hosts: { w1: { address: 127.0.0.1, port: \(server.port) } }

            """,
        ])
        let run = try program("run runbook.yaml --run-id r --no-input")
        try #require(run.status == 2, "\(run)")
    }

    /// Until the witness has signed what stood when the checkpoint was reached, or is dark.
    private static let noted =
        "until test -e dark || grep -q [b]lackstart-witness home/runs/*/journal.jsonl; do sleep 0.05; done"

    private var copy: String { "\(server.scratch.path)/home/.blackstart/witness/runs/r" }

    private func goOn() throws {
        try program.scratch.write("go", [])
        let run = try program("resume r --no-input")
        try #require(run.status == 0, "\(run)")
    }

    @Test("it has all of a run when the run is over, closing seal included, and both verifiers say so")
    func keeps() throws {
        try goOn()
        let same = try shell("cat '\(copy)'/* | cmp - home/runs/r/journal.jsonl", in: program.scratch.path)
        #expect(same.status == 0, "\(same.output)")
        let said = try program("journal verify r --hosts")
        #expect(said.status == 0, "\(said)")
        #expect(said.stdout.contains("Hosts     w1 is a witness: it keeps a copy of lines 1 to "), "\(said.stdout)")
        let journal = try program.scratch.text("home/runs/r/journal.jsonl")
        #expect(journal.contains("\"t\":\"witness\""))
        let script = try shell("cd home/runs/r && sh ./verify-journal.sh", in: program.scratch.path)
        #expect(script.status == 0 && script.output.contains(": w1 keeps a copy of lines 1 to "), "\(script.output)")
    }

    @Test("a copy of the run that is older than the witness's is not resumed, and is told")
    func older() throws {
        _ = try shell("cp -r home/runs/r old", in: program.scratch.path)
        try goOn()
        let ran = try program.scratch.text("home/runs/r/journal.jsonl")
        let old = try program("resume ./old --no-input")
        #expect(
            old.status == 7 && old.stderr.contains("it was cut, or is an older copy, so nothing was started"), "\(old)")
        let said = try program("journal verify ./old --hosts")
        #expect(said.status == 7 && said.stdout.contains("w1 is a witness: it keeps "), "\(said)")
        // What it keeps is the newest, and it is whole.
        let fetched = try program("witness fetch w1 r --inventory inventory.yaml -o newest")
        #expect(fetched.status == 0, "\(fetched)")
        #expect(try program.scratch.text("newest") == ran)
        let over = try program("witness fetch w1 r --inventory inventory.yaml -o newest")
        #expect(over.status == 64, "\(over)")
    }

    @Test("a journal that went on elsewhere is a fork, told while it happens and when it is asked")
    func forked() throws {
        _ = try shell("cp -r home/runs/r other", in: program.scratch.path)
        try goOn()
        server.end()
        try program.scratch.write("dark", [])
        let offline = try program.elsewhere("resume ./other --no-input")
        #expect(offline.status == 0, "\(offline)")
        #expect(offline.stderr.contains("whether this copy is the newest is not known"), "\(offline.stderr)")
        #expect(offline.stdout.contains("witness w1 does not keep the journal now: "), "\(offline.stdout)")
    }

    @Test("a witness that keeps another journal of that name is told of at once, and is left alone")
    func otherJournal() throws {
        let other = WitnessRequest.push(run: "r2", offset: 0, bytes: Array("{\"another\":1}\n".utf8))
        try server.scratch.write("question", other.input)
        _ = try shell(
            "HOME='\(server.scratch.path)/home' sh witness <question", in: server.scratch.path)
        try program.scratch.write("go", [])
        try program.scratch.write("dark", [])
        let run = try program([
            "run", "runbook.yaml", "--run-id", "r2", "--no-input", "--beside", "r", "--reason", "a test of both",
        ])
        #expect(run.status == 0, "\(run)")
        #expect(run.stdout.contains("witness w1 keeps another journal of this run"), "\(run.stdout)")
        let said = try program("journal verify r2 --hosts")
        #expect(said.status == 7 && said.stderr.contains("w1 is a witness: it keeps other bytes"), "\(said)")
        #expect(try program("journal verify r2").status == 0)
    }

    @Test("a run whose witness is dark goes on without")
    func dark() throws {
        server.end()
        try program.scratch.write("dark", [])
        try program.scratch.write("go", [])
        let run = try program("resume r --no-input")
        #expect(run.status == 0, "\(run)")
        #expect(try program("journal verify r --hosts").status == 4)
        #expect(try program("journal verify r").status == 0)
    }

    @Test("what a witness can't be asked for is said")
    func wrong() throws {
        let host = try program("witness fetch w2 r --inventory inventory.yaml -o x")
        #expect(host.status == 64 && host.stderr.contains("did you mean `w1`?"), "\(host)")
        let run = try program("witness fetch w1 other --inventory inventory.yaml -o x")
        #expect(run.status == 64 && run.stderr.contains("w1 has no copy of a run `other`"), "\(run)")
        let name = try program("witness fetch w1 ../r --inventory inventory.yaml -o x")
        #expect(name.status == 64, "\(name)")
        try program.scratch.write(
            "inventory.yaml",
            Array("version: 1\nname: A\nwitnesses: [w3]\nhosts: { w1: { address: 127.0.0.1 } }\n".utf8))
        let check = try program("check runbook.yaml")
        #expect(
            check.status == 65 && check.stderr.contains("inventory.yaml:3:13: error: unknown host `w3`"), "\(check)")
    }
}
