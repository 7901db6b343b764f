import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

@Suite("What a host shows to anybody", .serialized)
struct HostScanTests {
    private func shown(_ server: TestServer, _ name: String) throws -> ShownKey {
        let words = try server.scratch.text("\(name).pub").split(separator: " ")
        let line = try shell("ssh-keygen -l -f \(name).pub", in: server.scratch.path).output
        return ShownKey(
            type: String(words[0]), blob: String(words[1]), fingerprint: String(line.split(separator: " ")[1]))
    }

    @Test(
        "of a host that is known, only the keys that are known of it are believed: others come from connections of their own"
    )
    func known() async throws {
        let server = try TestServer(moreKeys: ["rsa", "ecdsa"])
        let visit = server.visit()
        let scan = await visit.transport.scan("a")
        #expect(scan.isKnown && scan.objection == nil)
        #expect(scan.keys == [try shown(server, "host_key")])
        await visit.end()
    }

    @Test("each kind of key is seen once, the one that a run sees first, and nobody logs in")
    func kinds() async throws {
        let server = try TestServer(moreKeys: ["rsa", "ecdsa"])
        let visit = server.visit { $0.knownHosts = "\(server.scratch.path)/absent" }
        let scan = await visit.transport.scan("a")
        #expect(
            scan.keys == [
                try shown(server, "host_key"), try shown(server, "host_key_ecdsa"), try shown(server, "host_key_rsa"),
            ])
        #expect(!scan.isKnown && scan.failure == nil && scan.addresses.isEmpty)
        #expect(!server.wasEntered)
        let lines = scan.knownHosts(of: server.host)
        try server.scratch.write("scanned", Array(lines.utf8))
        // As ssh reads them.
        let found = try shell("ssh-keygen -F '[127.0.0.1]:\(server.port)' -f scanned", in: server.scratch.path)
        #expect(found.output.split(separator: "\n").filter { !$0.hasPrefix("#") }.count == 3)
        await visit.end()
    }

    @Test("a name comes with the addresses at which the same machine answers")
    func name() async throws {
        let server = try TestServer()
        let visit = server.visit { $0.address = "localhost" }
        let scan = await visit.transport.scan("a")
        #expect(scan.addresses == ["127.0.0.1"])
        // The file knows it by its address alone.
        #expect(!scan.isKnown)
        #expect(scan.objection?.hasPrefix("the host's key is not known (SHA256:") == true)
        #expect(
            scan.knownHosts(of: visit.host(server)).hasPrefix(
                "[localhost]:\(server.port),[127.0.0.1]:\(server.port) ssh-ed25519 "))
        await visit.end()
    }

    @Test("a key that is not the known one is seen for what it is")
    func changed() async throws {
        let server = try TestServer()
        let visit = server.visit { $0.hostKey = "SHA256:" + String(repeating: "A", count: 43) }
        let scan = await visit.transport.scan("a")
        #expect(scan.isKnown && scan.objection?.contains("but the inventory expects SHA256:AAAA") == true)
        #expect(scan.keys == [try shown(server, "host_key")])
        await visit.end()
    }

    @Test("a host behind another is seen through it")
    func behind() async throws {
        let (jump, target) = (try TestServer(), try TestServer())
        var hosts = [target.host, jump.host]
        hosts[1].name = "jump"
        hosts[0].via = Named("jump", at: place)
        var options = SSHOptions(user: NSUserName())
        options.home = target.scratch.path
        let visit = Visit(SSHTransport(hosts: hosts, options: options))
        #expect(await visit.transport.scan("a").keys == [try shown(target, "host_key")])
        #expect(!target.wasEntered)
        await visit.end()
    }

    @Test("nobody there, no such name, no SSH: why there is no key")
    func nothing() async throws {
        let server = try TestServer()
        let port = try TestServer.freePort()
        let dark = server.visit { $0.port = port }
        #expect(await dark.transport.scan("a").failure?.message == "Connection refused")
        await dark.end()
        let nameless = server.visit { $0.address = "nowhere.invalid" }
        #expect(
            await nameless.transport.scan("a").failure?.message
                == "the name nowhere.invalid can't be resolved; write its address")
        await nameless.end()
    }
}

extension Visit {
    fileprivate func host(_ server: TestServer) -> Host {
        var host = server.host
        host.address = "localhost"
        return host
    }
}
