import RunbookModel
import TestTools
import Testing

@testable import RunbookSSH

@Suite("The known hosts of the machine count beside those of a host")
struct MachineKnownHostsTests {
    private static let key = "AAAAC3NzaC1lZDI1NTE5AAAAIJlsOnB8b8W0S5Cp0BqzZ5uJr9S0v5xS9wQk8cJrQ2aB"
    private static let shown = ShownKey(type: "ssh-ed25519", blob: key, fingerprint: "SHA256:x")

    private func objection(own: String?, ofMachine: String?, pin: String? = nil) throws -> String? {
        let scratch = try Scratch()
        var host = Host(name: "a", address: "10.0.0.1", at: SourcePlace(path: "i.yaml", line: 1, column: 1))
        host.hostKey = pin
        if let own {
            try scratch.write("own", Array(own.utf8))
            host.knownHosts = "\(scratch.path)/own"
        }
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
}
