import Foundation
import TestTools
import Testing

/// Scripts and copies, carried out for real on this machine.
@Suite("Scripts and files on this machine")
struct FileActionTests {
    private func program(_ steps: String, _ files: [String: String]) throws -> Program {
        let program = try Program(
            [
                "runbook.yaml": "version: 1\nname: Files\ninventory: inventory.yaml\nsteps:\n\(steps)\n",
                "inventory.yaml": "version: 1\nname: This machine\nhosts: { a: { address: 127.0.0.1 } }\n",
            ].merging(files) { $1 })
        return program
    }

    private func transcript(_ program: Program) throws -> [String] {
        try RunTranscript(try program.scratch.text("home/runs/r/journal.jsonl"), speed: 1).tasks
    }

    private func mode(_ program: Program, _ name: String) throws -> String {
        try shell("stat -c %a '\(name)'", in: program.scratch.path).output
    }

    @Test("a script is called by what its first line names, with its arguments, and its status counts")
    func script() throws {
        let python = "#!/usr/bin/env python3\nimport sys, os\nprint(sys.argv[1:], os.environ['X'])\nsys.exit(3)\n"
        let program = try program(
            """
            - id: a
              name: A
              hosts: local
              env: { X: "it's" }
              script: { file: a.py, args: ["one two", "$HOME 'q'"] }
              on_failure: continue
            - { id: b, name: B, hosts: local, needs: [a], script: b, verify: { run: test -e there } }
            """, ["a.py": python, "b": "echo \"$0\" \"$#\"; touch there"])
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 3, "\(said.stdout)\(said.stderr)")
        #expect(
            try transcript(program) == ["a@local: run, exit 3, failed (exit status 3)", "b@local: run, exit 0, ok"])
        let printed = try shell("cat home/runs/r/outputs/*", in: program.scratch.path).output
        #expect(printed.contains("['one two', \"$HOME 'q'\"] it's\n"), "\(printed)")
        // The second one said where it lay; nothing lies there any more.
        let own = try #require(printed.split(separator: "\n").first { $0.hasPrefix("/") }?.split(separator: " ").first)
        #expect(own.hasSuffix("/home/receipts/r/b.local.1/script"), "\(own)")
        #expect(!FileManager.default.fileExists(atPath: String(own)))
        let folder = own.dropLast("/script".count)
        #expect(try shell("stat -c %a '\(folder)'", in: "/").output == "700\n")
    }

    @Test("a resume elsewhere runs the script as it was when the run began")
    func frozen() throws {
        let program = try program(
            """
            - { id: a, name: A, manual: Go. }
            - { id: b, name: B, hosts: local, needs: [a], script: b.sh }
            """,
            [
                "b.sh": "echo as it was > \"$BLACKSTART_FOLDER_OUT\"; exit 0\n".replacing(
                    "$BLACKSTART_FOLDER_OUT", with: "out")
            ])
        #expect(try program("run runbook.yaml --run-id r --no-input").status == 5)
        try program.scratch.write("b.sh", Array("echo changed > out\n".utf8))
        #expect(try program("resume r --no-input --answer a=done").status == 0)
        #expect(try program.scratch.text("out") == "as it was\n")
        // The frozen copy is part of the plan: another one is refused.
        try program.scratch.write("home/runs/r/files/0", Array("echo other > out\n".utf8))
        #expect(try program("status r").status == 65)
    }

    @Test("a file arrives whole, with its permissions, and the former one comes back")
    func copy() throws {
        let scratch = try Scratch()
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        try scratch.write("blob", bytes)
        let program = try program(
            """
            - { id: new, name: New, hosts: local, copy: { from: \(scratch.path)/blob, to: \(scratch.path)/new/blob, mode: "0640" } }
            """, [:])
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/new", withIntermediateDirectories: false)
        let first = try program("run runbook.yaml --run-id r --no-input")
        #expect(first.status == 0, "\(first.stdout)\(first.stderr)")
        #expect(try scratch.read("new/blob") == bytes)
        #expect(try shell("stat -c %a new/blob; ls -A new", in: scratch.path).output == "640\nblob\n")
        #expect(try transcript(program) == ["new@local: run, exit 0, ok"])
        // The journal says what was done, and not what was in it.
        let journal = try program.scratch.text("home/runs/r/journal.jsonl")
        #expect(journal.contains("\"text\":\"copy \(scratch.path)/blob to \(scratch.path)/new/blob\""))
        #expect(journal.utf8.count < 10_000)
        let again = try program("run runbook.yaml --run-id again --no-input")
        #expect(again.stdout.contains("ALREADY"), "\(again.stdout)")
    }

    @Test("a rollback puts the former file back, or takes away what was not there")
    func restore() throws {
        let scratch = try Scratch()
        try scratch.write("old", Array("old\n".utf8), mode: 0o604)
        try scratch.write("new", Array("new\n".utf8), mode: 0o600)
        let program = try program(
            """
            - { id: a, name: A, hosts: local, copy: { from: \(scratch.path)/new, to: \(scratch.path)/old } }
            - { id: b, name: B, hosts: local, needs: [a], copy: { from: \(scratch.path)/new, to: \(scratch.path)/none } }
            - { id: c, name: C, hosts: local, needs: [b], run: "cat '\(scratch.path)/old' '\(scratch.path)/none' > seen; exit 1", on_failure: rollback }
            """, [:])
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 6, "\(said.stdout)\(said.stderr)")
        #expect(try program.scratch.text("seen") == "new\nnew\n")
        #expect(try scratch.text("old") == "old\n")
        #expect(try shell("stat -c %a old; ls -A", in: scratch.path).output == "604\nnew\nold\n")
        #expect(
            try transcript(program).prefix(2) == [
                "a@local: run, exit 0, ok, undo run, undo exit 0, undo undone",
                "b@local: run, exit 0, ok, undo run, undo exit 0, undo undone",
            ])
    }

    @Test("a copy to what is no file, or to where no folder is, fails and leaves nothing")
    func refused() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/folder", withIntermediateDirectories: false)
        let program = try program(
            """
            - { id: a, name: A, hosts: local, copy: { from: x, to: \(scratch.path)/folder }, on_failure: continue }
            - { id: b, name: B, hosts: local, needs: [], copy: { from: x, to: \(scratch.path)/nowhere/x }, on_failure: continue }
            """, ["x": "x"])
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 3, "\(said.stdout)\(said.stderr)")
        #expect(said.stdout.contains("is there, and is no file"), "\(said.stdout)")
        #expect(try shell("find . -type f", in: scratch.path).output == "")
    }

    /// A tool that stands before the machine's own, for the steps of this machine.
    private func place(_ name: String, _ text: String, _ program: Program) throws {
        let folder = "\(program.scratch.path)/tools"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try program.scratch.write("tools/\(name)", Array("#!/bin/sh\n\(text)\n".utf8), mode: 0o700)
    }

    private func run(_ program: Program) throws -> Said {
        try said(
            by: [Program.executable, "run", "runbook.yaml", "--run-id", "r", "--no-input"], in: program.scratch.path,
            environment: program.environment.merging(["PATH": "\(program.scratch.path)/tools:/usr/bin:/bin"]) { $1 })
    }

    @Test("a script that was not written whole does not run", arguments: ["exec head -c 20", "head -c 20; exit 1"])
    func half(cat: String) throws {
        let program = try program(
            "- { id: a, name: A, hosts: local, script: a.sh }",
            ["a.sh": "touch \"$HOME/begun\" \n\n# \(String(repeating: "x", count: 200))\nexit 0\n"])
        try place("cat", cat, program)
        let said = try run(program)
        #expect(said.status == 2, "\(said.stdout)")
        #expect(try transcript(program).first?.hasPrefix("a@local: run, exit 126") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(program.scratch.path)/begun"))
    }

    @Test("whoever may change the target's folder turns a copy nowhere else, and finds no name to guess")
    func swapped() throws {
        let scratch = try Scratch()
        for name in ["shared", "victim"] {
            try FileManager.default.createDirectory(
                atPath: "\(scratch.path)/\(name)", withIntermediateDirectories: false)
        }
        try scratch.write("victim/file", Array("precious\n".utf8))
        let text = """
            version: 1
            name: Files
            inventory: inventory.yaml
            steps:
              - id: a
                name: A
                hosts: local
                copy: { from: x, to: \(scratch.path)/shared/file }
            """
        let program = try Program([
            "runbook.yaml": text, "x": "new\n",
            "inventory.yaml": "version: 1\nname: This machine\nhosts: { a: { address: 127.0.0.1 } }\n",
        ])
        // While the new file is compared, the folder that it is in is moved away, and a link is where it was; another link
        // is in the place of the target.
        try place(
            "sha256sum",
            """
            case $PWD in */shared/.blackstart.*)
              stat -c %a . >>'\(scratch.path)/seen'; pwd >>'\(scratch.path)/seen'
              cd .. && for d in .blackstart.*; do mv "$d" moved; ln -s '\(scratch.path)/victim' "$d"; done
              ln -sfn '\(scratch.path)/victim' file;;
            esac
            exec /usr/bin/sha256sum "$@"
            """, program)
        let said = try run(program)
        let seen = try scratch.text("seen").split(separator: "\n")
        #expect(seen.first == "700" && seen.count == 2, "\(seen) \(said)")
        #expect(try scratch.text("victim/file") == "precious\n")
        #expect(try shell("ls -A victim", in: scratch.path).output == "file\n")
    }

    @Test("a file that is not there, is too large or is no text is named with its place")
    func files() throws {
        let program = try program(
            """
            - { id: a, name: A, hosts: local, script: none.sh }
            - { id: b, name: B, hosts: local, needs: [a], script: nul.sh }
            - { id: c, name: C, hosts: local, needs: [b], copy: { from: folder, to: /tmp/x } }
            """, ["nul.sh": "echo \0"])
        try FileManager.default.createDirectory(
            atPath: "\(program.scratch.path)/folder", withIntermediateDirectories: false)
        let said = try program("check runbook.yaml")
        #expect(said.status == 65)
        #expect(
            said.stderr.contains("runbook.yaml:5:43: error: can't read `none.sh`: no such file or directory"),
            "\(said.stderr)")
        #expect(said.stderr.contains("runbook.yaml:6:55: error: the script `nul.sh` is no text"), "\(said.stderr)")
        #expect(said.stderr.contains("error: can't read `folder`: is a directory"), "\(said.stderr)")
    }
}
