import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

@Suite("A host behind other hosts", .serialized)
struct JumpTests {
    private let first: TestServer
    private let second: TestServer
    private let target: TestServer

    init() throws {
        (first, second, target) = (try TestServer(), try TestServer(), try TestServer())
    }

    /// `a` through `second`, which is reached through `first`; `b` directly.
    private func visit(_ change: (inout [Host]) -> Void = { _ in }) -> Visit {
        var hosts = [target.host, second.host, first.host, target.host]
        (hosts[1].name, hosts[2].name, hosts[3].name) = ("second", "first", "b")
        hosts[0].via = Named("second", at: place)
        hosts[1].via = Named("first", at: place)
        change(&hosts)
        var options = SSHOptions(user: NSUserName())
        options.home = target.scratch.path
        options.localHome = target.scratch.path
        options.connectTimeout = .seconds(60)
        return Visit(SSHTransport(hosts: hosts, options: options))
    }

    @Test("a command goes through two hosts, and so do twenty megabytes")
    func chain() async throws {
        let visit = visit()
        #expect(await visit.submit("echo in; exit 3").status?.end == .exit(3))
        let large = await visit.submit("head -c 20000000 /dev/zero | tr '\\000' 'z'", number: 2)
        #expect(large.stdout.count == 20_000_000)
        #expect(target.runs == 2)
        #expect(!first.hasReceipts && !second.hasReceipts)
        await visit.end()
    }

    @Test("forty commands at once share the way")
    func atOnce() async throws {
        let visit = visit()
        let ends = await withTaskGroup(of: ReceiptStatus.End?.self) { group in
            for number in 1...40 {
                group.addTask { await visit.submit("exit \(number)", number: number).status?.end }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(ends.compactMap(\.self)) == Set((1...40).map { .exit($0) }))
        await visit.end()
    }

    @Test("when a host on the way dies, what runs goes on, and is followed once the way is there again")
    func jumpDies() async throws {
        let visit = visit()
        try TestServer.tool("mkfifo home/gate", target.scratch)
        let first = first
        let cuts = Shared(0)
        let cut = await visit.submit("echo begun; read x < gate; echo over") { _ in
            let killed = first.signalConnections(SIGKILL)
            cuts.withLock { $0 += killed }
        }
        #expect(cut.failure?.kind == .lost && cut.failure?.sent == true)
        #expect(cuts.now > 0)
        #expect(try await visit.until { $0.alive }.end == nil)
        async let followed = visit.ask(
            .attach(Visit.receipt(), stdoutOffset: 6, stderrOffset: 0, deadline: .seconds(60)))
        _ = try await visit.until { $0.alive }
        try TestServer.tool("echo go > home/gate", target.scratch)
        let said = await followed
        #expect(said.text == "over\n")
        #expect(said.status?.end == .exit(0))
        #expect(target.runs == 1)
        await visit.end()
    }

    @Test("a host on the way that is not the one we know ends the way there, and is named")
    func strangeJump() async throws {
        let other = "SHA256:" + String(repeating: "A", count: 43)
        let visit = visit { $0[2].hostKey = other }
        let failure = try #require(await visit.submit("true").failure)
        #expect(failure.kind == .hostKey && !failure.sent)
        #expect(failure.message.hasPrefix("through second: through first: the host shows the key SHA256:"))
        #expect(target.runs == 0)
        await visit.end()
    }

    @Test("nobody listens behind the last host on the way: unreachable, in its words")
    func nobodyThere() async throws {
        let port = try TestServer.freePort()
        let visit = visit { $0[0].port = port }
        let failure = try #require(await visit.submit("true").failure)
        #expect(failure.kind == .unreachable && !failure.sent)
        #expect(failure.message.contains("through second: "), "\(failure.message)")
        #expect(failure.message.contains("Connection refused"), "\(failure.message)")
        await visit.end()
    }

    @Test("a port behind the way is tried from the last host on it")
    func probe() async throws {
        let visit = visit()
        let open = ProbeRequest(.tcp(address: nil, port: target.port), timeout: .seconds(20))
        #expect(await visit.ask(.probe(open)).reply == .probe(ProbeAnswer(.open(true, ""))))
        await visit.end()
        // The way was made for it, and nothing else.
        #expect(!target.hasReceipts)
    }
}
