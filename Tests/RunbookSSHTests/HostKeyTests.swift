import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

/// What is known of a host, and what becomes of a command that is meant for it.
struct HostKeyCase: Sendable, CustomTestStringConvertible {
    /// What there is to say it with: the server's own key and another, as `TYPE BLOB`.
    struct Words: Sendable {
        /// `[127.0.0.1]:PORT`.
        var name: String
        var own: String
        var other: String
        /// Of another type than the server's.
        var rsa: String
    }

    var claim: String
    /// nil: no file is named.
    var file: @Sendable (Words) -> String?
    var isHashed = false
    /// nil: it is let in.
    var refusal: String?

    var testDescription: String { claim }

    static let all = [
        HostKeyCase(claim: "it is listed", file: { "\($0.name) \($0.own)\n" }),
        HostKeyCase(claim: "it is listed under a hashed name", file: { "\($0.name) \($0.own)\n" }, isHashed: true),
        HostKeyCase(claim: "a pattern fits it", file: { "!x,[127.0.0.*]:* \($0.own)\n" }),
        HostKeyCase(claim: "several names have it", file: { "a,\($0.name),b \($0.own) a comment\n" }),
        HostKeyCase(
            claim: "it is one of several keys",
            file: { "# old\n\n\($0.name) \($0.other)\n\($0.name) \($0.rsa)\n\($0.name) \($0.own)\r\n" }),
        HostKeyCase(
            claim: "another key of it is revoked", file: { "@revoked \($0.name) \($0.other)\n\($0.name) \($0.own)\n" }),
        HostKeyCase(claim: "no file is named", file: { _ in nil }, refusal: "the host's key is not known ("),
        HostKeyCase(claim: "it is not listed", file: { _ in "" }, refusal: "the host's key is not known ("),
        HostKeyCase(
            claim: "the port form is not that of its port", file: { "127.0.0.1 \($0.own)\n[127.0.0.1]:1 \($0.own)\n" },
            refusal: "the host's key is not known ("),
        HostKeyCase(
            claim: "a pattern leaves it out", file: { "[127.0.0.1]:*,!\($0.name) \($0.own)\n" },
            refusal: "the host's key is not known ("),
        HostKeyCase(
            claim: "its key has changed", file: { "\n\($0.name) \($0.other)\n" },
            refusal: "the host's key has changed: it shows SHA256:"),
        HostKeyCase(
            claim: "its key has changed, under a hashed name", file: { "\($0.name) \($0.other)\n" }, isHashed: true,
            refusal: "the host's key has changed: it shows SHA256:"),
        HostKeyCase(
            claim: "only a key of another type is known", file: { "\($0.name) \($0.rsa)\n" },
            refusal: "the host shows a ssh-ed25519 key that DIR/other_hosts does not have: SHA256:"),
        HostKeyCase(
            claim: "its key is revoked", file: { "\($0.name) \($0.own)\n@revoked * \($0.own)\n" },
            refusal: "the host shows a key that is revoked in "),
        HostKeyCase(
            claim: "its key is revoked under another name",
            file: { "\($0.name) \($0.own)\n@revoked db9,10.0.0.9 \($0.own)\n" },
            refusal: "the host shows a key that is revoked in DIR/other_hosts, line 2: SHA256:"),
        HostKeyCase(
            claim: "its key is revoked under a hashed name",
            file: { "\($0.name) \($0.own)\n@revoked \($0.name) \($0.own)\n" }, isHashed: true,
            refusal: "the host shows a key that is revoked in "),
        HostKeyCase(
            claim: "its key is revoked without padding",
            file: { "\($0.name) \($0.own)\n@revoked \($0.name) \($0.own.replacing("=", with: ""))\n" },
            refusal: "the host shows a key that is revoked in "),
        HostKeyCase(
            claim: "only an authority is known", file: { "@cert-authority * \($0.other)\n" },
            refusal: "DIR/other_hosts has only a certificate authority for the host, and host certificates are not"),
        HostKeyCase(
            claim: "a line has a mark that nobody knows", file: { "@trusted \($0.name) \($0.own)\n" },
            refusal: "the host's key is not known ("),
    ]
}

@Suite("Only the host that we know gets a command", .serialized)
struct HostKeyTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    private func key(_ name: String) throws -> String {
        try server.scratch.text("\(name).pub").split(separator: " ").prefix(2).joined(separator: " ")
    }

    private func expect(_ visit: Visit, isRefusedWith words: String?) async throws {
        let said = await visit.submit("true")
        await visit.end()
        guard let words else {
            #expect(said.status?.end == .exit(0), "\(said.failure?.message ?? "")")
            return
        }
        let failure = try #require(said.failure)
        #expect(failure.kind == .hostKey)
        #expect(!failure.sent)
        #expect(failure.message.hasPrefix(words), "\(failure.message)")
        #expect(failure.message.hasSuffix("; nothing was sent"))
        #expect(!server.hasReceipts && server.runs == 0)
        #expect(!server.wasEntered)
    }

    @Test("known_hosts says who is who", arguments: HostKeyCase.all)
    func file(_ row: HostKeyCase) async throws {
        try TestServer.tool("ssh-keygen -q -t rsa -b 2048 -N '' -C test -f rsa_key", server.scratch)
        let words = HostKeyCase.Words(
            name: "[127.0.0.1]:\(server.port)", own: try key("host_key"), other: try key("other_key"),
            rsa: try key("rsa_key"))
        var path: String?
        if let text = row.file(words) {
            try server.scratch.write("other_hosts", Array(text.utf8))
            path = "\(server.scratch.path)/other_hosts"
            if row.isHashed {
                try TestServer.tool("ssh-keygen -q -H -f other_hosts", server.scratch)
                #expect(try server.scratch.text("other_hosts").hasPrefix("|1|"))
            }
        }
        let visit = server.visit { $0.knownHosts = path }
        try await expect(visit, isRefusedWith: row.refusal?.replacing("DIR", with: server.scratch.path))
    }

    @Test("a fingerprint in the inventory is what counts, and both are named where they differ")
    func pinned() async throws {
        let line = try shell("ssh-keygen -l -f host_key.pub", in: server.scratch.path).output
        let own = String(try #require(line.split(separator: " ").dropFirst().first))
        let other = "SHA256:" + String(repeating: "A", count: 43)
        try await expect(
            server.visit { $0.hostKey = other },
            isRefusedWith: "the host shows the key \(own), but the inventory expects \(other)")
        try await expect(server.visit { ($0.knownHosts, $0.hostKey) = (nil, own) }, isRefusedWith: nil)
    }

    @Test(
        "a revoked key is refused where the inventory has its fingerprint, whatever name the line has",
        arguments: ["127.0.0.1", "[127.0.0.1]:PORT", "[10.0.0.9]:PORT", "*", "db9", "hashed"])
    func revoked(_ name: String) async throws {
        let line = try shell("ssh-keygen -l -f host_key.pub", in: server.scratch.path).output
        let own = String(try #require(line.split(separator: " ").dropFirst().first))
        let names = name == "hashed" ? "[10.0.0.9]:PORT" : name
        let text = "@revoked \(names.replacing("PORT", with: "\(server.port)")) \(try key("host_key"))\n"
        try server.scratch.write("revoked", Array(text.utf8))
        if name == "hashed" { try TestServer.tool("ssh-keygen -q -H -f revoked", server.scratch) }
        let path = "\(server.scratch.path)/revoked"
        func visit() -> Visit {
            server.visit { ($0.knownHosts, $0.hostKey, $0.addresses) = (path, own, ["127.0.0.1", "10.0.0.9"]) }
        }
        try await expect(visit(), isRefusedWith: "the host shows a key that is revoked in \(path), line 1: \(own)")
        let looking = visit()
        let scan = await looking.transport.scan("a")
        #expect(scan.isKnown && scan.objection?.contains("that is revoked") == true)
        #expect(scan.knownHosts(of: server.host).isEmpty)
        await looking.end()
    }

    @Test("a file that can't be read may revoke the key: a fingerprint does not help")
    func unreadable() async throws {
        let line = try shell("ssh-keygen -l -f host_key.pub", in: server.scratch.path).output
        let own = String(try #require(line.split(separator: " ").dropFirst().first))
        let path = server.scratch.path
        try await expect(
            server.visit { ($0.knownHosts, $0.hostKey) = (path, own) },
            isRefusedWith: "\(path) can't be read, and may revoke the host's key")
    }

    @Test(
        "a fingerprint may be of any of the keys that a server has",
        arguments: ["host_key", "host_key_rsa", "host_key_ecdsa"])
    func anyKind(_ key: String) async throws {
        let several = try TestServer(moreKeys: ["rsa", "ecdsa"])
        let line = try shell("ssh-keygen -l -f \(key).pub", in: several.scratch.path).output
        let print = String(try #require(line.split(separator: " ").dropFirst().first))
        let visit = several.visit { ($0.knownHosts, $0.hostKey) = (nil, print) }
        #expect(await visit.submit("true").status?.end == .exit(0))
        let scan = await visit.transport.scan("a")
        #expect(scan.objection == nil && scan.keys.first?.fingerprint == print && scan.keys.count == 1)
        await visit.end()
    }

    @Test("a changed key comes with what it may mean, and how the old one is forgotten")
    func changed() async throws {
        try server.scratch.write(
            "other_hosts", Array("\n[127.0.0.1]:\(server.port) \(try key("other_key"))\n".utf8))
        let path = "\(server.scratch.path)/other_hosts"
        let visit = server.visit { $0.knownHosts = path }
        let failure = try #require(await visit.ask(.contact).failure)
        #expect(failure.message.contains("line 2. Either the host was installed anew, or another machine has"))
        #expect(failure.message.contains("`ssh-keygen -R '[127.0.0.1]:\(server.port)' -f \(path)` forgets"))
        await visit.end()
    }
}
