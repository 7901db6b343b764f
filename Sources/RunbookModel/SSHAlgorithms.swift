/// Algorithms that a host is let use beside those that are used with every host: old appliances know no better.
package struct SSHAlgorithms: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case kex
        case ciphers
        case macs
        case hostKeys = "host_keys"
        case userKeys = "user_keys"

        /// Those that can be named, the best first.
        package var known: [String] {
            switch self {
            case .kex: SSHAlgorithms.kex
            case .ciphers: SSHAlgorithms.ciphers
            case .macs: SSHAlgorithms.macs
            case .hostKeys, .userKeys: SSHAlgorithms.keys
            }
        }
    }

    package var names: [Kind: [Named]] = [:]

    package init() {}

    package subscript(_ kind: Kind) -> [String] { (names[kind] ?? []).map(\.name) }

    /// What is offered to the host: all that is safe, and then what it is let use besides.
    package func offered(_ kind: Kind) -> [String] {
        let safe = Self.safe[kind] ?? []
        return safe + self[kind].filter { !safe.contains($0) }
    }

    /// Those that are no longer thought safe, in the order of kinds.
    package var weak: [Named] { Kind.allCases.flatMap { names[$0] ?? [] }.filter { Self.isWeak($0.name) } }

    private static let safe = Dictionary(
        Kind.allCases.map { kind in (kind, kind.known.filter { !isWeak($0) }) }, uniquingKeysWith: { one, _ in one })

    /// SHA-1 and small groups, CBC modes, DES; RFC 9142 and RFC 8758 say why.
    package static func isWeak(_ name: String) -> Bool {
        name.hasSuffix("-sha1") || name.contains("-sha1-") || name.hasSuffix("-cbc") || name == "ssh-rsa"
    }

    // What libssh 0.10 knows, by its documentation.
    private static let kex = [
        "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521", "diffie-hellman-group18-sha512", "diffie-hellman-group16-sha512",
        "diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha256", "diffie-hellman-group-exchange-sha1",
        "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1",
    ]
    // AES-GCM first: processors have instructions for it, and it was never open to prefix truncation (CVE-2023-48795).
    private static let ciphers = [
        "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr",
        "aes192-ctr", "aes128-ctr", "aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc",
    ]
    private static let macs = [
        "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512",
        "hmac-sha1-etm@openssh.com", "hmac-sha1",
    ]
    private static let keys = [
        "ssh-ed25519", "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp256",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa",
    ]
}
