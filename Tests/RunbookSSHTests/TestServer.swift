import Foundation
import RunbookModel
import RunbookSSH
import TestTools

/// Not Foundation's.
typealias Host = RunbookModel.Host

let place = SourcePlace(path: "inventory.yaml", line: 1, column: 1)

extension TestServer {
    var host: Host {
        var host = Host(name: "a", address: "127.0.0.1", port: port, at: place)
        host.knownHosts = "\(scratch.path)/known_hosts"
        host.identityFile = "\(scratch.path)/client_key"
        return host
    }

    func visit(
        _ change: (inout Host) -> Void = { _ in }, options: (inout SSHOptions) -> Void = { _ in }
    ) -> Visit {
        var host = host
        change(&host)
        var given = SSHOptions(user: NSUserName())
        given.home = scratch.path
        // A machine that is busy with other tests is no reason to call a host unreachable.
        given.connectTimeout = .seconds(120)
        given.localHome = scratch.path
        options(&given)
        return Visit(SSHTransport(hosts: [host], options: given))
    }
}
