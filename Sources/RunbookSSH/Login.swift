internal import RunbookModel

/// All that is needed to log in at one host.
struct Login: Sendable {
    var address: String
    var port: Int
    var user: String
    var known: KnownKey
    var revoked = RevokedHostKeys()
    var keys: [PrivateKey]
    /// Whether a key was named, and there is none of that name that can be used.
    var lacksNamedKey = false
    /// What stands against keys that were named and can't be used.
    var objections: [String]
    var agent: String?
    var password: String?
    var algorithms = SSHAlgorithms()
    /// Ask for a key of these types, where it matters which.
    var wantedHostKeys: [String]?

    /// The key types to ask for, those that we know of the host first, so that it shows one of them if it can.
    var hostKeyTypes: String {
        if let wantedHostKeys { return wantedHostKeys.joined(separator: ",") }
        var types: [String] = []
        if case .lines(let lines, _, _) = known {
            for line in lines where line.mark == .none {
                // An RSA key signs with SHA-2; the old `ssh-rsa` signature is only asked for where the inventory says so.
                types += line.type == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", line.type] : [line.type]
            }
        }
        let allowed = algorithms.offered(.hostKeys)
        types = types.filter(allowed.contains)
        var text = ""
        for type in types + allowed.filter({ !types.contains($0) }) { text += text.isEmpty ? type : ",\(type)" }
        return text
    }
}

/// Keys are read once for all hosts that use them.
final class KeyRing: Sendable {
    private struct KeyName: Hashable {
        var path: String
        var certificate: String?
    }

    private let read = LoopLock<[KeyName: PrivateKey.Reading]>([:])
    private let known = LoopLock(KnownKeyTable())

    func login(to host: Host, _ options: SSHOptions) -> Login {
        var keys: [PrivateKey] = []
        var objections: [String] = []
        let named = host.identityFile
        for path in named.map({ [$0] }) ?? KeyFiles.usual(options.home) {
            let reading = reading(
                KeyName(path: path, certificate: named == nil ? nil : host.certificateFile), options.passphrases[path])
            keys += reading.keys
            if named != nil || reading.isExposed { objections += reading.objections }
            if named != nil {
                if !reading.isThere { objections.append("there is no key file \(path)") }
            }
        }
        return Login(
            address: host.address, port: host.port, user: host.user ?? options.user,
            known: known.withLock { $0.key(of: host) }, revoked: known.withLock { $0.revoked(for: host) }, keys: keys,
            lacksNamedKey: named != nil && keys.isEmpty, objections: objections, agent: options.agentSocket,
            password: options.passwords[host.name], algorithms: host.algorithms)
    }

    private func reading(_ name: KeyName, _ passphrase: String?) -> PrivateKey.Reading {
        read.withLock { read in
            if let found = read[name] { return found }
            let found = PrivateKey.read(name.path, passphrase: passphrase, certificate: name.certificate)
            read[name] = found
            return found
        }
    }
}
