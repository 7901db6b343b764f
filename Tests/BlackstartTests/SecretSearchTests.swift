import Foundation
import Synchronization
import TestTools
import Testing

/// Secrets of every kind through a run on real SSH servers, and then a search for them in all that is left and was shown.
@Suite("Where secrets must not be", .serialized)
struct SecretSearchTests {
    /// Each is made at random for the run. The last has what every writing escapes.
    private struct Secrets {
        let prompt: String
        let file: String
        let variable = Self.random()
        let command = Self.random() + " \"q\" é/\\<&>"

        init() {
            prompt = Self.random()
            file = Self.random()
        }

        private static func random() -> String {
            String(
                (0..<20).map { _ in "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789".randomElement() ?? "x" })
        }

        var all: [String] { [prompt, file, variable, command] }

        /// A secret as programs write it; base64 by what stands in the middle of it wherever it begins.
        var traces: [[UInt8]] {
            var traces: [[UInt8]] = []
            for secret in all {
                let data = Data(secret.utf8)
                let json = try? JSONSerialization.data(withJSONObject: [secret], options: .withoutEscapingSlashes)
                let url = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? secret
                traces += [Array(secret.utf8), Array((json ?? Data()).dropFirst(2).dropLast(2)), Array(url.utf8)]
                for before in 0...2 {
                    let text = (Data(repeating: 0x41, count: before) + data).base64EncodedString()
                    traces.append(Array(text.utf8.dropFirst(4).prefix(16)))
                }
            }
            return traces.filter { $0.count >= 8 }
        }
    }

    /// What the commands on hosts do with their secrets: all that a careless tool would.
    private static let careless = """
        #!/bin/sh
        printf '%s\\n' "$A" "$B" "$C" "$D"
        printf '%s' "user:$A" | base64; printf '%s' "$D" | base64 -w0; echo
        printf '{"a":"%s"}\\n' "$C" >&2
        i=0; while [ $i -lt 2 ]; do j=0; while [ $j -lt 20 ]; do printf %s "$A" | cut -c$((j + 1)) | tr -d '\\n'; j=$((j + 1)); done; i=$((i + 1)); done
        ps -eww -o args
        python3 -c 'import os, json, urllib.parse as u; [print(json.dumps(os.environ[k]), json.dumps(os.environ[k], ensure_ascii=False), u.quote(os.environ[k], safe=""), u.quote_plus(os.environ[k])) for k in "ABCD"]'
        exit 0
        """

    @Test("a secret of each kind, and no trace of it after the run or during it")
    func search() throws {
        let secrets = Secrets()
        let program = try Program([
            "inventory.yaml":
                "version: 1\nname: A site\nhosts: { h1: { address: 10.0.0.1 }, h2: { address: 10.0.0.2, receipts: false } }\n",
            "fixture.yaml":
                "version: 1\nname: It answers\nhosts: { \"*\": { sudo: { password: \"\(secrets.file)\" }, answers: [{ run: \"*\" }] } }\n",
            "careless.sh": Self.careless, "file.secret": secrets.file + "\n", "command.secret": secrets.command,
            "runbook.yaml": """
            version: 1
            name: Secrets
            inventory: inventory.yaml
            secrets:
              prompted: { from: prompt, description: Envelope 3 }
              filed: { from: file, path: file.secret }
              given: { from: env, name: GIVEN_SECRET }
              printed: { from: command, run: cat command.secret }
            defaults: { on_failure: continue }
            steps:
            - id: here
              name: Here
              hosts: local
              env: &none {}
              run: "true"
            """.replacing(
                "env: &none {}",
                with:
                    "env: { A: \"${{ secrets.prompted }}\", B: \"${{ secrets.filed }}\", C: \"${{ secrets.given }}\", D: \"${{ secrets.printed }}\" }"
            )
            .replacing(
                "run: \"true\"",
                with:
                    "script: careless.sh\n  verify: { run: 'echo \"$A $B $C $D\"', contains: never }\n  skip_if: never\n  outputs: { all: { run: 'echo \"$D\"' } }"
            )
                + """

                - id: there
                  name: There
                  hosts: [h1, h2]
                  needs: [here]
                  become: { password: "${{ secrets.filed }}" }
                  env: { A: "${{ secrets.prompted }}", B: "${{ secrets.filed }}", C: "${{ secrets.given }}", D: "${{ secrets.printed }}" }
                  run: anything
                - id: done
                  name: Done
                  hosts: local
                  needs: [there]
                  env: { A: "${{ secrets.prompted }}", B: "${{ secrets.filed }}", C: "${{ secrets.given }}", D: "${{ secrets.printed }}" }
                  script: careless.sh
                  outputs: { all: { run: 'echo "$D"' } }

                """,
        ])
        let lab = "\(program.scratch.path)/lab"
        let up = try program(["lab", "up", "fixture.yaml", "-i", "inventory.yaml", "--dir", lab, "--lifetime", "5m"])
        try #require(up.status == 0, "\(up.stdout)\(up.stderr)")
        defer { _ = try? program(["lab", "down", "--dir", lab]) }
        // The lab's own inventory, but its shell does not play the steps of this machine.
        let inventory =
            try program.scratch.text("lab/inventory.yaml").split(separator: "\n")
            .filter { !$0.hasPrefix("lab_shell") }.joined(separator: "\n") + "\n"
        try program.scratch.write("real.yaml", Array(inventory.utf8))

        let sampling = Shared(true)
        let processes = Shared<Set<Substring>>([])
        let sampler = Thread {
            while sampling.now {
                let seen = (try? said(by: ["/bin/ps", "-eww", "-o", "args"]).stdout) ?? ""
                processes.withLock { $0.formUnion(seen.split(separator: "\n")) }
            }
        }
        sampler.start()
        let terminal = try Terminal(
            program, "run runbook.yaml -i real.yaml --run-id r -y", environment: ["GIVEN_SECRET": secrets.variable])
        try terminal.wait(for: "Envelope 3")
        try terminal.type(secrets.prompt + "\n")
        // The check of the first step prints secrets: what was hidden from it answers nothing, so a person is asked.
        try terminal.wait(for: "(no default): ")
        try terminal.type("skip\n")
        try terminal.wait(for: "on record")
        try terminal.type("no use here\n")
        try terminal.wait(for: "Type yes")
        try terminal.type("yes\n")
        let (status, shown) = try terminal.end()
        sampling.withLock { $0 = false }
        #expect(status == 3, "\(shown)")
        let report = try program("status r").stdout + program("journal show r").stdout

        // Everything the run left behind, but for what the secrets came from.
        for name in ["file.secret", "command.secret", "fixture.yaml"] {
            try FileManager.default.removeItem(atPath: "\(program.scratch.path)/\(name)")
        }
        for name in ["fixture", "hosts/h1/bin/sudo", "hosts/h2/bin/sudo"] {
            try? FileManager.default.removeItem(atPath: "\(lab)/\(name)")
        }
        var places = [
            ("the terminal", Array(shown.utf8)), ("the report", Array(report.utf8)),
            ("a list of processes", Array(processes.now.joined(separator: "\n").utf8)),
        ]
        let files = FileManager.default.enumerator(atPath: program.scratch.path)
        var receipts = 0
        while let name = files?.nextObject() as? String {
            guard let data = FileManager.default.contents(atPath: "\(program.scratch.path)/\(name)") else { continue }
            if name.contains("receipts/") { receipts += 1 }
            places.append((name, Array(data)))
        }
        #expect(receipts > 0 && processes.now.contains { $0.contains("blackstart run") })
        for (place, bytes) in places {
            let data = Data(bytes)
            for trace in secrets.traces where data.range(of: Data(trace)) != nil {
                Issue.record("\(place) holds \(String(decoding: trace, as: UTF8.self))")
            }
        }
        // The search is not blind: the commands did print, and what they printed is there, with stars.
        let journal = try program.scratch.text("home/runs/r/journal.jsonl")
        #expect(journal.contains("****") && shown.contains("Envelope 3"))
        let outputs = try shell("cat home/runs/r/outputs/* | grep -c '\\*\\*\\*\\*'", in: program.scratch.path).output
        #expect((Int(outputs.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 10, "\(outputs)")
    }

    @Test("with nobody to type it, the run waits and has begun nothing")
    func nobody() throws {
        let program = try Program([
            "inventory.yaml": "version: 1\nname: A\nhosts: { a: { address: 127.0.0.1 } }\n",
            "runbook.yaml": """
            version: 1
            name: A
            inventory: inventory.yaml
            secrets: { pin: { from: prompt, description: Envelope 3 }, unused: { from: file, path: nowhere } }
            steps: [{ id: a, name: A, hosts: local, env: { P: "${{ secrets.pin }}" }, run: "true" }]

            """,
        ])
        let said = try program("run runbook.yaml --run-id r --no-input")
        #expect(said.status == 5)
        #expect(
            said.stderr.hasSuffix(
                "blackstart: error: the secret `pin` has to be typed, and nobody may be asked\nblackstart: hint: Envelope 3\n"
            ),
            "\(said.stderr)")
        #expect(try program("runs").stdout == "")
    }
}
