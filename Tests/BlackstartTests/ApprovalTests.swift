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

    @Test("two people approve from other terminals while the run waits, and it goes on")
    func live() throws {
        let program = try site()
        try allow(program, ["anna", "bert", "carl"])
        let run = try program.start("run runbook.yaml --run-id r")
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
        _ = try shell(
            "mkdir -p home/runs/r/approvals && printf 'by anna@site\nblackstart approval 1\n' > home/runs/r/approvals/go.1",
            in: program.scratch.path)
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
        #expect(try program("run runbook.yaml --run-id s --no-input").status == 5)
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
        let opening = try #require(try program.scratch.text("home/runs/r/journal.jsonl").split(separator: "\n").first)
        let value = try #require(try JSONSerialization.jsonObject(with: Data(opening.utf8)) as? [String: Any])
        let statement =
            "blackstart approval 1\nrun r\nmark \(value["mark"] ?? "")\nplan \(value["plan"] ?? "")\nstep go\nanswer approve\n"
        try program.scratch.write("statement", Array(statement.utf8))
        let signed = try shell(
            """
            ssh-keygen -q -Y sign -n blackstart-approval -f anna statement && mkdir -p home/runs/r/approvals &&
            { echo 'by anna@site'; cat statement statement.sig; } > home/runs/r/approvals/go.hand
            """, in: program.scratch.path)
        try #require(signed.status == 0, "\(signed.output)")
        let done = try program("resume r --no-input")
        #expect(done.status == 0, "\(done.stdout)\(done.stderr)")
    }

    @Test("a refusal is a failure")
    func refused() throws {
        let program = try site(count: 1)
        try allow(program, ["anna"])
        let run = try program.start("run runbook.yaml --run-id r")
        try run.wait(for: "YOUR-TURN")
        #expect(try program("approve r go --key anna --refuse").stdout == "Refused: go of run r, by anna@site.\n")
        let end = try run.end()
        #expect(end.status == 2, "\(end.said)")
        #expect(end.said.contains("refused by anna@site"), "\(end.said)")
        #expect((try? program.scratch.text("done")) == nil)
    }
}
