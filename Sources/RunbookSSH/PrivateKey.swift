internal import CLibssh
internal import Glibc
package import RunbookModel
internal import RunbookTransport

/// A private key in memory.
final class PrivateKey: @unchecked Sendable {
    // Sendable: the key is written once, here, and only read by libssh afterwards.
    let key: ssh_key
    /// For a person: the file, and that it goes with a certificate.
    let name: String

    private init(_ key: ssh_key, name: String) {
        self.key = key
        self.name = name
    }

    deinit { ssh_key_free(key) }

    /// What a file gives to log in with: its key with a certificate, where there is one, and its key alone.
    struct Reading {
        var keys: [PrivateKey] = []
        /// What stands against using it, for a person.
        var objections: [String] = []
        var isThere = true
        /// Others may read it: it is not used, and that is said in any case.
        var isExposed = false
    }

    /// libssh would wait for a FIFO, on the thread of all hosts: each of its readers is behind this.
    private static func isFile(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    /// - Parameter certificate: a file that is named; nil: the one beside the key, if there is one.
    static func read(_ path: String, passphrase: String?, certificate: String?) -> Reading {
        var reading = Reading()
        guard access(path, F_OK) == 0 else {
            reading.isThere = false
            return reading
        }
        guard access(path, R_OK) == 0 else {
            reading.objections = ["the key \(path) can't be read"]
            return reading
        }
        guard isFile(path) else {
            reading.objections = ["\(path) is no private key that can be used"]
            return reading
        }
        if let objection = FilePrivacy.objection(path) {
            reading.objections = ["the key \(objection)"]
            reading.isExposed = true
            return reading
        }
        guard let key = load(path, passphrase) else {
            reading.objections = [
                needsPassphrase(path)
                    ? "the key \(path) is locked with a passphrase; put it into an agent, or be there to type it"
                    : "\(path) is no private key that can be used"
            ]
            return reading
        }
        let signed = certificate ?? "\(path)-cert.pub"
        if certificate != nil || access(signed, F_OK) == 0 {
            if let both = load(path, passphrase), certify(both, signed) {
                reading.keys.append(PrivateKey(both, name: "\(path) with its certificate"))
            } else {
                reading.objections.append("the certificate \(signed) can't be used with the key \(path)")
            }
        }
        reading.keys.append(PrivateKey(key, name: path))
        return reading
    }

    private static func load(_ path: String, _ passphrase: String?) -> ssh_key? {
        guard isFile(path) else { return nil }
        var key: ssh_key?
        // Without a passphrase an empty one, so that nothing blocks on a terminal.
        guard ssh_pki_import_privkey_file(path, passphrase ?? "", nil, nil, &key) == SSH_OK else { return nil }
        return key
    }

    private static func certify(_ key: ssh_key, _ path: String) -> Bool {
        guard isFile(path) else { return false }
        var certificate: ssh_key?
        guard ssh_pki_import_cert_file(path, &certificate) == SSH_OK, let certificate else { return false }
        defer { ssh_key_free(certificate) }
        return ssh_pki_copy_cert_to_privkey(certificate, key) == SSH_OK
    }

    /// Whether the file is a private key that only a passphrase opens.
    static func needsPassphrase(_ path: String) -> Bool {
        guard isFile(path) else { return false }
        var wasAsked: Int32 = 0
        var key: ssh_key?
        let code = withUnsafeMutablePointer(to: &wasAsked) { asked in
            ssh_pki_import_privkey_file(
                path, nil,
                { _, _, _, _, _, context in
                    context?.assumingMemoryBound(to: Int32.self).pointee = 1
                    return -1
                }, asked, &key)
        }
        if code == SSH_OK, let key { ssh_key_free(key) }
        return code != SSH_OK && wasAsked == 1
    }

    static func opens(_ path: String, _ passphrase: String) -> Bool { opened(path, passphrase) != nil }

    /// The key as OpenSSH writes one without a passphrase.
    static func opened(_ path: String, _ passphrase: String) -> [UInt8]? {
        guard let key = load(path, passphrase) else { return nil }
        defer { ssh_key_free(key) }
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_privkey_base64(key, nil, nil, nil, &text) == SSH_OK, let text else { return nil }
        let length = strlen(text)
        defer {
            explicit_bzero(text, length)
            ssh_string_free_char(text)
        }
        return UnsafeBufferPointer(start: text, count: length).map(UInt8.init(bitPattern:))
    }
}

/// The key files that hosts are logged in at with.
package enum KeyFiles {
    /// Absolute paths of those that only a passphrase opens: what hosts name, and of the usual ones the first, where
    /// nothing else is there to log in with.
    package static func locked(_ hosts: [Host], _ options: SSHOptions) -> [String] {
        var paths: [String] = []
        for host in hosts {
            if let path = host.identityFile {
                if !paths.contains(path), PrivateKey.needsPassphrase(path) { paths.append(path) }
            } else if options.agentSocket == nil, host.password == nil {
                let usual = usual(options.home).filter { access($0, R_OK) == 0 }
                guard let first = usual.first, !paths.contains(first) else { continue }
                if usual.allSatisfy(PrivateKey.needsPassphrase) { paths.append(first) }
            }
        }
        return paths
    }

    package static func opens(_ path: String, _ passphrase: String) -> Bool { PrivateKey.opens(path, passphrase) }

    /// A locked key without its lock, in memory alone; nil where the passphrase is wrong.
    package static func opened(_ path: String, _ passphrase: String) -> [UInt8]? { PrivateKey.opened(path, passphrase) }

    static func usual(_ home: String) -> [String] {
        ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(home)/.ssh/\($0)" }
    }
}
