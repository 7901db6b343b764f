import RunbookModel
import TestTools
import Testing

@testable import RunbookSSH

@Suite("The known hosts of the machine count beside those of a host")
struct MachineKnownHostsTests {
    private static let key = "AAAAC3NzaC1lZDI1NTE5AAAAIJlsOnB8b8W0S5Cp0BqzZ5uJr9S0v5xS9wQk8cJrQ2aB"
    private static let shown = ShownKey(type: "ssh-ed25519", blob: key, fingerprint: "SHA256:x")

    private func objection(own: String?, second: String? = nil, ofMachine: String?, pin: String? = nil) throws
        -> String?
    {
        let scratch = try Scratch()
        var host = Host(name: "a", address: "10.0.0.1", at: SourcePlace(path: "i.yaml", line: 1, column: 1))
        host.hostKey = pin
        if let own {
            _ = try shell("mkdir .ssh", in: scratch.path)
            try scratch.write(".ssh/known_hosts", Array(own.utf8))
            host.knownHosts = "\(scratch.path)/.ssh/known_hosts"
        }
        if let second { try scratch.write(".ssh/known_hosts2", Array(second.utf8)) }
        if let ofMachine { try scratch.write("machine", Array(ofMachine.utf8)) }
        var table = KnownKeyTable(ofMachine: ["\(scratch.path)/machine", "\(scratch.path)/absent"])
        var login = Login(
            address: host.address, port: 22, user: "u", known: table.key(of: host), keys: [], objections: [],
            agent: nil,
            password: nil, algorithms: host.algorithms)
        login.revoked = table.revoked(for: host)
        return HostKeyCheck.objection(login, Self.shown)
    }

    private var line: String { "10.0.0.1 ssh-ed25519 \(Self.key)\n" }

    @Test("what they revoke is refused, however the key is known otherwise")
    func revoked() throws {
        let revocation = "@revoked * ssh-ed25519 \(Self.key)\n"
        #expect(try objection(own: line, ofMachine: nil) == nil)
        for pin in [nil, Self.shown.fingerprint] {
            let said = try objection(own: line, ofMachine: revocation, pin: pin)
            #expect(said?.contains("machine, line 1: SHA256:x") == true, "\(said ?? "")")
        }
    }

    @Test("a key that only they know is known; one that the host's own file has otherwise is not")
    func known() throws {
        #expect(try objection(own: nil, ofMachine: line) == nil)
        #expect(try objection(own: "", ofMachine: line) == nil)
        let other = line.replacing("Q2aB", with: "Q2aC")
        #expect(try objection(own: other, ofMachine: line) != nil)
    }

    @Test("the second file of a user counts as well")
    func second() throws {
        let said = try objection(own: line, second: "@revoked * ssh-ed25519 \(Self.key)\n", ofMachine: nil)
        #expect(said?.contains("known_hosts2, line 1: SHA256:x") == true, "\(said ?? "")")
        #expect(try objection(own: "", second: line, ofMachine: nil) == nil)
    }

    @Test(
        "what can't be read to its end is not empty: nobody is asked",
        arguments: ["mkfifo known", "ln -s known known", "mkdir known"])
    func odd(_ command: String) throws {
        let scratch = try Scratch()
        _ = try shell(command, in: scratch.path)
        var host = Host(name: "a", address: "10.0.0.1", at: SourcePlace(path: "i.yaml", line: 1, column: 1))
        host.hostKey = Self.shown.fingerprint
        host.knownHosts = "\(scratch.path)/known"
        var table = KnownKeyTable(ofMachine: [])
        #expect(table.revoked(for: host).unreadable == host.knownHosts)
        for absent in ["/dev/null", "/dev/null/.ssh/known_hosts", "/nowhere/known_hosts"] {
            host.knownHosts = absent
            #expect(table.revoked(for: host).unreadable == nil, "\(absent)")
        }
    }
}
