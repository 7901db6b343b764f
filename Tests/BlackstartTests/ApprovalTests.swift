import Foundation
import TestTools
import Testing

/// Approvals from another terminal, with keys of stock ssh-keygen.
@Suite("Approvals from elsewhere", .serialized)
struct ApprovalTests {
    private func site(count: Int = 2) throws -> Program {
        let program = try Program([
            "runbook.yaml": """
            version: 1
            name: Four eyes
            inventory: inventory.yaml
            steps:
            - { id: go, name: Go, approval: { roles: [lead, board], count: \(count), message: Wipe the disk? } }
            - { id: wipe, name: Wipe, hosts: local, needs: [go], run: "echo wiped >> done" }

            """,
            "inventory.yaml": """
            version: 1
            name: A
            contacts:
              anna: { name: Anna, phone: "1", roles: [lead], signer: anna@site }
              bert: { name: Bert, phone: "2", roles: [board], signer: bert@site }
              carl: { name: Carl, phone: "3", roles: [cook], signer: carl@site }
            hosts: { a: { address: 127.0.0.1 } }

            """,
        ])
        for name in ["anna", "bert", "carl", "dora"] {
            _ = try shell("ssh-keygen -q -t ed25519 -N '' -C \(name)@site -f \(name)", in: program.scratch.path)
        }
        return program
    }

    /// Lists keys among the allowed signers, as who runs the runbook does.
    private func allow(_ program: Program, _ names: [String]) throws {
        let lines = names.map {
            "echo \"\($0)@site namespaces=\\\"blackstart-approval\\\" $(cut -d' ' -f1,2 \($0).pub)\" >> home/keys/allowed_signers"
        }
        _ = try shell("mkdir -p home/keys && \(lines.joined(separator: " && "))", in: program.scratch.path)
    }

    /// The number of the line that asks.
    private func question(_ program: Program, _ run: String) throws -> Int {
        let lines = try program.scratch.text("home/runs/\(run)/journal.jsonl").split(separator: "\n")
        return try #require(lines.lastIndex { $0.contains("\"t\":\"question.asked\"") }) + 1
    }

    @Test("two people approve from other terminals while the run waits, and it goes on")
    func live() throws {
        let program = try site()
        try allow(program, ["anna", "bert", "carl"])
        let run = try program.start("run runbook.yaml --run-id r -y")
        try run.wait(for: "YOUR-TURN")
        #expect(try program("approve r go --key anna") == Said(0, "Approved: go of run r, by anna@site.\n"))
        // The same person twice is one person.
        #expect(try program("approve r go --key anna").status == 0)
        let cook = try program("approve r go --key carl")
        #expect(cook.status == 64)
        #expect(cook.stderr.contains("`carl@site` has none of the roles lead, board"), "\(cook.stderr)")
        #expect((try? program.scratch.text("done")) == nil)
        #expect(try program("approve r go --key bert").status == 0)
        let end = try run.end()
        #expect(end.status == 0, "\(end.said)")
        #expect(try program.scratch.text("done") == "wiped\n")
        #expect(end.said.contains("approved by anna@site, bert@site"), "\(end.said)")
        #expect(try program("approve r go --key bert").status == 64)
    }

    @Test("approved while nobody runs it, a resume goes on; a stranger and a forged file do not count")
    func resumed() throws {
        let program = try site(count: 1)
        try allow(program, ["anna"])
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        let stranger = try program("approve r go --key bert")
        #expect(stranger.status == 64)
        #expect(stranger.stderr.contains("is not among the allowed signers"), "\(stranger.stderr)")
        #expect(stranger.stderr.contains("hint: who runs the runbook adds this line: bert@site namespaces="))
        // What another key signed in Anna's name.
        let n = try question(program, "r")
        let forged = try shell(
            """
            mkdir -p home/runs/r/approvals && head -n \(n) home/runs/r/journal.jsonl >m &&
            ssh-keygen -q -Y sign -n blackstart-approval -f bert m &&
            { printf 'by anna@site\\ncovers \(n)\\nanswer approve\\n'; cat m.sig; } > home/runs/r/approvals/go.1
            """, in: program.scratch.path)
        try #require(forged.status == 0, "\(forged.output)")
        let waiting = try program("resume r --no-input")
        #expect(waiting.status == 5, "\(waiting.stdout)\(waiting.stderr)")
        #expect(waiting.stderr.contains("approvals/go.1 was not counted"), "\(waiting.stderr)")
        #expect(try program("approve r go --key anna").status == 0)
        let done = try program("resume r --no-input")
        #expect(done.status == 0, "\(done.stdout)\(done.stderr)")
    }

    @Test("an approval for one run is none for another")
    func otherRun() throws {
        let program = try site(count: 1)
        try allow(program, ["anna"])
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        let second = [
            "run", "runbook.yaml", "--run-id", "s", "--no-input", "--beside", "r", "--reason", "a test of both",
        ]
        #expect(try program(second).status == 5)
        #expect(try program("approve r go --key anna").status == 0)
        _ = try shell("mkdir -p home/runs/s && cp -r home/runs/r/approvals home/runs/s/", in: program.scratch.path)
        let other = try program("resume s --no-input")
        #expect(other.status == 5, "\(other.stdout)")
        #expect(other.stderr.contains("was not counted"), "\(other.stderr)")
    }

    @Test("signed by hand with ssh-keygen, it counts as well")
    func byHand() throws {
        let program = try site(count: 1)
        try allow(program, ["anna"])
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        let n = try question(program, "r")
        let signed = try shell(
            "head -n \(n) home/runs/r/journal.jsonl | ssh-keygen -q -Y sign -n blackstart-approval -f anna >sig",
            in: program.scratch.path)
        try #require(signed.status == 0, "\(signed.output)")
        #expect(try program("approve r go --signature sig").status == 64)
        let wrong = try program("approve r go --signature sig --as bert@site")
        #expect(wrong.status == 64 && wrong.stderr.contains("is not among the allowed signers"), "\(wrong)")
        let other = try program("approve r go --signature sig --as anna@site --refuse")
        #expect(other.status == 64 && other.stderr.contains("hint: sign that and a last line `refuse`"), "\(other)")
        #expect(try program("approve r go --signature sig --as anna@site").status == 0)
        let done = try program("resume r --no-input")
        #expect(done.status == 0, "\(done.stdout)\(done.stderr)")
        // The record is proven by the file that says who may approve, and by nobody else's.
        let verified = try program("journal verify r")
        #expect(verified.status == 0 && verified.stdout.contains("Approved  go, by anna@site  SHA256:"), "\(verified)")
        let without = try shell("grep -v anna home/keys/allowed_signers >others", in: program.scratch.path)
        #expect(without.status == 0)
        let strict = try program("journal verify r --allowed-signers others")
        #expect(strict.status == 7 && strict.stderr.contains("anna@site signed with"), "\(strict)")
        for (list, status) in [("home/keys/allowed_signers", 0), ("others", 7)] as [(String, Int32)] {
            let script = try shell(
                "sh home/runs/r/verify-journal.sh home/runs/r/journal.jsonl \(list)", in: program.scratch.path)
            #expect(script.status == status, "\(script.output)")
        }
        // One bit of the signature, with all that follows taken off: the line itself shows.
        let bent = try shell(
            "n=$(grep -n '\"t\":\"approval\"' home/runs/r/journal.jsonl | cut -d: -f1); head -n $n home/runs/r/journal.jsonl | sed '$s/U1NIU0lH/U1NIU0lI/' >bent",
            in: program.scratch.path)
        #expect(bent.status == 0)
        let said = try program("journal verify bent")
        #expect(said.status == 7, "\(said)")
    }

    @Test("one key under two names is one person")
    func oneKey() throws {
        let program = try site()
        try allow(program, ["anna"])
        _ = try shell(
            "echo \"bert@site namespaces=\\\"blackstart-approval\\\" $(cut -d' ' -f1,2 anna.pub)\" >> home/keys/allowed_signers",
            in: program.scratch.path)
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        #expect(try program("approve r go --key anna").status == 0)
        let n = try question(program, "r")
        _ = try shell(
            "head -n \(n) home/runs/r/journal.jsonl | ssh-keygen -q -Y sign -n blackstart-approval -f anna >sig",
            in: program.scratch.path)
        #expect(try program("approve r go --signature sig --as bert@site").status == 0)
        let waiting = try program("resume r --no-input")
        #expect(waiting.status == 5, "\(waiting.stdout)")
        let journal = try program("journal show r --output json").stdout
        #expect(journal.contains("has approved under another name, and was not counted"), "\(journal)")
    }

    @Test("who runs it approves with their own signature, once")
    func operatorsOwn() throws {
        let program = try site()
        try allow(program, ["anna", "bert"])
        let run = try program(
            "run runbook.yaml --run-id r --no-input --operator-key anna --answer go=approve --answer go=approve")
        #expect(run.status == 5, "\(run)")
        #expect(try program("approve r go --key bert").status == 0)
        let done = try program("resume r --no-input --operator-key anna")
        #expect(done.status == 0, "\(done)")
        // Anna may not operate here, so the list is taken from elsewhere.
        let list = try shell(
            "for k in anna bert; do echo \"$k@site $(cut -d' ' -f1,2 $k.pub)\"; done >both", in: program.scratch.path)
        #expect(list.status == 0)
        let verified = try program("journal verify r --allowed-signers both")
        #expect(
            verified.status == 0 && verified.stdout.contains("Approved  go, by anna@site")
                && verified.stdout.contains("Approved  go, by bert@site"), "\(verified)")
    }

    @Test("what has not been asked yet can't be approved")
    func early() throws {
        let program = try site(count: 1)
        try allow(program, ["anna"])
        let text = try program.scratch.text("runbook.yaml")
            .replacing("- { id: go,", with: "- { id: first, name: First, manual: Look. }\n- { id: go, needs: [first],")
        try program.scratch.write("runbook.yaml", Array(text.utf8))
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        let said = try program("approve r go --key anna")
        #expect(said.status == 64 && said.stderr.contains("has not come to the step `go` yet"), "\(said)")
    }

    @Test("a refusal is a failure")
    func refused() throws {
        let program = try site(count: 1)
        try allow(program, ["anna"])
        let run = try program.start("run runbook.yaml --run-id r -y")
        try run.wait(for: "YOUR-TURN")
        #expect(try program("approve r go --key anna --refuse").stdout == "Refused: go of run r, by anna@site.\n")
        let end = try run.end()
        #expect(end.status == 2, "\(end.said)")
        #expect(end.said.contains("refused by anna@site"), "\(end.said)")
        #expect((try? program.scratch.text("done")) == nil)
    }
}
