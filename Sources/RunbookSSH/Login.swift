internal import CLibssh
internal import Glibc
internal import RunbookModel
internal import RunbookTransport

/// A private key in memory.
final class PrivateKey: @unchecked Sendable {
    // Sendable: the key is written once, here, and only read by libssh afterwards.
    let key: ssh_key
    let path: String

    private init(_ key: ssh_key, path: String) {
        self.key = key
        self.path = path
    }

    deinit { ssh_key_free(key) }

    /// The key of a file, or why it can't be used; nil and nil where there is no such file.
    static func read(_ path: String) -> (key: PrivateKey?, objection: String?) {
        guard access(path, F_OK) == 0 else { return (nil, nil) }
        guard access(path, R_OK) == 0 else { return (nil, "the key \(path) can't be read") }
        var key: ssh_key?
        // A key that asks for its passphrase gets none: an empty one, so that nothing blocks on a terminal.
        let code = ssh_pki_import_privkey_file(path, "", nil, nil, &key)
        guard code == SSH_OK, let key else {
            return (nil, "the key \(path) is encrypted or no private key; put it into an agent")
        }
        return (PrivateKey(key, path: path), nil)
    }
}

/// All that is needed to log in at one host.
struct Login: Sendable {
    var address: String
    var port: Int
    var user: String
    var known: KnownKey
    var keys: [PrivateKey]
    /// What stands against keys that were named and can't be used.
    var objections: [String]
    var agent: String?

    /// The key types to ask for, so that the host shows a key that we can know; nil: any.
    var hostKeyTypes: String? {
        guard case .keys(let lines, _) = known else { return nil }
        var types: [String] = []
        for line in lines where !line.isRevoked {
            // An RSA key signs with SHA-2; the old `ssh-rsa` signature is not asked for.
            let names = line.type == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [line.type]
            for name in names where !types.contains(name) { types.append(name) }
        }
        return types.isEmpty ? nil : types.joined(separator: ",")
    }
}

/// Keys are read once for all hosts that use them.
final class KeyRing: Sendable {
    private let read = LoopLock<[String: (key: PrivateKey?, objection: String?)]>([:])
    private let known = LoopLock(KnownKeyTable())

    func login(to host: Host, _ options: SSHOptions) -> Login {
        var keys: [PrivateKey] = []
        var objections: [String] = []
        let named = host.identityFile
        let standard = ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(options.home)/.ssh/\($0)" }
        for path in named.map({ [$0] }) ?? standard {
            let (key, objection) = read.withLock { read -> (PrivateKey?, String?) in
                if let found = read[path] { return found }
                let found = PrivateKey.read(path)
                read[path] = found
                return found
            }
            if let key { keys.append(key) }
            if named != nil {
                if let objection { objections.append(objection) }
                if key == nil, objection == nil { objections.append("there is no key file \(path)") }
            }
        }
        return Login(
            address: host.address, port: host.port, user: host.user ?? options.user,
            known: known.withLock { $0.key(of: host) }, keys: keys, objections: objections, agent: options.agentSocket)
    }
}
