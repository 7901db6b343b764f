import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

/// A host that does not behave, and what is said of it.
struct HostileHost: Sendable, CustomTestStringConvertible {
    /// A function of hostile-server.py.
    var way: String
    var kind: TransportFailure.Kind
    /// What the message begins with.
    var words: String

    var testDescription: String { way }

    /// Nobody gets as far as a login: nothing was sent.
    static let before = [
        HostileHost(way: "silent", kind: .lost, words: "the host has not sent a byte for 2 s"),
        HostileHost(way: "drip", kind: .lost, words: "the host did not finish the SSH handshake in time"),
        HostileHost(way: "garbage", kind: .lost, words: "the host has not sent a byte for 2 s"),
        HostileHost(way: "flood", kind: .lost, words: "the host did not finish the SSH handshake in time"),
        HostileHost(way: "endless", kind: .lost, words: "no SSH connection: "),
        HostileHost(way: "half", kind: .lost, words: "no SSH connection: "),
        HostileHost(way: "huge", kind: .lost, words: "no SSH connection: "),
        HostileHost(way: "cut", kind: .lost, words: "no SSH connection: "),
    ]

    /// What comes in place of an answer to a command.
    static let after = [
        HostileHost(way: "noise", kind: .unsuitable, words: "the host's answer makes no sense"),
        HostileHost(way: "lines", kind: .unsuitable, words: "the host's answer makes no sense"),
        HostileHost(way: "closing", kind: .lost, words: "deadline"),
        HostileHost(way: "mute", kind: .lost, words: "deadline"),
        HostileHost(way: "errors", kind: .lost, words: "deadline"),
        HostileHost(way: "leaving", kind: .lost, words: "the host closed the session without an answer"),
        HostileHost(way: "dropping", kind: .lost, words: ""),
        HostileHost(way: "lying", kind: .unsuitable, words: "the host's answer makes no sense"),
        HostileHost(way: "negative", kind: .unsuitable, words: "the host's answer makes no sense"),
        HostileHost(way: "chatter", kind: .lost, words: "deadline"),
    ]
}

@Suite("Hosts that do not behave", .serialized)
struct HostileHostsTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    /// `a` is the hostile one, `good` an OpenSSH server.
    private func visit(_ hostile: PythonServer) -> Visit {
        var hosts = [server.host, server.host]
        (hosts[0].port, hosts[1].name) = (hostile.port, "good")
        var options = SSHOptions(user: NSUserName())
        options.home = server.scratch.path
        options.localHome = server.scratch.path
        options.connectTimeout = .seconds(3)
        options.silenceLimit = .seconds(2)
        return Visit(SSHTransport(hosts: hosts, options: options))
    }

    /// Resident memory of this process, KiB.
    private var memory: Int {
        let facts = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (facts.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize()) / 1_024
    }

    private static let mostMemory = 64 << 10

    private func play(_ kind: HostileHost) async throws -> TransportFailure? {
        let hostile = try PythonServer("hostile-server.py", kind.way, server.scratch)
        let visit = visit(hostile)
        // What is made once, and stays.
        #expect(await visit.ask(.contact, host: "good").failure == nil)
        let before = memory
        async let answer = visit.submit("true", boot: nil, deadline: .seconds(4), keeps: 1 << 20)
        // The rest goes on meanwhile.
        for _ in 1...20 { #expect(await visit.ask(.contact, host: "good").failure == nil) }
        let said = await answer
        #expect(memory - before < Self.mostMemory, "\(memory - before) KiB")
        #expect(await visit.ask(.contact, host: "good").failure == nil)
        await visit.end()
        if case .deadline = said.reply { return TransportFailure(.lost, sent: true, "deadline") }
        return said.failure
    }

    @Test(
        "before the login, it is told for what it is, nothing is sent, and the rest goes on",
        arguments: HostileHost.before)
    func before(_ kind: HostileHost) async throws {
        let failure = try #require(try await play(kind))
        #expect(failure.kind == kind.kind && failure.message.hasPrefix(kind.words), "\(failure)")
        #expect(!failure.sent)
        #expect(!failure.message.contains("\n") && failure.message.utf8.count < 500)
    }

    @Test("in place of an answer, it ends the question, and the rest goes on", arguments: HostileHost.after)
    func after(_ kind: HostileHost) async throws {
        let failure = try #require(try await play(kind))
        #expect(failure.kind == kind.kind && failure.message.hasPrefix(kind.words), "\(failure)")
        #expect(failure.sent)
        #expect(!failure.message.contains("\n") && failure.message.utf8.count < 500)
    }

    @Test(
        "a host that answers a few bytes at a time is waited for, and one that waits to be spoken to is spoken to",
        arguments: ["slowly", "shy"])
    func slow(_ way: String) async throws {
        let hostile = try PythonServer("hostile-server.py", way, server.scratch)
        let visit = visit(hostile)
        guard case .contact(let facts) = await visit.ask(.contact).reply else {
            Issue.record("no contact")
            return
        }
        #expect(!facts.boot.isEmpty)
        await visit.end()
    }
}
