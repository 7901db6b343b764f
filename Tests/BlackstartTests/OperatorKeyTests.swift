import Foundation
import TestTools
import Testing

@Suite("Who operates, with a key of their own", .serialized)
struct OperatorKeyTests {
    private let program: Program

    init() throws {
        program = try Program([
            "runbook.yaml": """
            version: 1
            name: One
            inventory: inventory.yaml
            steps:
            - { id: one, name: One, hosts: local, run: "true" }

            """, "inventory.yaml": "version: 1\nname: Here\nhosts:\n  a: { address: 127.0.0.1 }\n",
        ])
        let made = try shell(
            "ssh-keygen -q -t ed25519 -N 'open sesame' -C erna@ops -f locked", in: program.scratch.path)
        try #require(made.status == 0, "\(made.output)")
    }

    @Test("a locked key is opened with its passphrase, typed unseen; the journal is theirs")
    func locked() throws {
        let tmux = try Tmux(
            program, "run runbook.yaml --run-id r --operator-key locked -y", columns: 80, rows: 24)
        try tmux.wait(for: "Passphrase of the operator's key locked:")
        try tmux.type("close sesame")
        try tmux.press("Enter")
        try tmux.wait(for: "That does not open it.")
        try tmux.type("open sesame")
        try tmux.press("Enter")
        try tmux.wait(for: "[exit 0]")
        #expect(try !tmux.screen().contains("sesame"))
        let said = try program("journal verify r --allowed-signers home/runs/r/allowed_signers")
        let fingerprint = try shell("ssh-keygen -l -f locked | cut -d' ' -f2", in: program.scratch.path).output
        #expect(said.stdout.contains("Signed by erna@ops  \(fingerprint.dropLast())"), "\(said)")
        let hits = try shell("grep -r sesame home", in: program.scratch.path)
        #expect(hits.output == "")
    }

    @Test("where nobody is there to type it, it is said, and nothing begins")
    func nobody() throws {
        let said = try program("run runbook.yaml --run-id r --no-input --operator-key locked")
        #expect(said.status == 64)
        #expect(
            said.stderr == """
                blackstart: error: no operator key: `locked` is locked with a passphrase; be there to type it, or put the key into ssh-agent
                blackstart: hint: name one with `--operator-key FILE`, or unset BLACKSTART_OPERATOR_KEY to have one made

                """)
        #expect(!FileManager.default.fileExists(atPath: "\(program.scratch.path)/home/runs/r/journal.jsonl"))
    }
}
