import Foundation
import TestTools
import Testing

/// One step on this machine, one by hand, one on a host that nobody answers for.
private let files = [
    "runbook.yaml": """
    version: 1
    name: Three kinds of steps
    inventory: inventory.yaml
    vars: { word: up }
    steps:
    - { id: one, name: First, hosts: local, run: "echo ${{ vars.word }}", undo: { run: "true" } }
    - { id: here, name: Here, checkpoint: here, needs: [one] }
    - { id: two, name: Second, hosts: local, needs: [here], run: "true", undo: { run: "true" } }
    - { id: look, name: Look, needs: [two], manual: "Look at it." }

    """,
    "failing.yaml": """
    version: 1
    name: One that fails
    inventory: inventory.yaml
    steps:
    - { id: one, name: First, hosts: local, run: "echo no >&2; exit 3" }
    - { id: two, name: Second, hosts: local, needs: [one], run: "true" }

    """,
    "tolerant.yaml": """
    version: 1
    name: One that may fail
    inventory: inventory.yaml
    steps:
    - { id: one, name: First, hosts: local, needs: [], run: "false", on_failure: continue }
    - { id: two, name: Second, hosts: local, needs: [], run: "true" }

    """,
    "toolless.yaml": """
    version: 1
    name: Its check can't be asked
    inventory: inventory.yaml
    steps:
    - { id: one, name: First, hosts: local, run: "true", verify: { run: "no-such-tool" } }

    """,
    "dark.yaml": """
    version: 1
    name: Nobody is there
    inventory: inventory.yaml
    steps:
    - { id: one, name: First, hosts: a, run: "true" }

    """,
    "broken.yaml":
        "version: 1\nname: Broken\ninventory: inventory.yaml\nsteps:\n- { id: one, nmae: First, hosts: local, run: \"true\" }\n",
    "inventory.yaml": """
    version: 1
    name: One host that is not there
    hosts:
      a: { address: 127.0.0.1, port: 9, host_key: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU" }

    """,
    "fixture.yaml": """
    version: 1
    name: It does not come up
    hosts:
      local: { answers: [{ run: "echo no >&2; exit 3", exit: 3, stderr: "no\\n" }, { run: "true" }] }

    """,
    "rolling.yaml": """
    version: 1
    name: It is rolled back
    hosts:
      local: { answers: [{ run: "echo no >&2; exit 3", exit: 3 }] }
    operator:
    - { step: one, choose: [retry, "rollback:start"], reason: "it does not come up" }
    expect: { outcome: rolled-back }

    """,
    "rolled.yaml": """
    version: 1
    name: It is rolled back
    hosts:
      local: { answers: [{ run: "echo no >&2; exit 3", exit: 3 }] }
    operator:
    - { step: one, choose: [retry, "rollback:strat"], reason: "it does not come up" }

    """,
    "expecting.yaml": """
    version: 1
    name: It is said to come up
    hosts:
      local: { answers: [{ run: "echo no >&2; exit 3", exit: 3, stderr: "no\\n" }, { run: "true" }] }
    expect: { outcome: succeeded }

    """,
]

@Suite("How a command ends")
struct ExitCodeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var words: String
        var status: Int32
        /// The first line on stderr that is an error.
        var error = ""
        /// Called before, each with the status it ends with.
        var before: [(String, Int32)] = []

        init(_ words: String, _ status: Int32, _ error: String = "", before: [(String, Int32)] = []) {
            (self.words, self.status, self.error, self.before) = (words, status, error, before)
        }

        var testDescription: String { "\(words) ends with \(status)" }
    }

    private static let begun = ("run runbook.yaml --run-id r --no-input", Int32(5))
    private static let finished = ("run runbook.yaml --run-id r --no-input --answer look=done", Int32(0))

    @Test(
        "its exit code is the table's, and its error is one line that says what is wrong",
        arguments: [
            Row("check runbook.yaml", 0),
            Row("plan runbook.yaml", 0),
            Row("run runbook.yaml --no-input --answer look=done", 0),
            Row("run failing.yaml --no-input", 2),
            Row("dry-run failing.yaml --fixture fixture.yaml --no-input", 2),
            Row(
                "dry-run failing.yaml --fixture expecting.yaml --no-input", 2,
                "blackstart: error: the run ended as `failed`; the fixture expects `succeeded`"),
            Row("run tolerant.yaml --no-input", 3),
            Row("run runbook.yaml --no-input --answer look=skip:nobody\tthere", 3),
            Row("run dark.yaml --no-input", 4),
            Row("run runbook.yaml --no-input", 5),
            Row("ready failing.yaml", 0),
            Row("ready toolless.yaml", 2),
            Row("ready dark.yaml", 4),
            Row("ready broken.yaml", 65, "broken.yaml:5:14: error: "),
            Row("resume r --no-input", 5, before: [begun]),
            Row("resume --no-input --answer look=done", 0, before: [begun]),
            Row("rollback r --to here --no-input -y", 6, before: [finished]),
            Row("journal verify r", 0, before: [finished]),
            Row("status r", 0, before: [begun]),
            Row("runs", 0),
            Row("", 0),
            Row("nonsense", 64, "Error: "),
            Row("run", 64, "Error: Missing expected argument '<runbook>'"),
            Row("run runbook.yaml --no-inptu", 64, "Error: Unknown option '--no-inptu'"),
            Row("run runbook.yaml -j 0", 64, "blackstart: error: "),
            Row("run runbook.yaml -j many", 64, "Error: The value 'many' is invalid for '-j <max-parallel>'"),
            Row(
                "run runbook.yaml --no-input --answer lok=done", 64,
                "blackstart: error: `--answer lok=done` answers for a step that the runbook does not have"),
            Row(
                "run runbook.yaml --no-input --answer two=rollback:hree", 64,
                "blackstart: error: `--answer two=rollback:hree` rolls back to a checkpoint that the runbook does not"),
            Row("dry-run failing.yaml --fixture rolling.yaml", 6),
            Row(
                "dry-run failing.yaml --fixture rolled.yaml", 65, "rolled.yaml:6:32: error: unknown checkpoint `strat`"),
            Row(
                "run runbook.yaml --no-input --answer look@a=done", 64,
                "blackstart: error: `--answer look@a=done` answers for a host on which the step does not run"),
            Row("run runbook.yaml --no-input --answer look=perhaps", 64, "blackstart: error: "),
            Row("run runbook.yaml --no-input --run-id ../x", 64, "blackstart: error: "),
            Row("run runbook.yaml --no-input -e wrod=down", 64, "blackstart: error: "),
            Row("run runbook.yaml --run-id r --no-input", 64, "blackstart: error: ", before: [begun]),
            Row(
                "run runbook.yaml --no-input --operator-key nowhere", 64,
                "blackstart: error: no operator key: can't read `nowhere`: no such file or directory"),
            Row(
                "journal verify r --allowed-signers nowhere", 64,
                "blackstart: error: can't read `nowhere`: no such file or directory", before: [finished]),
            Row("run nowhere.yaml", 65, "blackstart: error: "),
            Row("run runbook.yaml -i nowhere.yaml", 65, "blackstart: error: "),
            Row("dry-run runbook.yaml --fixture nowhere.yaml", 65, "blackstart: error: "),
            Row("run broken.yaml --no-input", 65, "broken.yaml:5:14: error: "),
            Row("check broken.yaml", 65, "broken.yaml:5:14: error: "),
            Row("resume nowhere", 64, "blackstart: error: "),
            Row("resume", 64, "blackstart: error: "),
            Row("resume r --no-input", 64, "blackstart: error: run `r` is over: succeeded", before: [finished]),
            Row("rollback r --to nowhere --no-input", 64, "blackstart: error: ", before: [finished]),
            Row(
                "rollback r --to here --no-input", 64,
                "blackstart: error: a rollback has to be confirmed at a terminal", before: [finished]),
            Row("rollback r --no-input -y", 64, "blackstart: error: a rollback needs `--to", before: [finished]),
            Row("resume r --no-input --forward", 64, "blackstart: error: run `r` is not rolling back", before: [begun]),
            Row(
                "run runbook.yaml --no-input --answer look=skip:why", 64, "blackstart: error: `--answer look=skip:why` "
            ),
            Row("run runbook.yaml --no-input --answer look=skip:\u{1B}", 64, "blackstart: error: `--answer look=skip:"),
            Row("journal verify nowhere", 64, "blackstart: error: "),
            Row("journal verify .", 64, "blackstart: error: there is no journal at "),
            Row("journal verify runbook.yaml", 7, "blackstart: error: runbook.yaml:1: the journal is broken: "),
            Row("check /dev/null", 65, "/dev/null:1:1: error: the file is empty"),
            Row("check /dev/zero", 65, "blackstart: error: `/dev/zero` is larger than 1048576 bytes"),
            Row("check .", 65, "blackstart: error: can't read `.`: is a directory"),
            Row("lab down", 64, "blackstart: error: "),
        ])
    func table(_ row: Row) throws {
        let program = try Program(files)
        for (words, status) in row.before { #expect(try program(words).status == status, "\(words)") }
        let said = try program(row.words)
        // What can't begin is not said to begin.
        if said.status >= 64 { #expect(!said.stdout.contains("\nRun ")) }
        #expect(said.status == row.status, "\(said.stdout)\(said.stderr)")
        let errors = said.stderr.split(separator: "\n").filter { $0.contains("rror: ") }
        if row.error.isEmpty {
            #expect(errors.isEmpty)
        } else {
            #expect(errors.count == 1 && errors[0].hasPrefix(row.error), "\(said.stderr)")
        }
    }

    @Test("an address that is a name is a warning, in the inventory's own line; the check still passes")
    func names() throws {
        var files = files
        files["inventory.yaml"] = """
            version: 1
            name: Names
            hosts:
              a: { address: 10.0.0.5 }
              b: { address: b.example.org }
              c: { address: fd00::5 }
              d: { address: localhost }

            """
        let program = try Program(files)
        let warning = """
            inventory.yaml:5:3: warning: the address of `b` is a name, `b.example.org`: without a name service it can't be reached
                  b: { address: b.example.org }
                  ^
                hint: write its address, as 10.0.0.5 or fd00::5

            """
        let check = try program("check dark.yaml runbook.yaml")
        #expect(check.status == 0)
        #expect(check.stderr == warning)
        #expect(
            check.stdout.hasPrefix(
                "dark.yaml: no errors, 3 warnings. 1 step, 1 task.\nrunbook.yaml: no errors, 5 warnings. 4 steps, 4 tasks.\n"
            ))
        let said = try program("check dark.yaml --output json")
        #expect(said.status == 0 && said.stdout.hasPrefix(#"{"type":"diagnostic","severity":"warning","path":"inv"#))
    }

    @Test("a pipe that nobody writes to is an empty file, not one to wait for")
    func pipe() throws {
        let program = try Program(files)
        #expect(mkfifo("\(program.scratch.path)/pipe", 0o600) == 0)
        for words in ["check pipe", "run runbook.yaml -i pipe", "dry-run runbook.yaml --fixture pipe"] {
            let said = try program(words)
            #expect(said.status == 65)
            #expect(said.stderr.hasPrefix("pipe:1:1: error: the file is empty"), "\(said.stderr)")
        }
    }

    @Test("a journal that can't be looked at is no run of that name: the disk's own words are said")
    func unreadable() throws {
        let program = try Program(files)
        try FileManager.default.createDirectory(
            atPath: "\(program.scratch.path)/home/runs/r/journal.jsonl", withIntermediateDirectories: true)
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 1)
        #expect(said.stderr.contains("error: can't use the run folder `\(program.scratch.path)/home/runs/r`: "))
        #expect(!said.stderr.contains("already"))
    }

    @Test("a journal with one flipped bit is broken, and its line is named")
    func broken() throws {
        let program = try Program(files)
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        let path = "home/runs/r/journal.jsonl"
        var bytes = try program.scratch.read(path)
        let line = bytes.prefix(bytes.count / 2).count { $0 == UInt8(ascii: "\n") } + 1
        bytes[bytes.count / 2] ^= 1
        try program.scratch.write(path, bytes)
        for words in ["journal verify r", "resume r --no-input", "rollback r --to here --no-input -y"] {
            let said = try program(words)
            #expect(said.status == 7, "\(words)")
            #expect(said.stderr.contains("journal.jsonl:\(line)"), "\(said.stderr)")
        }
        #expect(try program.scratch.read(path) == bytes)
    }

    @Test(
        "a run folder's runbook or inventory that was changed is refused",
        arguments: ["runbook.yaml", "inventory.yaml"])
    func changed(_ name: String) throws {
        let program = try Program(files)
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        let copy = "home/runs/r/\(name)"
        try program.scratch.write(copy, try program.scratch.read(copy) + Array("# more\n".utf8))
        #expect(try program("resume r --no-input --answer look=done").status != 0)
    }
}
