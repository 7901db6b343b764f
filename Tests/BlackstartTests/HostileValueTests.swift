import Foundation
import TestTools
import Testing

/// What a host says, on its way into a real bash of the next step.
@Suite("Hostile values in real shells")
struct HostileValueTests {
    private func run(_ said: String, _ step: String, flags: String = "", files: [String: String] = [:]) throws -> (
        said: Said, ran: Bool
    ) {
        let program = try Program(
            [
                "inventory.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n",
                "said": said,
                "runbook.yaml": """
                version: 1
                name: A
                inventory: inventory.yaml
                vars: { x: "1", pattern: "${Package}" }
                defaults: { on_failure: stop }
                steps:
                - { id: ask, name: Ask, hosts: local, run: "cat \\"$OLDPWD/said\\" 2>/dev/null || cat said", outputs: { n: {} } }
                - id: use
                  name: Use
                  hosts: local
                  needs: [ask]
                \(step.split(separator: "\n").map { "  \($0)\n" }.joined())
                """,
            ].merging(files) { $1 })
        let said = try program("run runbook.yaml --run-id r --no-input \(flags)")
        let evidence = FileManager.default.fileExists(atPath: "\(program.scratch.path)/pwned")
        return (said, evidence)
    }

    static let ways = [
        "env: { num: \"${{ steps.ask.outputs.n }}\" }\nrun: bash -c 'echo $((num))'",
        "env: { num: \"${{ steps.ask.outputs.n }}\" }\nrun: bash -c '[[ $num -gt 5 ]]'",
        "env: { num: \"${{ steps.ask.outputs.n }}\" }\nrun: mksh -c '[ \"$num\" -gt 5 ]'",
        "env: { num: \"${{ steps.ask.outputs.n }}\" }\nscript: n.sh",
        "script: { file: first.sh, args: [\"${{ steps.ask.outputs.n }}\"] }",
        "run: bash first.sh ${{ steps.ask.outputs.n }}",
        "env: { num: \"${{ steps.ask.outputs.n }}\" }\nrun: \"true\"\nskip_if: never\nverify: { run: bash -c 'echo $((num))' }",
        "run: \"true\"\nundo: { run: \"true\", verify: { run: \"bash first.sh ${{ steps.ask.outputs.n }}\" } }\nskip_if: never\nverify: { run: \"bash first.sh ${{ steps.ask.outputs.n }}\" }",
        "run: \"true\"\noutputs: { m: { run: \"bash first.sh ${{ steps.ask.outputs.n }}\" } }",
    ]

    private static let files = [
        "n.sh": "#!/bin/bash\necho $((num))\n", "first.sh": "#!/bin/bash\necho $(($1))\n",
    ]

    @Test("a value that a shell would run never reaches one, by whatever way", arguments: ways)
    func never(_ way: String) throws {
        let hostile = "a[$(touch pwned)]"
        let (said, ran) = try run(hostile, way, files: Self.files)
        #expect(!ran)
        #expect(said.status == 2, "\(said.stdout)\(said.stderr)")
        let flat = (said.stdout + said.stderr).split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(
            flat.contains(
                "steps.ask.outputs.n is \"a[$(touch pwned)]\", and a shell may run what follows `$(`; nothing was sent; narrow it with `match` under `outputs`"
            ), "\(flat)")
    }

    @Test("what the author wrote, a number, JSON and a script in another language are taken")
    func taken() throws {
        for (value, step) in [
            ("7", Self.ways[0]), ("[1, {\"a\": [2]}]", "run: echo ${{ steps.ask.outputs.n }} ${{ vars.pattern }}"),
            (
                "a[$(touch pwned)]",
                "script: { file: a.py, args: [\"${{ steps.ask.outputs.n }}\"] }"
            ),
        ] {
            let (said, ran) = try run(
                value, step,
                files: Self.files.merging(["a.py": "#!/usr/bin/env python3\nimport sys\nprint(sys.argv)\n"]) { $1 })
            #expect(said.status == 0 && !ran, "\(said.stdout)\(said.stderr)")
        }
    }

    @Test("a variable given with -e is no longer the author's")
    func given() throws {
        let (said, ran) = try run(
            "1", "run: echo ${{ vars.x }}", flags: "-e x=`id`", files: Self.files)
        #expect(said.status == 2 && !ran)
        #expect(said.stdout.contains("vars.x is \"`id`\"") || said.stderr.contains("vars.x is \"`id`\""), "\(said)")
    }
}
