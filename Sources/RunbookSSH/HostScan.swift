package import RunbookModel
package import RunbookTransport

/// What a host shows to anybody, before a login: where it is, and its keys.
package struct HostScan: Hashable, Sendable {
    /// The literal addresses that its name means just now, in the resolver's order, as far as the same machine answers
    /// there; empty where its address is literal, or where a host that leads there knows it.
    package var addresses: [String] = []
    /// Addresses of its name at which another key is shown, or nobody answers, and why they are left out.
    package var doubts: [Doubt] = []
    /// One of each kind that it has; the first is the one that a run gets to see.
    package var keys: [ShownKey] = []
    /// What stands against the first key, by what is known of the host; nil: it is the one that is known.
    package var objection: String?
    /// Whether anything is known of its key.
    package var isKnown = false
    /// Why no key was seen.
    package var failure: TransportFailure?

    package struct Doubt: Hashable, Sendable {
        package var address: String
        package var why: String
    }

    /// Lines of a known_hosts file: all keys, by all names of the host.
    package func knownHosts(of host: Host) -> String {
        var names: [String] = []
        for address in [host.address] + host.addresses + addresses {
            let name = KnownHosts.name(address, host.port)
            if !names.contains(name) { names.append(name) }
        }
        // A line that speaks for a key which is changed or revoked would be taken over unseen.
        guard !isKnown || objection == nil else { return "" }
        return keys.map { "\(names.joined(separator: ",")) \($0.type) \($0.blob)\n" }.joined()
    }
}

extension SSHTransport {
    /// Looks at a host of the inventory without logging in there; at those that lead there it does log in.
    package func scan(_ name: String) async -> HostScan {
        guard let link = link(to: name) else {
            return HostScan(
                failure: TransportFailure(.unsuitable, sent: false, "the inventory has no host \(name)"))
        }
        return await link.scan()
    }
}

extension HostLink {
    /// A server shows one key to each visitor: one of the kinds that it is asked for.
    static let keyKinds = [
        ["ssh-ed25519"], ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
        ["rsa-sha2-512", "rsa-sha2-256"],
    ]

    func scan() async -> HostScan {
        var scan = HostScan()
        let (places, isName) = await whereabouts()
        guard !places.isEmpty else {
            scan.failure = TransportFailure(
                .unreachable, sent: false, "the name \(host.address) can't be resolved; write its address")
            return scan
        }
        for place in places {
            switch await look(at: place, nil) {
            case .success(let key):
                if scan.keys.isEmpty { scan.keys = [key] }
                if scan.keys.first == key {
                    if isName { scan.addresses.append(place) }
                } else {
                    scan.doubts.append(HostScan.Doubt(address: place, why: "shows another key: \(key.fingerprint)"))
                }
            case .failure(let way):
                if isName { scan.doubts.append(HostScan.Doubt(address: place, why: way.failure.message)) }
                if scan.failure == nil { scan.failure = way.failure }
            }
        }
        guard let first = scan.keys.first else { return scan }
        scan.failure = nil
        let place = scan.addresses.first ?? places.last ?? host.address
        for kind in Self.keyKinds
        where !kind.contains(first.type) && !(first.type == "ssh-rsa" && kind[0].hasPrefix("rsa")) {
            if case .success(let key) = await look(at: place, kind), !scan.keys.contains(key) { scan.keys.append(key) }
        }
        let login = services.ring.login(to: host, services.options)
        // What is known of a key that is revoked is just that.
        if login.revoked.place(of: first) != nil || login.revoked.unreadable != nil { scan.isKnown = true }
        scan.keys.removeAll { $0 != first && login.revoked.place(of: $0) != nil }
        if case .unknown = login.known {} else { scan.isKnown = true }
        scan.objection = HostKeyCheck.objection(login, first)
        // A run asks for the other kinds as well, where a fingerprint is what is known.
        if case .fingerprint = login.known,
            let match = scan.keys.first(where: { HostKeyCheck.objection(login, $0) == nil })
        {
            scan.objection = nil
            scan.keys = [match] + scan.keys.filter { $0 != match }
        }
        // The other kinds come from connections of their own: of a host that is known, only what is known of it is believed.
        if scan.isKnown, scan.objection == nil, let first = scan.keys.first {
            scan.keys.removeAll { $0 != first && HostKeyCheck.objection(login, $0) != nil }
        }
        return scan
    }

    /// The literal addresses to look at, and whether they are what a name means.
    private func whereabouts() async -> (places: [String], isName: Bool) {
        let known = host.addresses + [host.address]
        let literals = known.filter { SocketAddress(literal: $0, port: host.port) != nil }
        // What leads there knows what the name means.
        if jump != nil { return ([literals.last ?? host.address], false) }
        guard SocketAddress(literal: host.address, port: host.port) == nil else { return (literals, false) }
        let limit = EventLoop.now() + Self.nanoseconds(services.options.connectTimeout)
        let found = await Resolver.places(host.address, port: host.port, deadline: limit, loop: services.loop)
        var places: [String] = []
        for literal in found.compactMap(\.literal) where !places.contains(literal) { places.append(literal) }
        return (places.isEmpty ? literals : places, !places.isEmpty)
    }

    private func look(at place: String, _ kind: [String]?) async -> Result<ShownKey, WayFailure> {
        var login = services.ring.login(to: host, services.options)
        login.wantedHostKeys = kind
        return await handshake([place]) {
            [login] (made, descriptor, deadline) async throws(TransportFailure) in
            try await made.look(descriptor, login, deadline: deadline)
        }
    }
}
