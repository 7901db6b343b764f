import Foundation
import TestTools
import Testing

/// Three steps on this machine; the second one is killed and resumed.
private let site = [
    "runbook.yaml": """
    version: 1
    name: Three
    inventory: inventory.yaml
    steps:
    - { id: first, name: First, hosts: local, run: "echo one" }
    - { id: second, name: Second, hosts: local, needs: [first], run: "echo two" }
    - { id: third, name: Third, hosts: local, needs: [second], run: "exit 3", on_failure: continue }

    """,
    "inventory.yaml": "version: 1\nname: This machine\nhosts:\n  a: { address: 127.0.0.1 }\n",
]

@Suite("What a journal is good for")
struct JournalCommandTests {
    private let program: Program
    private let end: Said

    init() throws {
        program = try Program(site)
        end = try program("run runbook.yaml --run-id r --no-input")
        try #require(end.status == 3)
    }

    /// The code that the last words gave.
    private var code: String {
        get throws {
            let line = try #require(end.lines.first { $0.contains("Write this down") })
            return String(try #require(line.split(separator: " ").last))
        }
    }

    @Test("one line is proven to whoever has nothing else of it, wherever they are")
    func proof() throws {
        let exported = try program("journal export r --proof 7 -o line7")
        #expect(exported.status == 0, "\(exported)")
        try FileManager.default.removeItem(atPath: "\(program.scratch.path)/home/runs")
        let said = try program("journal verify --proof line7")
        #expect(said.status == 0, "\(said)")
        #expect(said.stdout.contains("line7: proven.\n  Line      7 of run r, step."))
        #expect(said.stdout.contains(", who is among the allowed"))
        let json = try program("journal verify --proof line7 --output json")
        #expect(json.stdout.hasPrefix("{\"ok\":true,\"run\":\"r\",\"seq\":7,"), "\(json.stdout)")
        let text = try program.scratch.text("line7")
        try program.scratch.write(
            "bent", Array(text.replacing("\"step\":\"second\"", with: "\"step\":\"seconds\"").utf8))
        let bent = try program("journal verify --proof bent")
        #expect(bent.status == 7)
        #expect(bent.stderr.hasPrefix("blackstart: error: bent: the proof proves nothing: the line is not among those"))
        try program.scratch.write("none", Array("something else".utf8))
        #expect(try program("journal verify --proof none").status == 7)
        #expect(try program("journal verify --proof nowhere").status == 64)
    }

    @Test("a line that is not there has no proof")
    func noProof() throws {
        let said = try program("journal export r --proof 99")
        #expect(said.status == 64 && said.stderr.contains("and no line 99"), "\(said)")
    }

    @Test("the code on paper tells the journal from one that was cut, rewritten or went on")
    func paper() throws {
        let code = try code
        #expect(code.split(separator: "-").count == 5, "\(end.stdout)")
        let same = try program(["journal", "verify", "r", "--head", code])
        #expect(same.status == 0 && same.stdout.contains("is this journal's head"), "\(same)")
        // As somebody types it off paper.
        let typed = code.lowercased().replacing("0", with: "o").replacing("1", with: "l")
        let first = String(code.prefix { $0 != "-" })
        let again = try program(["journal", "verify", "r", "--head", first + typed.dropFirst(first.count)])
        #expect(again.status == 0, "\(again)")
        // Cut at a seal, it still stands; the paper knows better.
        let cut = try shell(
            "n=$(grep -n '\"t\":\"seal\"' home/runs/r/journal.jsonl | tail -n 2 | head -n 1 | cut -d: -f1); head -n $n home/runs/r/journal.jsonl >cut",
            in: program.scratch.path)
        #expect(cut.status == 0)
        #expect(try program("journal verify cut").status == 0)
        let found = try program(["journal", "verify", "cut", "--head", code])
        #expect(found.status == 7 && found.stderr.contains("it was cut, or is an older copy"), "\(found)")
        let other = "\(first)-0000-0000-0000-0000"
        let wrong = try program(["journal", "verify", "r", "--head", other])
        #expect(wrong.status == 7 && wrong.stderr.contains("another journal, or a rewritten one"), "\(wrong)")
        let earlier = try program(["journal", "verify", "r", "--head", "nonsense"])
        #expect(earlier.status == 64)
    }

    @Test("verify says what is proven, by whom, up to where, and what is not")
    func words() throws {
        let said = try program("journal verify r").stdout
        for words in [
            "Proven    lines 1 to ", "none of them is missing", "Signed by ", "Closed    yes",
            "Not       whether it was cut at a seal",
            "On paper  \(try code)",
        ] { #expect(said.contains(words), "\(words) in \(said)") }
    }

    @Test("a revoked key counts no more, listed as it is or by ssh-keygen", arguments: ["keys", "krl", "fingerprints"])
    func revoked(_ form: String) throws {
        let folder = program.scratch.path
        let made =
            switch form {
            case "keys": "ssh-keygen -y -f home/keys/operator >revoked"
            case "krl": "ssh-keygen -y -f home/keys/operator >k && ssh-keygen -q -k -f revoked k"
            default:
                "ssh-keygen -y -f home/keys/operator >k && { printf 'hash: '; ssh-keygen -l -f k | cut -d' ' -f2; } >spec && ssh-keygen -q -k -f revoked spec"
            }
        #expect(try shell(made, in: folder).status == 0)
        let said = try program("journal verify r --revoked revoked")
        #expect(said.status == 7 && said.stderr.contains("which is not among the allowed signers"), "\(said)")
        // Stock ssh-keygen says so too.
        let stock = try shell(
            #"""
            n=$(grep -n '"t":"seal"' home/runs/r/journal.jsonl | head -n 1 | cut -d: -f1)
            field() { sed -n "${n}s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" home/runs/r/journal.jsonl; }
            printf -- '-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n' "$(field sig)" >s
            check() {
                head -n $((n - 1)) home/runs/r/journal.jsonl |
                    ssh-keygen -Y verify $1 -f home/keys/allowed_signers -I "$(field by)" -n blackstart-journal -s s
            }
            check "" && ! check "-r revoked"
            """#, in: folder)
        #expect(stock.status == 0, "\(stock.output)")
        // Beside the allowed signers, the list holds without being named.
        #expect(try shell("cp revoked home/keys/revoked_keys", in: folder).status == 0)
        #expect(try program("journal verify r").status == 7)
        #expect(try shell("echo nonsense >revoked", in: folder).status == 0)
        #expect(try program("journal verify r --revoked revoked").status == 64)
    }

    @Test("a copy is whole: it verifies, shows, and says with stock tools what the run said")
    func copy() throws {
        let (said, code) = (try program("journal export r -o copy"), try code)
        #expect(said.status == 0 && said.stdout.contains(code), "\(said)")
        #expect(try program("journal verify ./copy").status == 0)
        #expect(try program("journal show ./copy").stdout == program("journal show r").stdout)
        let script = try shell(
            "sh verify-journal.sh journal.jsonl ../home/keys/allowed_signers", in: "\(program.scratch.path)/copy")
        #expect(script.status == 0, "\(script.output)")
        #expect(try program("journal export r -o copy").status == 64)
        #expect(try program("journal export r").status == 64)
    }

    @Test(
        "nothing is told of a run whose journal was changed: each command that reads it names the line, and ends with 7",
        arguments: [
            "status r", "status r --output json", "rollback r --to start", "rollback r --to start -y", "resume r",
            "journal export r -o out", "drills add r --author-absent --took-part me",
            "journal add r --what work --when 03:40 --step third --done",
        ])
    func changed(_ words: String) throws {
        let text = try program.scratch.text("home/runs/r/journal.jsonl")
        #expect(text.contains("\"state\":\"failed\""))
        let line = try #require(text.split(separator: "\n").firstIndex { $0.contains("\"state\":\"failed\"") }) + 1
        try program.scratch.write(
            "home/runs/r/journal.jsonl",
            Array(text.replacing("\"state\":\"failed\"", with: "\"state\":\"ok\"").utf8))
        let said = try program(words)
        #expect(said.status == 7, "\(said)")
        #expect(said.stderr.contains("journal.jsonl:\(line): the journal is broken"), "\(said)")
        #expect(!said.stdout.contains("Third"), "\(said)")
    }

    @Test("show tells a changed journal up to the line before, as text and as JSON; runs calls it broken")
    func changedShown() throws {
        let text = try program.scratch.text("home/runs/r/journal.jsonl")
        let line = try #require(text.split(separator: "\n").firstIndex { $0.contains("\"state\":\"failed\"") }) + 1
        try program.scratch.write(
            "home/runs/r/journal.jsonl",
            Array(text.replacing("\"state\":\"failed\"", with: "\"state\":\"ok\"").utf8))
        let shown = try program("journal show r")
        #expect(shown.status == 7 && !shown.stdout.contains("Third"), "\(shown)")
        let json = try program("journal show r --output json")
        #expect(json.status == 7 && json.stdout.split(separator: "\n").count == line - 1, "\(json)")
        let runs = try program("runs")
        #expect(runs.stdout.contains("broken") && !runs.stdout.contains("succeeded"), "\(runs)")
    }

    @Test("show has only what is asked for: a step, a host, a person")
    func filters() throws {
        let all = try program("journal show r").lines.count
        let second = try program("journal show r --step second").stdout
        #expect(second.contains("Second") && !second.contains("First") && !second.contains("Third"), "\(second)")
        #expect(try program("journal show r --step s*,third").lines.count < all)
        #expect(try program("journal show r --step none").stdout == "")
        #expect(try program("journal show r --by nobody@nowhere").stdout == "")
        let json = try program("journal show r --step second --output json").lines.dropLast()
        #expect(!json.isEmpty && json.allSatisfy { $0.contains("\"step\":\"second\"") })
        // A run that nobody writes any more is followed to where it is.
        #expect(try program("journal show r --follow").lines.count == all)
    }

    @Test("a run that was over when its disk lost the last seal is sealed by a resume, and nothing runs")
    func unsealedEnd() throws {
        // Outcome 3 is final, and so are all that leave nothing to do.
        _ = try shell("sed -i '$d' home/runs/r/journal.jsonl", in: program.scratch.path)
        #expect(try program("journal verify r").stdout.contains("Closed    no"))
        let said = try program("resume r --no-input")
        #expect(said.status == 3 && said.stdout.contains("Run r was over (succeeded-with-gaps)"), "\(said)")
        let verified = try program("journal verify r")
        #expect(verified.status == 0 && verified.stdout.contains("Closed    yes"), "\(verified)")
        let again = try program("resume r --no-input")
        #expect(again.status == 64 && again.stderr.contains("run `r` is over: succeeded-with-gaps"), "\(again)")
        #expect(try program("status r").stdout.contains("gaps"))
    }

    @Test(
        "a journal without a whole line is a run that never began, and says what to do", arguments: ["", "{\"prev\""])
    func neverBegan(_ text: String) throws {
        try program.scratch.write("home/runs/r/journal.jsonl", Array(text.utf8))
        let said = try program("resume r --no-input")
        #expect(said.status == 1, "\(said)")
        #expect(said.stderr.contains("the run was killed before it did anything"), "\(said.stderr)")
        #expect(said.stderr.contains("hint: nothing has happened: remove its folder"), "\(said.stderr)")
    }
}

@Suite("A journal is followed while it is written", .serialized)
struct JournalFollowTests {
    @Test("show --follow tells lines as they come, and ends with the session; a copy stops at what was done since")
    func follow() throws {
        let program = try Program([
            "runbook.yaml": """
            version: 1
            name: A gate
            inventory: inventory.yaml
            steps:
            - { id: gate, name: Gate, hosts: local, run: "\(Program.gated)" }
            - { id: after, name: After, hosts: local, needs: [gate], run: "echo after >> after" }

            """, "inventory.yaml": "version: 1\nname: This machine\nhosts:\n  a: { address: 127.0.0.1 }\n",
        ])
        try program.makeGate()
        let run = try program.start("run runbook.yaml --run-id r --no-input")
        try program.waitForCommand()
        let follow = try program.start("journal show r --follow")
        try follow.wait(for: "Gate")
        let copied = try program("journal export r -o copy")
        #expect(copied.status == 0, "\(copied)")
        #expect(try program("journal verify ./copy").status == 0)
        try program.openGate()
        #expect(try run.end().status == 0)
        let told = try follow.end()
        #expect(told.status == 0 && told.said.contains("After"), "\(told.said)")
        // The copy knows nothing of the end. The host still knows of the command in flight, and that the next one was sent.
        let resumed = try program("resume ./copy --no-input")
        #expect(resumed.status == 8, "\(resumed)")
        #expect(resumed.stdout.contains("STOPPED. Somebody else is at work"), "\(resumed)")
        #expect(program.runs == 1)
        #expect(try program.scratch.text("after") == "after\n")
    }
}
