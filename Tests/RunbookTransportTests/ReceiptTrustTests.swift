import Foundation
import RunbookModel
import RunbookTransport
import TestTools
import Testing

/// What a host's answer may be taken for, under every shell that hosts have.
@Suite("What is told of a host is so")
struct ReceiptTrustTests {
    private func probe(_ command: String, _ privilege: Privilege? = nil) -> HostRequest.Operation {
        .probe(ProbeRequest(.run(command: command, environment: []), privilege: privilege, timeout: .seconds(20)))
    }

    private func receiptFolder(_ host: ScriptHost) -> String {
        "\(host.scratch.path)/.blackstart/receipts/\(ScriptHost.receipt.path)"
    }

    // MARK: Another folder

    @Test("the first contact leaves a mark, and each later one finds it", arguments: ScriptHost.allShells)
    func mark(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        for nonce in ["n1", "n2"] {
            guard case .facts(_, let home, _, _, _) = try host.play(.arrive(Arrival(run: "r1")), nonce: nonce).ending
            else {
                Issue.record("no facts")
                return
            }
            #expect(home == "n1")
        }
        let said = try host.play(.submit(ScriptHost.submission("echo on"), deadline: .seconds(60)))
        #expect(said.status?.end == .exit(0) && said.status?.home == "n1", "\(said)")
        #expect(try host.play(.inspect(ScriptHost.receipt)).status?.home == "n1")
        #expect(try host.play(.contact).ending.map { "\($0)".contains("home: \"\"") } == true)
    }

    @Test("where the run was never before, nothing is fenced and nothing runs that is meant for another folder")
    func elsewhere() throws {
        let host = try ScriptHost()
        #expect(try host.play(.fence(ScriptHost.receipt)).status?.go == ReceiptStatus.Go.none)
        #expect(!host.hasReceipts)
        try host.arrive()
        var submission = ScriptHost.submission()
        submission.home = "another"
        let refused = try host.play(.submit(submission, deadline: .seconds(60))).status
        #expect(refused?.refused == .home && refused?.claimed == false)
        submission.home = "n1"
        #expect(try host.play(.submit(submission, deadline: .seconds(60))).status?.end == .exit(0))
        #expect(host.runs == 1)
    }

    // MARK: Somebody else

    @Test("what another controller of the run has submitted is refused as taken", arguments: ScriptHost.allShells)
    func taken(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        var submission = ScriptHost.submission("exit 3")
        submission.mark = "m1"
        _ = try host.play(.submit(submission, deadline: .seconds(60)))
        let twin = try host.play(.submit(submission, deadline: .seconds(60)), nonce: "n2")
        #expect(twin.status?.refused == .taken && twin.status?.end == .exit(3) && twin.status?.run == "m1")
        // Its values may be others.
        var other = ScriptHost.submission("exit 4", digest: "d2")
        other.mark = "m1"
        #expect(try host.play(.submit(other, deadline: .seconds(60)), nonce: "n3").status?.refused == .taken)
        other.mark = "m2"
        #expect(try host.play(.submit(other, deadline: .seconds(60)), nonce: "n4").status?.refused == .conflict)
        #expect(host.runs == 1)
    }

    // MARK: A full disk

    /// Runs a script where no file may grow beyond `blocks` of 512 or 1,024 bytes.
    private func playWithin(
        _ blocks: Int, _ operation: HostRequest.Operation, _ host: ScriptHost
    ) throws -> ScriptHost.Said {
        try host.scratch.write("script", Array(try host.text(operation).utf8))
        _ = try shell(
            "(trap '' XFSZ; ulimit -f \(blocks); exec \(host.shellPath) -s <script 2>/dev/null) | cat >out",
            in: host.scratch.path, environment: host.variables)
        return try host.reply("out")
    }

    @Test("a question that can't be written down, or its answer, is not answered", arguments: ScriptHost.allShells)
    func fullProbe(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        for command in ["true", "exit 0 # \(String(repeating: "x", count: 3_000))"] {
            let said = try playWithin(0, probe(command), host)
            guard case .refused(let why) = said.ending else {
                Issue.record("a full disk answers \(said)")
                return
            }
            #expect(why.contains("no space left"), "\(why)")
        }
        #expect(try host.play(probe("exit 4")).ending == .probe(status: 4))
    }

    @Test(
        "a tiny file system is filled by an answer: then there is none", .enabled(if: Rights.canMount),
        arguments: ScriptHost.allShells)
    func tinyDisk(_ program: String) throws {
        let host = try ScriptHost(shell: program)
        try FileManager.default.createDirectory(atPath: "\(host.scratch.path)/tiny", withIntermediateDirectories: false)
        let mount = "unshare -m sh -c 'mount -t tmpfs -o size=64k tiny tiny"
        for (command, ending) in [("head -c 40000 /dev/zero", true), ("head -c 200000 /dev/zero; exit 0", false)] {
            try host.scratch.write("script", Array(try host.text(probe(command)).utf8))
            _ = try shell(
                "\(mount) && HOME=$PWD/tiny TMPDIR=$PWD/tiny \(host.shellPath) -s <script >out 2>err'",
                in: host.scratch.path, environment: host.variables)
            let said = try host.reply("out")
            #expect((said.ending == .probe(status: 0)) == ending, "\(said.ending as Any)")
            if !ending {
                guard case .refused = said.ending else {
                    Issue.record("a full disk answers \(said.ending as Any)")
                    continue
                }
            }
        }
    }

    @Test("a command that can't be written down whole does not run", arguments: ScriptHost.allShells, [0, 1])
    func fullReceipt(_ shell: String, blocks: Int) throws {
        let host = try ScriptHost(shell: shell)
        try host.arrive()
        let long = "\n# \(String(repeating: "x", count: 3_000))\n"
        let said = try playWithin(blocks, .submit(ScriptHost.submission(long), deadline: .seconds(60)), host)
        #expect(said.ending == .refused("no receipt can be kept: is the disk full?"), "\(said)")
        #expect(host.runs == 0)
    }

    // MARK: Signals

    @Test("a number that another process has by now is not signalled, and does not count as alive")
    func reused() throws {
        let host = try ScriptHost()
        try host.arrive()
        _ = try host.play(.submit(ScriptHost.submission(), deadline: .seconds(60)))
        let folder = receiptFolder(host)
        let pid = try shell(
            "setsid sleep 1000 >/dev/null 2>&1 & echo $!; rm '\(folder)'/end.*; ln -sfn run:$!:b1 '\(folder)/go'",
            in: host.scratch.path
        ).output.trimmingCharacters(in: .newlines)
        let innocent = try #require(pid_t(pid))
        defer { kill(innocent, SIGKILL) }
        #expect(try host.play(.inspect(ScriptHost.receipt)).status?.alive == false)
        let killed = try host.play(.kill(ScriptHost.receipt, nil)).status
        #expect(killed?.wasStopped == false && killed?.alive == false)
        let state = try shell("ps -o stat= -p \(pid)", in: "/").output
        #expect(!state.isEmpty && !state.hasPrefix("Z"), "\(state)")
        #expect(try host.play(.markLost(ScriptHost.receipt)).status?.end == .lost)
    }

    @Test("what ends before it is signalled was not stopped; what is signalled was", arguments: ScriptHost.allShells)
    func stopped(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        _ = try host.play(.submit(ScriptHost.submission("exit 0"), deadline: .seconds(60)))
        let late = try host.play(.kill(ScriptHost.receipt, nil)).status
        #expect(late?.end == .exit(0) && late?.wasStopped == false)
        let other = try ScriptHost(shell: shell)
        _ = try other.submitAndLeave("sleep 1000")
        let stopped = try other.play(.kill(ScriptHost.receipt, nil)).status
        // A shell may wait for what it runs before it heeds TERM.
        let ends: [ReceiptStatus.End?] = [.exit(143), .exit(137)]
        #expect(ends.contains(stopped?.end))
        #expect(stopped?.wasStopped == true && stopped?.leftRunning == 0)
    }

    @Test("what began a session of its own and lost its parent is told as still running")
    func left() throws {
        let host = try ScriptHost()
        _ = try host.submitAndLeave("(setsid sleep 1000 & echo $! >\"$HOME/child\"); sleep 1000")
        let child = { (try? host.scratch.text("child")).flatMap { pid_t($0.trimmingCharacters(in: .newlines)) } }
        while child() == nil {}
        // Its parent is gone, and it is in its own session once it is another program.
        let pid = try #require(child())
        defer { kill(pid, SIGKILL) }
        while try shell("ps -o args= -p \(pid)", in: "/").output != "sleep 1000\n" {}
        let killed = try host.play(.kill(ScriptHost.receipt, nil)).status
        #expect(killed?.end == .exit(143) && killed?.leftRunning == 1)
        #expect(kill(pid, 0) == 0)
    }

    // MARK: Secrets

    @Test("no secret is an argument of a program, whatever the shell has built in", arguments: ScriptHost.allShells)
    func arguments(_ program: String) throws {
        let host = try ScriptHost(shell: program)
        let folder = "\(host.scratch.path)/bin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for tool in ["printf", "print", "echo", "cat", "tr", "setsid", "head", "tail"] {
            guard let real = ["/usr/bin/\(tool)", "/bin/\(tool)"].first(where: FileManager.default.fileExists(atPath:))
            else { continue }
            let text = "#!/bin/dash\nprintf '%s\\n' \"\(tool) $*\" >>'\(host.scratch.path)/seen'\nexec \(real) \"$@\"\n"
            try host.scratch.write("bin/\(tool)", Array(text.utf8), mode: 0o700)
        }
        let sudo = """
            #!/bin/dash
            while [ "$1" != -- ]; do shift; done; shift
            IFS= read -r given; [ "$given" = "open sesame" ] || exit 1
            exec "$@"

            """
        try host.scratch.write("bin/sudo", Array(sudo.utf8), mode: 0o700)
        let privilege = Privilege(password: HiddenText(filled: "open sesame"))
        var submission = ScriptHost.submission("[ \"$PIN\" = hunter2 ]")
        submission.environment = [EnvironmentPair(name: "PIN", HiddenText(filled: "hunter2"))]
        submission.privilege = privilege
        let said = try host.play(.submit(submission, deadline: .seconds(60)), path: folder)
        #expect(said.status?.end == .exit(0), "\(said)")
        #expect(try host.play(probe("true", privilege), path: folder).ending == .probe(status: 0))
        _ = try host.play(.survey(privilege), path: folder)
        let seen = try host.scratch.text("seen")
        #expect(!seen.contains("hunter2") && !seen.contains("sesame"), "\(seen)")
    }
}
