import Foundation
import RunbookTransport
import TestTools
import Testing

/// A host that floods a command of the program, and how that command ends.
struct FloodedCommand: Sendable, CustomTestStringConvertible {
    var name: String
    /// What the host's login does in place of what it is asked.
    var login: String
    var words: String
    var status: [Int32]
    /// What is said, on either stream.
    var said: String
    var mostKiB = 120 << 10

    var testDescription: String { name }

    /// Answers as a receipt script does, and never stops.
    private static let answering =
        #"n=$(sed -n "/nonce=/{s/.*nonce=\([^;]*\);.*/\1/;s/'//g;p;q;}"); printf 'BS1 %s\n' "$n"; "#
        + #"while :; do printf 'O 65536\n'; head -c 65536 /dev/zero || exit; done"#
    private static let zeros = "exec cat /dev/zero"

    static let all = [
        FloodedCommand(
            name: "snapshot, as an answer", login: answering, words: "snapshot -i site.yaml", status: [4],
            said: "the host sent more than 1 MiB"),
        FloodedCommand(
            name: "snapshot, as noise", login: zeros, words: "snapshot -i site.yaml", status: [4], said: "UNREACHED"),
        FloodedCommand(
            name: "pin, as noise", login: zeros, words: "inventory pin site.yaml", status: [0, 4],
            said: "not asked: the host"),
        FloodedCommand(
            name: "a recorded run", login: answering,
            words: "run runbook.yaml --run-id r --no-input --record kept", status: [2, 3], said: "Recorded to kept"),
        FloodedCommand(
            name: "witness fetch", login: "echo BSW have 99999999; exec cat /dev/zero",
            words: "witness fetch h r --inventory site.yaml -o copy --at-most 64MiB", status: [4],
            said: "the host sent more than 64 MiB"),
        FloodedCommand(
            name: "witness fetch, to the disk", login: "echo BSW have 60000000; exec cat /dev/zero",
            words: "witness fetch h r --inventory site.yaml -o copy --at-most 64MiB", status: [7], said: "copy of h",
            mostKiB: 400 << 10),
        FloodedCommand(
            name: "ready", login: zeros, words: "ready runbook.yaml --no-input", status: [2, 3, 4],
            said: "the host's answer makes no sense"),
        FloodedCommand(
            name: "journal verify, its witness", login: zeros, words: "journal verify old --hosts", status: [4],
            said: "could not be asked"),
    ]
}

@Suite("Hosts that flood the program", .serialized)
struct FloodedProgramTests {
    /// Runs the program, and tells how much memory it had at its most, KiB.
    private func measured(_ program: Program, _ words: String) throws -> (Said, peakKiB: Int) {
        try program.scratch.write(
            "measure.py",
            Array(
                """
                import resource, subprocess, sys
                status = subprocess.run(sys.argv[1:], timeout=300).returncode
                print("PEAK", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
                sys.exit(status if status >= 0 else 99)
                """.utf8))
        let said = try said(
            by: ["/usr/bin/python3", "measure.py", Program.executable] + words.split(separator: " ").map(String.init),
            in: program.scratch.path, environment: program.environment)
        let line = said.lines.last { $0.hasPrefix("PEAK ") }
        return (said, line.flatMap { Int($0.dropFirst(5)) } ?? .max)
    }

    @Test("the command ends with words, and memory stays flat", arguments: FloodedCommand.all)
    func flooded(_ flooded: FloodedCommand) throws {
        let server = try TestServer(login: flooded.login)
        let program = try Program([
            "site.yaml": """
            version: 1
            name: North
            witnesses: [h]
            defaults: { identity_file: \(server.scratch.path)/client_key, known_hosts: \(server.scratch.path)/known_hosts }
            hosts: { h: { address: 127.0.0.1, port: \(server.port), snapshot: { platform: linux } } }

            """,
            "runbook.yaml": """
            version: 1
            name: Start
            inventory: site.yaml
            steps:
            - { id: here, name: Here, hosts: local, run: "head -c 100000000 /dev/zero", timeout: 60s, on_failure: continue }
            - { id: check, name: Check, hosts: local, needs: [here], verify: { run: "head -c 100000000 /dev/zero" }, run: "true", on_failure: continue }
            - { id: there, name: There, hosts: h, needs: [], run: "true", timeout: 3s, on_failure: continue }

            """,
        ])
        if flooded.words.contains(" old ") {
            try program.scratch.write(
                "one.yaml",
                Array(
                    """
                    version: 1
                    name: One
                    inventory: site.yaml
                    steps: [{ id: a, name: A, hosts: local, run: "true" }]

                    """.utf8))
            #expect(try program("run one.yaml --run-id old --no-input -y").status < 5)
        }
        let (said, peakKiB) = try measured(program, flooded.words)
        #expect(flooded.status.contains(said.status), "\(said)")
        #expect((said.stdout + said.stderr).contains(flooded.said), "\(said)")
        #expect(peakKiB < flooded.mostKiB, "\(peakKiB) KiB")
        if flooded.words.contains("-o copy") {
            let left = try FileManager.default.contentsOfDirectory(atPath: program.scratch.path)
            #expect(!left.contains { $0.hasPrefix("copy") }, "\(left)")
        }
    }
}
