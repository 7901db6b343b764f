import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

@Suite("Who is there, and who are we", .serialized)
struct LoginTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    private var fingerprint: String {
        get throws {
            let line = try shell("ssh-keygen -l -f host_key.pub", in: server.scratch.path).output
            return String(try #require(line.split(separator: " ").dropFirst().first))
        }
    }

    private func knownHosts(_ text: String) throws -> String {
        try server.scratch.write("other_hosts", Array(text.utf8))
        return "\(server.scratch.path)/other_hosts"
    }

    private func key(_ name: String) throws -> String {
        try server.scratch.text("\(name).pub").split(separator: " ").prefix(2).joined(separator: " ")
    }

    @Test("a host is known by its line, by a hashed line, by a pattern, and by its fingerprint in the inventory")
    func known() async throws {
        let line = "[127.0.0.1]:\(server.port) \(try key("host_key"))\n"
        let hashed = try knownHosts(line)
        try TestServer.tool("ssh-keygen -q -H -f other_hosts", server.scratch)
        #expect(try server.scratch.text("other_hosts").hasPrefix("|1|"))
        let patterns = "\(server.scratch.path)/patterns"
        try server.scratch.write("patterns", Array("!x,[127.0.0.*]:* \(try key("host_key"))\n".utf8))
        let fingerprint = try fingerprint
        for change in [
            { (_: inout Host) in }, { $0.knownHosts = hashed }, { $0.knownHosts = patterns },
            { (host: inout Host) in (host.knownHosts, host.hostKey) = (nil, fingerprint) },
        ] {
            let visit = server.visit(change)
            #expect(await visit.ask(.contact).failure == nil)
            await visit.end()
        }
    }

    struct Stranger: Sendable, CustomTestStringConvertible {
        var claim: String
        /// Says what is known, given the server's key and another.
        var line: @Sendable (_ name: String, _ own: String, _ other: String) -> String?
        var said: String

        var testDescription: String { claim }
    }

    @Test(
        "a host that is not the one we know gets nothing from us",
        arguments: [
            Stranger(claim: "no file is named", line: { _, _, _ in nil }, said: "the host's key is not known ("),
            Stranger(claim: "it is not listed", line: { _, _, _ in "" }, said: "the host's key is not known ("),
            Stranger(
                claim: "another port is listed", line: { _, own, _ in "127.0.0.1 \(own)\n" },
                said: "the host's key is not known ("),
            Stranger(
                claim: "its key has changed", line: { "\($0) \($2)\n" + ($1.isEmpty ? "" : "") },
                said: "the host's key has changed: it shows SHA256:"),
            Stranger(
                claim: "its key is revoked", line: { "@revoked \($0) \($1)\n\($0) \($1)\n" + ($2.isEmpty ? "" : "") },
                said: "the host shows a key that is revoked in "),
            Stranger(
                claim: "it is excluded by a pattern", line: { _, own, _ in "[127.0.0.1]:*,![127.0.0.1]:* \(own)\n" },
                said: "the host's key is not known ("),
        ])
    func strange(_ row: Stranger) async throws {
        let line = row.line("[127.0.0.1]:\(server.port)", try key("host_key"), try key("other_key"))
        let file = try line.map { try knownHosts($0) }
        let visit = server.visit { $0.knownHosts = file }
        let failure = try #require(await visit.submit("true").failure)
        #expect(failure.kind == .hostKey)
        #expect(!failure.sent)
        #expect(failure.message.hasPrefix(row.said), "\(failure.message)")
        #expect(failure.message.hasSuffix("; nothing was sent"))
        #expect(!server.hasReceipts && server.runs == 0)
        await visit.end()
    }

    @Test("another fingerprint than the inventory's is refused, and both are named")
    func wrongFingerprint() async throws {
        let other = "SHA256:" + String(repeating: "A", count: 43)
        let visit = server.visit { $0.hostKey = other }
        let failure = try #require(await visit.ask(.contact).failure)
        #expect(
            failure.message
                == "the host shows the key \(try fingerprint), but the inventory expects \(other); nothing was sent")
        await visit.end()
    }

    @Test("a key that is not let in is named, and so is one that can't be read")
    func wrongKey() async throws {
        let other = "\(server.scratch.path)/other_key"
        let refused = server.visit { $0.identityFile = other }
        let failure = try #require(await refused.submit("true").failure)
        #expect(failure.kind == .authentication && !failure.sent)
        #expect(failure.message.contains("the key \(other) is refused"), "\(failure.message)")
        await refused.end()
        let missing = server.visit { $0.identityFile = "/nowhere/key" }
        #expect(await missing.ask(.contact).failure?.kind == .authentication)
        await missing.end()
        #expect(!server.hasReceipts)
    }

    @Test("a key in an agent lets us in where no file does")
    func agent() async throws {
        let path = server.scratch.path
        let started = try shell("eval $(ssh-agent -a \(path)/agent) >&2; echo $SSH_AGENT_PID", in: path)
        let pid = try #require(pid_t(started.output.split(separator: "\n").last ?? ""))
        defer { kill(pid, SIGKILL) }
        try TestServer.tool("SSH_AUTH_SOCK=\(path)/agent ssh-add -q client_key", server.scratch)
        let empty = try Scratch()
        let visit = server.visit {
            $0.identityFile = nil
        } options: {
            $0.home = empty.path
            $0.agentSocket = "\(path)/agent"
        }
        #expect(await visit.submit("echo in").text == "in\n")
        await visit.end()
    }

    @Test("nobody listens: unreachable at once, in the system's words")
    func refused() async throws {
        let port = try TestServer.freePort()
        let visit = server.visit { $0.port = port }
        #expect(
            await visit.ask(.contact).reply
                == .failure(TransportFailure(.unreachable, sent: false, "Connection refused")))
        await visit.end()
    }

    @Test("one that accepts and says nothing is given up in time")
    func silentFromTheStart() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        let port = try TestServer.bound(listener)
        #expect(listen(listener, 8) == 0)
        let visit = server.visit {
            $0.port = port
        } options: {
            $0.connectTimeout = .seconds(1)
        }
        let (said, took) = await timed { await visit.ask(.contact) }
        #expect(said.failure?.kind == .lost)
        #expect(said.failure?.sent == false)
        #expect(took < .seconds(60))
        await visit.end()
    }
}

func timed<Result>(_ body: () async -> Result) async -> (Result, Duration) {
    let clock = ContinuousClock()
    let start = clock.now
    let result = await body()
    return (result, clock.now - start)
}
