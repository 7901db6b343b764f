import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

@Suite("A command over SSH", .serialized)
struct CommandTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test("its exit status and both its streams come back")
    func once() async throws {
        let visit = server.visit()
        let said = await visit.submit("echo out; echo err >&2; exit 3")
        #expect(said.status?.end == .exit(3))
        #expect(said.text == "out\n")
        #expect(said.stderr == Array("err\n".utf8))
        #expect(server.runs == 1)
        await visit.end()
    }

    @Test("it outlives its connection, is followed from where it was, and ran once")
    func cut() async throws {
        let visit = server.visit()
        try TestServer.tool("mkfifo home/gate", server.scratch)
        let server = server
        let cuts = Shared(0)
        let first = await visit.submit("echo begun; read x < gate; echo over") { _ in
            let killed = server.signalConnections(SIGKILL)
            cuts.withLock { $0 += killed }
        }
        #expect(first.failure?.kind == .lost)
        #expect(first.failure?.sent == true)
        #expect(cuts.now > 0)
        #expect(first.text == "begun\n")
        let running = try await visit.until { _ in true }
        #expect(running.alive && running.end == nil)
        async let second = visit.ask(
            .attach(Visit.receipt(), stdoutOffset: 6, stderrOffset: 0, deadline: .seconds(60)))
        _ = try await visit.until { $0.alive }
        try TestServer.tool("echo go > home/gate", server.scratch)
        let said = await second
        #expect(said.text == "over\n")
        #expect(said.status?.end == .exit(0))
        #expect(server.runs == 1)
        await visit.end()
    }

    @Test("a fence after a cut keeps it from running for good")
    func fence() async throws {
        let visit = server.visit()
        _ = await visit.ask(.arrive(Arrival(run: "r1")))
        #expect(await visit.ask(.fence(Visit.receipt())).status?.go == .fenced)
        #expect(await visit.submit("true").status?.go == .fenced)
        #expect(server.runs == 0)
        await visit.end()
    }

    @Test("a survey tells what the host can do, and neither it nor a check changes a file there")
    func survey() async throws {
        let visit = server.visit()
        let before = try server.files
        guard case .survey(let survey) = await visit.ask(.survey(nil)).reply else {
            Issue.record("no survey")
            return
        }
        #expect(survey.facts.boot == "b1" && survey.folder == .writable && survey.missing.isEmpty)
        #expect(survey.user == NSUserName() && survey.isRoot == nil)
        #expect(try #require(survey.freeKiB) > 0)
        #expect(abs(try #require(survey.facts.clockOffset)) <= 2_000)
        let check = ProbeRequest(.run(command: "ls -a; exit 3", environment: []), timeout: .seconds(20))
        #expect(await visit.ask(.probe(check)).status == nil)
        #expect(try server.files == before)
        #expect(server.entries == 1)
        await visit.end()
    }

    @Test("a survey as root tells whether sudo lets that be")
    func surveyAsRoot() async throws {
        let visit = server.visit()
        guard case .survey(let survey) = await visit.ask(.survey(Privilege(password: nil))).reply else {
            Issue.record("no survey")
            return
        }
        #expect(try survey.isRoot == (shell("sudo -n -- id -u", in: server.scratch.path).output == "0\n"))
        await visit.end()
    }

    @Test("one question after the other goes to one shell, and to another one when that has died")
    func oneShell() async throws {
        let visit = server.visit()
        for number in 1...5 {
            #expect(await visit.submit("exit \(number)", number: number).status?.end == .exit(number))
        }
        #expect(server.entries == 1)
        // The shell waits in its home.
        #expect(server.killVisitors() > 0)
        var number = 6
        while server.entries == 1, number < 100 {
            _ = await visit.submit("true", number: number)
            number += 1
        }
        #expect(await visit.submit("exit 7", number: number).status?.end == .exit(7))
        #expect(server.entries == 2)
        await visit.end()
    }

    @Test("two commands at once have a shell each, and one of those is kept")
    func twoShells() async throws {
        let visit = server.visit()
        try TestServer.tool("mkfifo home/gate", server.scratch)
        async let held = visit.submit("read x < gate; exit 1", number: 1)
        _ = try await visit.until { $0.alive }
        #expect(await visit.submit("exit 2", number: 2).status?.end == .exit(2))
        try TestServer.tool("echo go > home/gate", server.scratch)
        #expect(await held.status?.end == .exit(1))
        let before = server.entries
        #expect(await visit.submit("exit 3", number: 3).status?.end == .exit(3))
        #expect(server.entries == before)
        await visit.end()
    }

    @Test("a host that was restarted takes nothing that was meant for it before")
    func restarted() async throws {
        let visit = server.visit()
        guard case .contact(let facts) = await visit.ask(.contact).reply else {
            Issue.record("no contact")
            return
        }
        #expect(facts.boot == "b1")
        try server.restart()
        #expect(await visit.submit("true").status?.refused == .boot)
        #expect(server.runs == 0)
        await visit.end()
    }

    @Test("at its deadline it is told late, and killed when that is asked for")
    func deadline() async throws {
        let visit = server.visit()
        #expect(await visit.submit("echo begun; sleep 1000", deadline: .seconds(1)).reply == .deadline)
        #expect(await visit.ask(.kill(Visit.receipt(), nil)).status?.end == .exit(143))
        #expect(server.runs == 1)
        await visit.end()
    }

    @Test("forty at once on one host all run, each once")
    func atOnce() async throws {
        let visit = server.visit()
        let ends = await withTaskGroup(of: ReceiptStatus.End?.self) { group in
            for number in 1...40 {
                group.addTask { await visit.submit("echo \(number); exit \(number)", number: number).status?.end }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(ends.compactMap(\.self)) == Set((1...40).map { .exit($0) }))
        #expect(server.runs == 40)
        await visit.end()
    }

    @Test("twenty megabytes without a line end come back whole")
    func large() async throws {
        let visit = server.visit()
        let said = await visit.submit("head -c 20000000 /dev/zero | tr '\\000' 'z'")
        #expect(said.stdout.count == 20_000_000)
        #expect(said.stdout.allSatisfy { $0 == UInt8(ascii: "z") })
        #expect(said.status?.stdoutBytes == 20_000_000)
        await visit.end()
    }

    @Test("a question has an answer, also one that takes too long")
    func probe() async throws {
        let visit = server.visit()
        let quick = ProbeRequest(.run(command: "echo yes; exit 2", environment: []), timeout: .seconds(20))
        let reply = await visit.ask(.probe(quick)).reply
        #expect(reply == .probe(ProbeAnswer(.exit(.exited(2)), stdout: Array("yes\n".utf8))), "\(reply)")
        let slow = ProbeRequest(.run(command: "sleep 1000", environment: []), timeout: .seconds(1))
        #expect(await visit.ask(.probe(slow)).reply == .probe(ProbeAnswer(.timedOut)))
        await visit.end()
    }

    @Test("on a host that keeps no receipts it runs in the session, and a cut leaves it unknown")
    func withoutReceipts() async throws {
        let visit = server.visit { $0.receipts = false }
        let said = await visit.submit("echo out; echo err >&2; exit 3", boot: nil)
        #expect(said.reply == .ended(.exited(3)))
        #expect(said.text == "out\n")
        #expect(said.stderr == Array("err\n".utf8))
        #expect(!server.hasReceipts)
        let server = server
        let cut = await visit.submit("echo begun; sleep 1000", boot: nil) { _ in
            _ = server.signalConnections(SIGKILL)
        }
        #expect(cut.failure?.kind == .lost)
        #expect(cut.failure?.sent == true)
        await visit.end()
    }

    @Test("nor does it take for an answer what sudo turns away", arguments: [true, false])
    func turnedAway(_ isLetIn: Bool) async throws {
        let sudo = isLetIn ? #"while [ "$1" != -- ]; do shift; done; shift; exec "$@""# : "echo no >&2; exit 1"
        let server = try TestServer(login: #"PATH=DIR/bin:$PATH exec /bin/sh -c "$SSH_ORIGINAL_COMMAND""#)
        try TestServer.tool(
            "mkdir -p bin && printf '%s\\n' '#!/bin/sh' '\(sudo)' >bin/sudo && chmod 755 bin/sudo", server.scratch)
        let visit = server.visit { $0.receipts = false }
        let check = ProbeRequest(
            .run(command: "echo is; echo err >&2; exit 4", environment: []), privilege: Privilege(password: nil),
            timeout: .seconds(60))
        let said = await visit.ask(.probe(check))
        await visit.end()
        if isLetIn {
            let answer = ProbeAnswer(.exit(.exited(4)), stdout: Array("is\n".utf8), stderr: Array("err\n".utf8))
            #expect(said.reply == .probe(answer), "\(said.reply)")
        } else {
            #expect(said.failure?.message == "the host can't do this: sudo ran nothing (exit status 1): no")
        }
    }

    @Test("a port is tried from here: open, or why not")
    func tcp() async throws {
        let visit = server.visit()
        let open = ProbeRequest(.tcp(address: nil, port: server.port), timeout: .seconds(5))
        #expect(await visit.ask(.probe(open)).reply == .probe(ProbeAnswer(.open(true, ""))))
        let closed = ProbeRequest(.tcp(address: "a", port: try TestServer.freePort()), timeout: .seconds(5))
        #expect(
            await visit.ask(.probe(closed)).reply == .probe(ProbeAnswer(.open(false, "Connection refused"))))
        await visit.end()
    }

    @Test(
        "one address that refuses says nothing about another that can't be reached",
        arguments: [("127.0.0.2", true), ("255.255.255.255", false)])
    func addresses(_ other: String, _ isRefused: Bool) async throws {
        let closed = ProbeRequest(.tcp(address: "a", port: try TestServer.freePort()), timeout: .seconds(20))
        let visit = server.visit { $0.addresses = [other] }
        let reply = await visit.ask(.probe(closed)).reply
        await visit.end()
        guard case .probe(let answer) = reply else { throw ToolFault(what: "\(reply)") }
        switch answer.result {
        case .open(false, _): #expect(isRefused)
        case .unreached: #expect(!isRefused)
        default: Issue.record("\(answer)")
        }
    }

    @Test("a step of this machine runs here, once, with a receipt")
    func local() async throws {
        let visit = server.visit()
        let command = Submission(
            receipt: ReceiptID(run: "r1", task: TaskID(step: "db", host: nil), kind: .action, number: 1),
            command: "echo here; exit 4", environment: [], boot: nil, journalHead: "1:00", digest: "d1")
        let said = await visit.ask(.submit(command, deadline: .seconds(60)), host: Host.localName)
        #expect(said.status?.end == .exit(4) && said.text == "here\n")
        let again = await visit.ask(.submit(command, deadline: .seconds(60)), host: Host.localName)
        #expect(again.status?.refused == .taken && again.text.isEmpty)
        await visit.end()
    }

    @Test("a peer that falls silent is given up within the limit, and by default within 15 seconds")
    func silent() async throws {
        #expect(SSHOptions(user: NSUserName()).silenceLimit <= .seconds(15))
        let visit = server.visit(options: { $0.silenceLimit = .seconds(2) })
        let server = server
        let (said, took) = await timed {
            await visit.submit("echo begun; sleep 1000") { _ in _ = server.signalConnections(SIGSTOP) }
        }
        #expect(said.failure?.kind == .lost)
        #expect(said.failure?.message == "the host has not sent a byte for 2 s")
        #expect(took >= .seconds(2) && took < .seconds(60))
        await visit.end()
    }

    @Test("thirty connections leave no descriptor behind")
    func descriptors() async throws {
        await #expect(processExitsWith: .success) {
            // In a function of its own, so that the server has ended when the process does.
            let (before, after) = try await Self.openDescriptors(rounds: 30)
            exit(after <= before ? 0 : 1)
        }
    }

    /// How many this process has open after the third connection, for the first ones make what stays, and after the last.
    private static func openDescriptors(rounds: Int) async throws -> (before: Int, after: Int) {
        let server = try TestServer()
        func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        var before = 0
        for round in 0..<rounds {
            let visit = server.visit()
            let end = await visit.submit("true", number: round + 1).status?.end
            guard end == .exit(0) else { throw ToolFault(what: "round \(round): \(String(describing: end))") }
            if round % 3 == 1 { _ = server.signalConnections(SIGKILL) }
            await visit.end()
            if round == 2 { before = try open() }
        }
        return (before, try open())
    }
}
