import Foundation
import TestTools
import Testing

@Suite("Work that was done by hand while the controller was down")
struct HandWorkTests {
    private let program: Program

    init() throws {
        program = try Program([
            "runbook.yaml": """
            version: 1
            name: Three
            inventory: inventory.yaml
            steps:
            - { id: first, name: First, hosts: local, run: "echo one" }
            - { id: second, name: Second, hosts: local, needs: [first], run: "echo ran >>second; exit 1", on_failure: stop }
            - { id: third, name: Third, hosts: local, needs: [second], run: "echo three" }

            """,
            "inventory.yaml": "version: 1\nname: This machine\nhosts:\n  a: { address: 127.0.0.1 }\n",
        ])
        let run = try program("run runbook.yaml --run-id r --no-input")
        try #require(run.status == 2, "\(run)")
    }

    private func add(_ words: [String]) throws -> Said {
        try program(["journal", "add", "r", "--what", "started \"it\" by hand", "--when", "03:40"] + words)
    }

    @Test("a step that was done by hand counts as done when the run goes on, and is not run again")
    func done() throws {
        let said = try add(["--step", "second", "--done"])
        #expect(said.status == 0, "\(said)")
        #expect(said.stdout.contains("Entered: work by hand for the step second of run r, done by "), "\(said.stdout)")
        let run = try program("resume r --no-input")
        #expect(run.status == 0, "\(run)")
        #expect(try program.scratch.text("second") == "ran\n")
        let verified = try program("journal verify r")
        #expect(verified.status == 0, "\(verified)")
        #expect(verified.stdout.contains("  By hand   second, by "), "\(verified.stdout)")
        #expect(verified.stdout.contains("started \"it\" by hand (03:40)"), "\(verified.stdout)")
        let shown = try program("journal show r")
        #expect(
            shown.stdout.contains("BY-HAND   second: started \"it\" by hand (done). Done 03:40, by "), "\(shown.stdout)"
        )
        let script = try shell("cd home/runs/r && sh ./verify-journal.sh", in: program.scratch.path)
        #expect(script.status == 0 && script.output.contains(": done by hand, signed by "), "\(script.output)")
    }

    @Test("who did it signs with stock tools, and what they signed is what is entered")
    func signedByHand() throws {
        let statement = try add(["--step", "second", "--done", "--statement"])
        #expect(statement.status == 0, "\(statement)")
        try program.scratch.write("statement", Array(statement.stdout.utf8))
        _ = try shell(
            "ssh-keygen -q -t rsa -N '' -f key; ssh-keygen -q -Y sign -n blackstart-by-hand -f key statement",
            in: program.scratch.path)
        let words = ["--step", "second", "--done", "--signature", "statement.sig", "--as", "carol"]
        let said = try add(words)
        #expect(said.status == 0 && said.stdout.contains("done by carol."), "\(said)")
        // She is not among the allowed signers yet.
        #expect(said.stderr.contains("warning: carol (SHA256:"), "\(said.stderr)")
        #expect(try program("journal verify r").status == 7)
        _ = try shell("echo \"carol $(cat key.pub)\" >>home/keys/allowed_signers", in: program.scratch.path)
        let verified = try program("journal verify r")
        #expect(verified.status == 0 && verified.stdout.contains("  By hand   second, by carol "), "\(verified)")
        let other = try program([
            "journal", "add", "r", "--what", "something else", "--when", "03:40", "--signature", "statement.sig",
            "--as",
            "carol",
        ])
        #expect(other.status == 64 && other.stderr.contains("the signature is not one over this"), "\(other)")
    }

    @Test(
        "what does not fit is refused, and the journal stays as it was",
        arguments: [
            (["--step", "secnd", "--done"], "did you mean `second`?"),
            (["--step", "first", "--done"], "is ok already"),
            (["--done"], "name it with `--step`"), (["--host", "a"], "name it with `--step`"),
            (["--step", "second", "--host", "a"], "has no host `a`"),
            (["--step", "second", "--done", "--failed"], "not both"), (["--as", "carol"], "goes with `--signature`"),
            (["--what", "two\nlines"], "keys that are not text"), (["--what", ""], "Nothing was typed"),
            (["--what", "mended"], "two words or more"), (["--what", "\u{1B}"], "keys that are not text"),
            (["--when", " "], "Nothing was typed"),
            (["--signature", "runbook.yaml", "--as", "carol"], "is no signature of ssh-keygen"),
        ])
    func refused(_ words: [String], _ why: String) throws {
        let before = try program.scratch.text("home/runs/r/journal.jsonl")
        let said = try add(words)
        #expect(said.status == 64 && said.stderr.contains(why), "\(said)")
        #expect(try program.scratch.text("home/runs/r/journal.jsonl") == before)
    }

    @Test("a run that is over takes words, and no more ends")
    func over() throws {
        #expect(try add(["--step", "second", "--done"]).status == 0)
        #expect(try program("resume r --no-input").status == 0)
        #expect(try add([]).status == 0)
        let said = try add(["--step", "third", "--failed"])
        #expect(said.status == 64 && said.stderr.contains("is over: "), "\(said)")
        #expect(try program("journal verify r").status == 0)
    }
}

@Suite("Who may operate is decided by the site's list")
struct SiteTrustTests {
    private let program: Program

    init() throws {
        program = try Program([
            "runbook.yaml": """
            version: 1
            name: One
            inventory: inventory.yaml
            steps:
            - { id: first, name: First, hosts: local, run: "echo ran >>ran; test -e go", on_failure: stop }

            """,
            "inventory.yaml":
                "version: 1\nname: This machine\nallowed_signers: signers\nhosts:\n  a: { address: 127.0.0.1 }\n",
        ])
        let made = try shell(
            """
            for who in alice bob; do ssh-keygen -q -t ed25519 -N '' -C $who@ops -f $who; done
            echo "alice@ops $(cut -d' ' -f1,2 alice.pub)" >signers
            """, in: program.scratch.path)
        try #require(made.status == 0, "\(made.output)")
    }

    @Test("a stranger's run is refused before anything is made, with the line that would admit them")
    func stranger() throws {
        let said = try program("run runbook.yaml --run-id r --no-input --operator-key bob")
        #expect(said.status == 64, "\(said)")
        #expect(
            said.stderr.contains("bob@ops (SHA256:") && said.stderr.contains("may not operate here"), "\(said.stderr)")
        let key = try program.scratch.text("bob.pub").split(separator: " ")[1]
        #expect(
            said.stderr.contains("adds this line: bob@ops namespaces=") && said.stderr.contains(key), "\(said.stderr)")
        #expect(!FileManager.default.fileExists(atPath: "\(program.scratch.path)/home/runs/r"))
        #expect(program.runs == 0)
    }

    @Test("by which list each session went is in its signed opening; another one is told at once, and by verify")
    func otherList() throws {
        #expect(try program("run runbook.yaml --run-id r --no-input --operator-key alice").status == 2)
        let own = try shell(
            "cat alice.pub bob.pub | awk '{ print $3, $1, $2 }' >others; sha256sum <signers", in: program.scratch.path)
        let digest = String(own.output.prefix(64))
        let opening = try program.scratch.text("home/runs/r/journal.jsonl").split(separator: "\n")[0]
        #expect(opening.contains("\"signers\":\"\(digest)\"") && opening.contains("\"signers_from\":\"inventory\""))
        let same = try program("resume r --no-input --operator-key alice")
        #expect(!same.stderr.contains("other allowed signers"), "\(same)")
        let other = try program("resume r --no-input --operator-key bob --allowed-signers others")
        let told = other.stderr.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(told.contains("this session goes by other allowed signers than the one before"), "\(other)")
        #expect(
            told.contains("others, named by --allowed-signers instead of \(program.scratch.path)/signers"), "\(told)")
        let verified = try program("journal verify r --allowed-signers others")
        #expect(verified.status == 0, "\(verified)")
        let words = verified.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(
            words.contains("signers, named by the inventory; sha256 \(digest.prefix(16)) (from line 1 on)"), "\(words)")
        #expect(words.contains(": ANOTHER LIST than before (from line"), "\(words)")
        // The site's own list admits no such session.
        #expect(try program("journal verify r --allowed-signers signers").status == 7)
        let script = try shell(
            "cd home/runs/r && sh ./verify-journal.sh journal.jsonl ../../../others", in: program.scratch.path)
        #expect(script.status == 0, "\(script.output)")
    }

    @Test("a resume by a stranger, by a revoked key or by one whose time is over changes nothing")
    func resume() throws {
        #expect(try program("run runbook.yaml --run-id r --no-input --operator-key alice").status == 2)
        let before = try program.scratch.text("home/runs/r/journal.jsonl")
        try program.scratch.write("go", [])
        #expect(try program("resume r --no-input --operator-key bob").status == 64)
        let alice = "\"$(cut -d' ' -f1,2 alice.pub)\""
        for (text, names) in [
            ("cp alice.pub revoked_keys", "revoked"),
            ("rm revoked_keys; echo alice@ops valid-before=\\\"20200101\\\" \(alice) >signers", "over"),
            ("echo alice@ops namespaces=\\\"blackstart-approval\\\" \(alice) >signers", "for approvals alone"),
        ] {
            let changed = try shell(text, in: program.scratch.path)
            try #require(changed.status == 0, "\(changed.output)")
            let said = try program("resume r --no-input --operator-key alice")
            #expect(said.status == 64 && said.stderr.contains("alice@ops (SHA256:"), "\(names): \(said)")
        }
        #expect(try program.scratch.text("home/runs/r/journal.jsonl") == before)
        #expect(program.runs == 1)
        _ = try shell("echo alice@ops \(alice) >signers", in: program.scratch.path)
        #expect(try program("resume r --no-input --operator-key alice").status == 0)
    }

    @Test("a journal that a stranger has gone on with is not resumed; who trusts them lists them")
    func strangersSession() throws {
        try program.scratch.write("all", [])
        _ = try shell(
            "for who in alice bob; do echo \"$who@ops $(cut -d' ' -f1,2 $who.pub)\" >>all; done",
            in: program.scratch.path)
        let first = try program("run runbook.yaml --run-id r --no-input --operator-key bob --allowed-signers all")
        #expect(first.status == 2, "\(first)")
        try program.scratch.write("go", [])
        let said = try program("resume r --no-input --operator-key alice")
        #expect(said.status == 7 && said.stderr.contains("bob@ops signed with SHA256:"), "\(said)")
        let admitted = try program("resume r --no-input --operator-key alice --allowed-signers all")
        #expect(admitted.status == 0, "\(admitted)")
    }

    @Test("a list that is not there admits nobody")
    func missing() throws {
        _ = try shell("rm signers", in: program.scratch.path)
        let said = try program("run runbook.yaml --run-id r --no-input --operator-key alice")
        #expect(said.status == 65 && said.stderr.contains("can't read the allowed signers"), "\(said)")
        let other = try program("run runbook.yaml --run-id r --no-input --operator-key alice --allowed-signers none")
        #expect(other.status == 64, "\(other)")
        #expect(program.runs == 0)
    }
}
