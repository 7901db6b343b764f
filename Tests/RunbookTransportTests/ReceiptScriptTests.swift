import Foundation
import RunbookModel
import RunbookTransport
import TestTools
import Testing

@Suite("A receipt on a host")
struct ReceiptScriptTests {
    private let host: ScriptHost

    init() throws { host = try ScriptHost() }

    private func submit(_ submission: Submission) throws -> ScriptHost.Said {
        try host.play(.submit(submission, deadline: .seconds(60)))
    }

    @Test("a command runs, and its receipt tells how it ended and what it printed")
    func once() throws {
        let said = try submit(ScriptHost.submission("echo out; echo err >&2; exit 3"))
        #expect(said.text == "out\n")
        #expect(said.stderr == Array("err\n".utf8))
        let status = try #require(said.status)
        #expect(status.claimed)
        #expect(status.digest == "d1")
        #expect(status.end == .exit(3))
        #expect(status.stdoutBytes == 4 && status.stderrBytes == 4)
        #expect(host.runs == 1)
    }

    @Test("a transfer that is cut runs nothing and leaves nothing, wherever it is cut", arguments: 0..<4)
    func cut(part: Int) throws {
        let script = Array(try host.text(.submit(ScriptHost.submission(), deadline: .seconds(60))).utf8)
        // Without its last line end it is whole.
        let whole = script.count - 1
        let ends = Array(stride(from: 0, to: whole - 100, by: 101)) + Array((whole - 100)..<whole)
        for end in ends where end % 4 == part {
            try host.feed(Array(script[..<end]))
            #expect(host.runs == 0 && !host.hasReceipts, "cut at byte \(end)")
        }
        try host.feed(script)
        #expect(host.runs == 1)
    }

    @Test("submitted again, it is not run again, and the first end is told")
    func twice() throws {
        let first = try submit(ScriptHost.submission("echo once; exit 5"))
        let second = try submit(ScriptHost.submission("echo once; exit 5"))
        #expect(first.stdout == second.stdout && first.status?.end == second.status?.end)
        #expect(host.runs == 1)
    }

    @Test("whoever waits for the start is killed at that moment: the command runs all the same, and its end is told")
    func waiterKilled() throws {
        try FileManager.default.createDirectory(atPath: "\(host.scratch.path)/bin", withIntermediateDirectories: false)
        try host.scratch.write(
            "bin/ln",
            Array(
                """
                #!/bin/sh
                /bin/ln "$@" || exit
                case $2 in run:*) kill -9 "$(cat "$HOME/main")"; while kill -0 "$(cat "$HOME/main")"; do :; done;; esac
                exit 0

                """.utf8), mode: 0o700)
        let script = try host.text(.submit(ScriptHost.submission("echo on"), deadline: .seconds(60)))
        try host.feed(Array("echo $$ >\"$HOME/main\"\n\(script)".utf8), path: "\(host.scratch.path)/bin")
        let status = try host.until { !$0.alive }
        #expect(status.end == .exit(0) && status.stdoutBytes == 3)
        #expect(host.runs == 1)
    }

    @Test("submitted many times at once, it runs once")
    func atOnce() throws {
        let script = Array(try host.text(.submit(ScriptHost.submission("echo x"), deadline: .seconds(60))).utf8)
        try host.scratch.write("script", script)
        _ = try shell(
            "for i in 1 2 3 4 5 6 7 8; do /bin/sh -s < script > out$i 2>&1 & done; wait", in: host.scratch.path,
            environment: host.variables)
        for number in 1...8 { #expect(try host.reply("out\(number)").status?.end == .exit(0)) }
        #expect(host.runs == 1)
    }

    @Test("what is fenced never runs, however often it is submitted")
    func fenced() throws {
        try host.arrive()
        #expect(try host.play(.fence(ScriptHost.receipt)).status?.go == .fenced)
        #expect(try submit(ScriptHost.submission()).status?.go == .fenced)
        #expect(try submit(ScriptHost.submission()).status?.end == nil)
        #expect(host.runs == 0)
    }

    @Test("a fence comes too late for what has run, and says so")
    func lateFence() throws {
        _ = try submit(ScriptHost.submission("exit 4"))
        let status = try host.play(.fence(ScriptHost.receipt)).status
        #expect(status?.go != .fenced)
        #expect(status?.end == .exit(4))
    }

    @Test("a host that was restarted refuses what was meant for it before")
    func otherBoot() throws {
        let status = try submit(ScriptHost.submission(boot: "b0")).status
        #expect(status?.refused == .boot)
        #expect(status?.claimed == false)
        #expect(status?.boot == "b1")
        #expect(host.runs == 0)
    }

    @Test("another command under the same name is refused")
    func conflict() throws {
        _ = try submit(ScriptHost.submission())
        #expect(try submit(ScriptHost.submission("false", digest: "d2")).status?.refused == .conflict)
        #expect(host.runs == 1)
    }

    @Test(
        "followed again, it tells only what is wanted",
        arguments: [(0, 0, "abcdef", "xyz"), (2, 1, "cdef", "yz"), (6, 3, "", ""), (99, 99, "", "")])
    func offsets(stdout: Int, stderr: Int, out: String, err: String) throws {
        _ = try submit(ScriptHost.submission("printf abcdef; printf xyz >&2"))
        let said = try host.play(
            .attach(ScriptHost.receipt, stdoutOffset: stdout, stderrOffset: stderr, deadline: .seconds(60)))
        #expect(said.text == out)
        #expect(said.stderr == Array(err.utf8))
        #expect(said.status?.end == .exit(0))
    }

    @Test("every byte comes back as it was printed: NULs, escapes, no line end, more than a chunk")
    func bytes() throws {
        let said = try submit(
            ScriptHost.submission("printf 'a\\000b\\033[31m\\377'; head -c 2500000 /dev/zero; printf S 1"))
        #expect(said.stdout.count == 2_500_010)
        #expect(said.stdout.prefix(9) == [0x61, 0, 0x62, 0x1B, 0x5B, 0x33, 0x31, 0x6D, 0xFF])
        #expect(said.stdout.last == UInt8(ascii: "S"))
        #expect(said.status?.stdoutBytes == 2_500_010)
    }

    @Test("a command gets its values as they are, and its place and its step by name")
    func environment() throws {
        var submission = ScriptHost.submission("printf '%s|' \"$A\" \"$B\" \"$BLACKSTART_STEP\" \"$BLACKSTART_RUN\"")
        submission.environment = [
            EnvironmentPair(name: "A", value: "it's $HOME `id` \\ \"x\"\nline"), EnvironmentPair(name: "B", value: ""),
            EnvironmentPair(name: "X=1; touch \"$HOME/broken\"; Y", value: "never"),
        ]
        #expect(try submit(submission).text == "it's $HOME `id` \\ \"x\"\nline||db|r1|")
        #expect(!FileManager.default.fileExists(atPath: "\(host.scratch.path)/broken"))
    }

    @Test("a command that is killed tells its end, and what it started is gone")
    func killed() throws {
        _ = try host.submitAndLeave("sleep 1000 & echo $! > \"$HOME/child\"; wait")
        let status = try #require(try host.play(.kill(ScriptHost.receipt, nil)).status)
        #expect(status.end == .exit(143))
        let child = try #require(Int32(try host.scratch.text("child").split(separator: "\n").first ?? ""))
        #expect(!isRunning(child))
        #expect(host.runs == 1)
    }

    @Test("what is killed before it began never begins")
    func killedBefore() throws {
        try host.arrive()
        #expect(try host.play(.kill(ScriptHost.receipt, nil)).status?.go == .fenced)
        #expect(try submit(ScriptHost.submission("echo late")).status?.go == .fenced)
        #expect(host.runs == 0)
    }

    @Test("a command that died without a word is lost once that is written down, and not before")
    func lost() throws {
        _ = try host.submitAndLeave("sleep 1000")
        let link = try FileManager.default.destinationOfSymbolicLink(
            atPath: "\(host.scratch.path)/.blackstart/receipts/\(ScriptHost.receipt.path)/go")
        let runner = try #require(Int32(link.split(separator: ":")[1]))
        #expect(kill(-runner, SIGKILL) == 0)
        #expect(try host.until { !$0.alive }.end == nil)
        #expect(try host.play(.markLost(ScriptHost.receipt)).status?.end == .lost)
        #expect(try submit(ScriptHost.submission("sleep 1000")).status?.end == .lost)
        #expect(host.runs == 1)
    }

    @Test("after a restart nothing counts as alive, whatever has its number now")
    func restarted() throws {
        var restarted = host
        restarted.boot = "b2"
        let before = try host.submitAndLeave("sleep 1000")
        #expect(before.alive)
        let after = try #require(try restarted.play(.inspect(ScriptHost.receipt)).status)
        #expect(after.go == .run(boot: "b1") && after.boot == "b2" && !after.alive)
        _ = try host.play(.kill(ScriptHost.receipt, nil))
    }

    @Test("tidied, a receipt keeps no command and no output, and still lets nothing run again")
    func tidied() throws {
        _ = try submit(ScriptHost.submission("echo secret"))
        #expect(try host.play(.tidy([ScriptHost.receipt])).ending == .tidied)
        let folder = "\(host.scratch.path)/.blackstart/receipts/\(ScriptHost.receipt.path)"
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["end.exit:0", "go", "head", "id"])
        let again = try submit(ScriptHost.submission("echo secret"))
        #expect(again.status?.end == .exit(0))
        #expect(again.stdout == [])
        #expect(host.runs == 1)
    }

    @Test("a running receipt is not tidied")
    func tidyRunning() throws {
        _ = try host.submitAndLeave("echo begun; sleep 1000")
        _ = try host.until { $0.stdoutBytes == 6 }
        #expect(try host.play(.tidy([ScriptHost.receipt])).ending == .tidied)
        #expect(try host.play(.kill(ScriptHost.receipt, nil)).status?.stdoutBytes == 6)
    }

    @Test("a question has an exit status and both streams, and leaves nothing behind")
    func probe() throws {
        let request = ProbeRequest(
            .run(command: "echo yes; echo no >&2; exit 9", environment: []), timeout: .seconds(20))
        let said = try host.play(.probe(request))
        #expect(said.ending == .probe(status: 9))
        #expect(said.text == "yes\n")
        #expect(said.stderr == Array("no\n".utf8))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: host.scratch.path).sorted() == ["err", "out", "script"])
    }

    @Test("an answer that is cut at its bound says so", arguments: [0, 1])
    func cutAnswer(_ over: Int) throws {
        let request = ProbeRequest(
            .run(command: "head -c \(Limits.checkOutputBytes + over) /dev/zero", environment: []), timeout: .seconds(20)
        )
        let said = try host.play(.probe(request))
        #expect(said.ending == .probe(status: 0, isCut: over > 0))
    }

    @Test("a question that takes too long is ended, with all that it started")
    func lateProbe() throws {
        let request = ProbeRequest(
            .run(command: "echo $$ > \"$HOME/pid\"; sleep 1000", environment: []), timeout: .seconds(1))
        #expect(try host.play(.probe(request)).ending == .late)
        let asked = try #require(Int32(try host.scratch.text("pid").split(separator: "\n").first ?? ""))
        #expect(!isRunning(asked))
    }

    @Test("a host tells its boot id and its time")
    func contact() throws {
        guard case .facts(let boot, _, let now, _, _) = try host.play(.contact).ending else {
            Issue.record("no facts")
            return
        }
        #expect(boot == "b1")
        #expect(abs((now ?? 0) - Int64(time(nil))) < 5)
    }
}

/// Whether a process does anything; one that has ended and is not collected yet does not.
private func isRunning(_ pid: Int32) -> Bool {
    guard let facts = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let name = facts.lastIndex(of: ")")
    else { return false }
    return !["Z", "X"].contains(facts[name...].split(separator: " ").dropFirst().first ?? "X")
}
