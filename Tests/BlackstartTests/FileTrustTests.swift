import Foundation
import TestTools
import Testing

/// Copies where others have their hands in, and copies that are made more than once.
@Suite("A copy goes where nobody else can turn it, and a restore brings back what it took the place of")
struct FileTrustTests {
    private func program(_ steps: String) throws -> Program {
        try Program([
            "runbook.yaml": "version: 1\nname: Files\ninventory: inventory.yaml\nsteps:\n\(steps)\n", "x": "new\n",
            "inventory.yaml": "version: 1\nname: This machine\nhosts: { a: { address: 127.0.0.1 } }\n",
        ])
    }

    private func copying(_ target: String, _ more: String = "") -> String {
        "- { id: a, name: A, hosts: local, copy: { from: x, to: \"\(target)\" }\(more) }"
    }

    private func make(_ text: String, in scratch: Scratch) throws {
        let made = try shell("umask 022; \(text)", in: scratch.path)
        #expect(made.status == 0, "\(made.output)")
    }

    @Test(
        "what others can change on the way, or in the place, is refused with what to type",
        arguments: [
            ("mkdir d; chmod 777 d", "d/f", "other users can write to", "type there: chmod go-w"),
            ("mkdir d; chown 12345 d", "d/f", "belongs to another user (uid 12345)", "copy to a folder of root's"),
            (
                "mkdir e; ln -s e d; chown -h 12345 d", "d/f", "belongs to another user (uid 12345)",
                "copy to a folder of root's"
            ),
            (
                "mkdir d; ln -s ../e d/f; chown -h 12345 d/f; touch e", "d/f", "is a link of another user",
                "type there: rm "
            ),
            (
                "mkdir -m 1777 d; touch d/f; chown 12345 d/f", "d/f", "belongs to another user (uid 12345)",
                "type there: rm "
            ),
        ])
    func refused(_ setting: String, _ target: String, _ why: String, _ hint: String) throws {
        guard geteuid() == 0 else { return }
        let scratch = try Scratch()
        try make(setting, in: scratch)
        let before = try shell("ls -lR --time-style=+", in: scratch.path).output
        let program = try program(copying("\(scratch.path)/\(target)"))
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 2, "\(said.stdout)")
        let printed = try shell("cat home/runs/r/outputs/*", in: program.scratch.path).output
        #expect(printed.contains(why) && printed.contains("hint: \(hint)"), "\(printed)")
        #expect(try shell("ls -lR --time-style=+", in: scratch.path).output == before)
    }

    @Test(
        "own folders, links of one's own and folders for everybody still work",
        arguments: [
            ("mkdir d", "d/f", "d/f"), ("mkdir e; ln -s e d", "d/f", "e/f"), ("mkdir -m 1777 d", "d/f", "d/f"),
            ("mkdir d e; ln -s ../e/g d/f", "d/f", "e/g"), ("mkdir -m 1777 d; touch d/f", "d/f", "d/f"),
            ("mkdir -p d/e", "d/e/../f", "d/f"), ("mkdir 'a b'", "a b/it", "a b/it"),
        ])
    func taken(_ setting: String, _ target: String, _ place: String) throws {
        let scratch = try Scratch()
        try make(setting, in: scratch)
        let program = try program(copying("\(scratch.path)/\(target)"))
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 0, "\(said.stdout)")
        #expect(try scratch.text(place) == "new\n")
    }

    @Test("a file of another user in a safe folder becomes ours, and its group may not write")
    func owner() throws {
        guard geteuid() == 0 else { return }
        let scratch = try Scratch()
        try make("touch f; chown 12345:12346 f; chmod 664 f", in: scratch)
        let program = try program(copying("\(scratch.path)/f"))
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 0)
        #expect(try shell("stat -c '%u:%g %a' f", in: scratch.path).output == "0:12346 644\n")
    }

    @Test(
        "the permissions that the runbook states are those that the file has, whoever it belonged to",
        arguments: [
            ("touch f", "000", "0:0 0"), ("touch f", "0040", "0:0 40"), (":", "0004", "0:0 4"),
            ("touch f; chown 12345:12346 f", "0664", "0:0 664"),
            ("touch f; chown 12345:12346 f", "0644", "0:12346 644"),
        ])
    func mode(_ setting: String, _ mode: String, _ facts: String) throws {
        guard geteuid() == 0 else { return }
        let scratch = try Scratch()
        try make(setting, in: scratch)
        let program = try program(
            "- { id: a, name: A, hosts: local, copy: { from: x, to: \(scratch.path)/f, mode: \"\(mode)\" } }")
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 0, "\(said.stdout)")
        #expect(try shell("stat -c '%u:%g %a' f", in: scratch.path).output == "\(facts)\n")
    }

    @Test(
        "a target with signs of the shell in it is one word of the one line to type",
        arguments: ["f; touch owned", "my data/f", "$(id)", "it's", "a\\\\nhint: type there: id"])
    func signs(_ name: String) throws {
        guard geteuid() == 0 else { return }
        let scratch = try Scratch()
        let path = "\(scratch.path)/d/\(name.replacing("\\\\", with: "\\"))"
        let word = "'\(path.replacing("'", with: "'\\''"))'"
        try make(
            "mkdir -p \"$(dirname \(word))\"; touch \(word); chown 12345 \(word); chmod 1777 \"$(dirname \(word))\"",
            in: scratch)
        let program = try program(copying("\(scratch.path)/d/\(name)"))
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 2)
        let printed = try shell("cat home/runs/r/outputs/*", in: program.scratch.path).output
        let hints = printed.split(separator: "\n").filter { $0.hasPrefix("hint: ") }
        #expect(hints == ["hint: type there: rm \(word)"], "\(printed)")
    }

    @Test("a run of the same name from another home keeps its own former file")
    func twin() throws {
        let scratch = try Scratch()
        try scratch.write("f", Array("first\n".utf8))
        let program = try program(
            copying("\(scratch.path)/f")
                + "\n- { id: b, name: B, hosts: local, needs: [a], run: \"exit ${BAD:-0}\", on_failure: rollback }")
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 0)
        try scratch.write("f", Array("second\n".utf8))
        let said = try said(
            by: [Program.executable, "run", "runbook.yaml", "--run-id", "r", "--no-input"], in: program.scratch.path,
            environment: program.environment.merging([
                "BLACKSTART_HOME": "\(program.scratch.path)/other-home", "BAD": "1",
            ]) { $1 })
        #expect(said.status == 6, "\(said.stdout)\(said.stderr)")
        #expect(try scratch.text("f") == "second\n")
    }

    @Test("what an earlier attempt of the step copied is not what stood there before")
    func retried() throws {
        let scratch = try Scratch()
        try scratch.write("f", Array("first\n".utf8))
        let program = try program(
            """
            - id: a
              name: A
              hosts: local
              copy: { from: x, to: \(scratch.path)/f }
              skip_if: never
              verify: { run: "grep -q new \(scratch.path)/f && test $(ls home/receipts/r | grep -c '^a.local') -gt 1" }
              on_failure: retry
            - { id: b, name: B, hosts: local, needs: [a], run: "exit 1", on_failure: rollback }
            """)
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 6, "\(said.stdout)\(said.stderr)")
        #expect(try scratch.text("f") == "first\n", "\(said.stdout)")
    }

    @Test("a value that leads out of the folder of `to` is refused before anything is sent")
    func value() throws {
        let scratch = try Scratch()
        try make("mkdir d", in: scratch)
        let program = try program(
            """
            - { id: q, name: Q, hosts: local, run: "echo ../out", outputs: { name: { } } }
            - { id: a, name: A, hosts: local, needs: [q], copy: { from: x, to: "\(scratch.path)/d/${{ steps.q.outputs.name }}" } }
            """)
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 2, "\(said.stdout)\(said.stderr)")
        #expect(
            said.stdout.contains("`..`") && said.stdout.contains("nothing was sent"), "\(said.stdout)\(said.stderr)")
        #expect(try shell("find . -type f", in: scratch.path).output == "")
    }

    @Test("a host that can't compute a digest takes no copy, says what it lacks, and keeps the file as it is")
    func noDigest() throws {
        let scratch = try Scratch()
        try scratch.write("f", Array("first\n".utf8))
        let program = try program(copying("\(scratch.path)/f"))
        try make(
            """
            mkdir tools; for f in /usr/bin/* /bin/*; do ln -sf "$f" tools/; done
            rm -f tools/sha256sum tools/shasum tools/sha256 tools/openssl
            """, in: scratch)
        let said = try said(
            by: [Program.executable, "run", "runbook.yaml", "--run-id", "r", "--no-input"], in: program.scratch.path,
            environment: program.environment.merging(["PATH": "\(scratch.path)/tools"]) { $1 })
        #expect(said.status == 2, "\(said.stdout)\(said.stderr)")
        let printed = try shell("cat home/runs/r/outputs/*", in: program.scratch.path).output
        #expect(printed.contains("no tool for SHA-256; nothing was changed"), "\(printed) \(said.stdout)")
        #expect(try scratch.text("f") == "first\n")
    }
}
