import Foundation
import TestTools
import Testing

/// Ways past an approval that once worked, each with the built program and keys of stock ssh-keygen.
@Suite("Ways past an approval", .serialized)
struct ApprovalBypassTests {
    private static let steps = """
        - { id: look, name: Look, hosts: local, needs: [], run: "echo looked >> done", tags: [safe] }
        - { id: go, name: Go, needs: [look], approval: { roles: [lead], message: Wipe the disk? }, tags: [people] }
        - { id: wipe, name: Wipe, hosts: local, needs: [go], run: "echo wiped >> done", tags: [work] }
        - { id: after, name: After, hosts: local, needs: [wipe], run: "echo after >> done", tags: [work] }

        """

    private func site(
        _ steps: String = steps, head: String = "", contacts: String? = nil, more: String = ""
    ) throws -> Program {
        let people =
            contacts
                ?? """
                  anna: { name: Anna, phone: "1", roles: [lead], signer: anna@site }
                  bert: { name: Bert, phone: "2", roles: [cook], signer: bert@site }
                """
        let program = try Program([
            "runbook.yaml": "version: 1\nname: Four eyes\ninventory: inventory.yaml\n\(head)steps:\n\(steps)",
            "inventory.yaml":
                "version: 1\nname: A\n\(more)contacts:\n\(people)\nhosts: { a: { address: 127.0.0.1 } }\n",
        ])
        for name in ["anna", "bert"] {
            _ = try shell("ssh-keygen -q -t ed25519 -N '' -C \(name)@site -f \(name)", in: program.scratch.path)
        }
        let listed = try shell(
            """
            mkdir -p home/keys
            for k in anna bert; do
                echo "$k@site namespaces=\\"blackstart-approval\\" $(cut -d' ' -f1,2 $k.pub)" >>home/keys/allowed_signers
            done
            """, in: program.scratch.path)
        try #require(listed.status == 0, "\(listed.output)")
        return program
    }

    private func done(_ program: Program) -> String { (try? program.scratch.text("done")) ?? "" }

    @Test(
        "no selection leaves out an approval that what remains waits for",
        arguments: [
            "--skip-tags people", "--tags work", "--start-at wipe", "--start-at after", "--start-at wipe --until wipe",
            "--tags safe,work", "--skip-tags people --start-at after",
        ])
    func selection(_ words: String) throws {
        let program = try site()
        let said = try program(
            ["run", "runbook.yaml", "--run-id", "r", "--no-input"] + words.split(separator: " ").map(String.init))
        #expect(said.status == 5, "\(said)")
        #expect(!done(program).contains("wiped") && !done(program).contains("after"), "\(done(program))")
        #expect(said.stdout.contains("go is asked for all the same"), "\(said.stdout)")
        #expect(try program("approve r go --key anna").status == 0)
        let resumed = try program("resume r --no-input")
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try program("journal verify r").stdout.contains("Approved  go, by anna@site"))
    }

    @Test("what waits for no approval runs without one, and screen, journal and both verifiers say which was left out")
    func unasked() throws {
        let program = try site()
        let said = try program("run runbook.yaml --run-id r --no-input --until look")
        #expect(said.status == 0, "\(said)")
        let words = "go not selected, and no selected step waits for it"
        #expect(said.stdout.contains("NOT ASKED: \(words)"), "\(said.stdout)")
        #expect(try program("journal verify r").stdout.contains("Not asked \(words)"))
        let script = try shell(
            "sh home/runs/r/verify-journal.sh home/runs/r/journal.jsonl", in: program.scratch.path)
        #expect(script.status == 0 && script.output.contains("NOTE: approval not asked: \(words)"), "\(script.output)")
    }

    private static let conditional = """
        - { id: go, name: Go, needs: [], when: vars.real == 'yes', approval: { roles: [lead], message: Wipe? } }
        - { id: wipe, name: Wipe, hosts: local, needs: [go], run: "echo wiped >> done" }

        """
    private static let head = "vars: { real: { default: 'yes' } }\n"

    @Test("a variable that a `when` asks for leaves the approval out, and that is on record")
    func condition() throws {
        let program = try site(Self.conditional, head: Self.head)
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        #expect(done(program) == "")
        let beside = ["--beside", "r", "--reason", "a test of both"]
        let said = try program(
            ["run", "runbook.yaml", "--run-id", "s", "--no-input", "-e", "real=no"] + beside)
        #expect(said.status == 0, "\(said)")
        #expect(said.stdout.contains("NOT ASKED: go `when` does not hold: real=no"), "\(said.stdout)")
        #expect(try program("journal verify s").stdout.contains("Not asked go `when` does not hold: real=no"))
        // The frozen runbook says the same, and another value would not be the one that the run began with.
        #expect(try program("journal verify r").stdout.contains("the one in the folder is the one"))
    }

    @Test(
        "the `when` of an approval is about variables alone: no host and no environment decides whether people are asked",
        arguments: ["steps.look.outputs.x == 'a'", "run.id == 'a'"])
    func conditionOfHosts(_ condition: String) throws {
        let program = try site(
            """
            - { id: look, name: Look, hosts: local, needs: [], run: "echo a", outputs: { x: {} }, env: { ASK: a } }
            - { id: go, name: Go, needs: [look], when: "\(condition)", approval: { roles: [lead], message: Wipe? } }

            """)
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 65, "\(said)")
        let name = String(condition.prefix { $0 != " " })
        #expect(said.stderr.contains("the `when` of an approval can't use `\(name)`"), "\(said.stderr)")
    }

    @Test("two contacts with one signer would be one person with the roles of both, and are refused")
    func sharedSigner() throws {
        for contacts in [
            """
              anna: { name: Anna, phone: "1", roles: [lead], signer: team@site }
              bert: { name: Bert, phone: "2", roles: [cook], signer: team@site }
            """,
            """
              anna: { name: Anna, phone: "1", roles: [lead] }
              bert: { name: Bert, phone: "2", roles: [cook], signer: anna }
            """,
        ] {
            let program = try site(contacts: contacts)
            let said = try program("check runbook.yaml")
            #expect(said.status == 65, "\(said)")
            #expect(said.stderr.contains("`bert` and `anna` share the signer"), "\(said.stderr)")
        }
    }

    @Test("a folder here is no run of that name")
    func names() throws {
        let program = try site()
        #expect(try program("run runbook.yaml --run-id r --no-input --until look").status == 0)
        let copied = try shell(
            "cp -r home/runs/r other && cp -r home/runs/r r && echo >>r/journal.jsonl", in: program.scratch.path)
        #expect(copied.status == 0)
        // The name is the run's; the folder wants a path.
        let run = try program("journal verify r")
        #expect(run.status == 0 && run.stderr.contains("the folder of that name here is `./r`"), "\(run)")
        #expect(try program("journal verify ./r").status == 7)
        let other = try program("journal verify other")
        #expect(other.status == 64 && other.stderr.contains("write `./other`"), "\(other)")
        #expect(try program("journal verify ./other").status == 0)
        #expect(try program("status other").status == 64)
    }

    @Test("a runbook beside a journal that can't be read, or is another, is told, and ends with 65")
    func otherRunbook() throws {
        let program = try site()
        #expect(try program("run runbook.yaml --run-id r --no-input --until look").status == 0)
        let changed = try shell(
            """
            cp -r home/runs/r bent && sed -i 's/roles: .lead./roles: [cook]/' bent/runbook.yaml
            mkdir alone && cp home/runs/r/journal.jsonl alone/
            """, in: program.scratch.path)
        #expect(changed.status == 0)
        let bent = try program("journal verify ./bent")
        #expect(bent.status == 65, "\(bent)")
        #expect(
            bent.stdout.contains("NOT CHECKED: see the error below; who may approve is as the journal's opening says"))
        #expect(bent.stderr.contains("is not the one that run `r` began with"), "\(bent.stderr)")
        let alone = try program("journal verify ./alone")
        #expect(alone.status == 0 && alone.stdout.contains("NOT CHECKED: no runbook is in the folder"), "\(alone)")
        #expect(alone.stdout.contains("Mode      live: on real hosts"), "\(alone.stdout)")
    }

    @Test("no answer without a signature, no entry by hand and no skip passes it")
    func withoutSignature() throws {
        let program = try site()
        let said = try program("run runbook.yaml --run-id r --no-input --answer go=done")
        #expect(said.status == 64 || said.status == 5, "\(said)")
        if said.status == 64 { #expect(try program("run runbook.yaml --run-id r --no-input").status == 5) }
        // The person at hand signs, and has no role.
        let unlisted = try program("resume r --no-input --answer go=approve")
        #expect(unlisted.status == 5, "\(unlisted)")
        let entered = try program([
            "journal", "add", "r", "--step", "go", "--what", "It was approved on the phone", "--when", "just now",
            "--done",
        ])
        #expect(entered.status == 64, "\(entered)")
        // Refused, and then skipped.
        #expect(try program("approve r go --key anna --refuse").status == 0)
        let skipped = try program([
            "resume", "r", "--no-input", "--answer", "go=skip", "--reason", "we are in a hurry today",
        ])
        #expect(skipped.status != 0 && !done(program).contains("wiped"), "\(skipped)")
        #expect(!done(program).contains("wiped"))
    }

    @Test("one who has no role, one key under two names, and two names of one key do not make two")
    func twoOfOne() throws {
        let program = try site(Self.steps.replacing("roles: [lead]", with: "roles: [lead, cook], count: 2"))
        _ = try shell(
            "echo \"bert@site namespaces=\\\"blackstart-approval\\\" $(cut -d' ' -f1,2 anna.pub)\" >>home/keys/allowed_signers",
            in: program.scratch.path)
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        _ = try shell(
            "sed 's/anna@site/bert@site/' anna.pub >two.pub; cp anna two; chmod 600 two", in: program.scratch.path)
        #expect(try program("approve r go --key anna").status == 0)
        #expect(try program("approve r go --key two").status == 0)
        #expect(try program("resume r --no-input").status == 5)
        #expect(!done(program).contains("wiped"))
        #expect(try program("approve r go --key bert").status == 0)
        #expect(try program("resume r --no-input").status == 0)
    }

    @Test("a run folder from elsewhere does not vouch for itself: neither a resume nor drills take its own list")
    func ownList() throws {
        let program = try site(more: "allowed_signers: list\n")
        let list = try shell(
            """
            ssh-keygen -q -t ed25519 -N '' -C me@site -f me
            for k in anna bert me; do echo "$k@site $(cut -d' ' -f1,2 $k.pub)"; done >list
            """, in: program.scratch.path)
        try #require(list.status == 0)
        #expect(try program("run runbook.yaml --run-id r --no-input --operator-key me").status == 5)
        // Another store: that of who is handed the folder.
        let moved = try shell(
            "mkdir -p other/runs && mv home/runs/r other/runs/ && mv home former", in: program.scratch.path)
        try #require(moved.status == 0)
        let runs = ["--run-dir", "other/runs"]
        let resumed = try program(["resume", "r", "--no-input", "--operator-key", "me"] + runs)
        #expect(resumed.status == 64, "\(resumed)")
        #expect(resumed.stderr.contains("no run was begun with them on this machine"), "\(resumed.stderr)")
        let rolled = try program(["rollback", "r", "--to", "start", "-y", "--no-input", "--operator-key", "me"] + runs)
        #expect(rolled.status == 64 && rolled.stderr.contains("no run was begun with them"), "\(rolled)")
        let declared = try program(
            ["drills", "add", "r", "--took-part", "Anna", "--author-absent", "--operator-key", "me"] + runs)
        #expect(declared.status == 64, "\(declared)")
        let named = try program(
            [
                "drills", "add", "r", "--took-part", "Anna", "--author-absent", "--operator-key", "me",
                "--allowed-signers", "list",
            ]
                + runs)
        #expect(named.status == 0, "\(named)")
        let drills = try program(["drills"] + runs)
        #expect(drills.stderr.contains("the drill r does not count"), "\(drills)")
        #expect(!drills.stdout.contains("Four eyes"), "\(drills.stdout)")
    }

    @Test(
        "what is entered by hand behind an open approval passes nothing, and leaves the journal whole for both verifiers"
    )
    func enteredBehind() throws {
        let program = try site()
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        let added = try program([
            "journal", "add", "r", "--step", "wipe", "--done", "--when", "2026-01-15T03:00Z", "--what",
            "wiped it by hand",
        ])
        #expect(added.status == 0, "\(added)")
        let verified = try program("journal verify r")
        #expect(verified.status == 0, "\(verified)")
        let script = try shell("sh ./verify-journal.sh journal.jsonl", in: "\(program.scratch.path)/home/runs/r")
        #expect(script.status == 0, "\(script.output)")
        #expect(try program("resume r --no-input").status == 5)
        #expect(!done(program).contains("after"))
        #expect(try program("approve r go --key anna").status == 0)
        #expect(try program("resume r --no-input").status == 0)
        #expect(done(program) == "looked\nafter\n")
        #expect(try program("journal verify r").status == 0)
    }
}
