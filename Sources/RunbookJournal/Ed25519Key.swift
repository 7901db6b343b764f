import Crypto

/// An Ed25519 key pair in this process's memory: a run's own key, or an operator's read from a file.
package struct Ed25519Key: OperatorKey {
    package let publicKey: SSHPublicKey
    package let principal: String
    private let secret: Curve25519.Signing.PrivateKey

    /// A new key.
    package init(principal: String) throws(KeyFault) {
        try self.init(secret: Curve25519.Signing.PrivateKey(), principal: principal)
    }

    /// From a seed of 32 bytes.
    package init(seed: [UInt8], principal: String) throws(KeyFault) {
        guard seed.count == 32, let secret = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            throw .signingFailed
        }
        try self.init(secret: secret, principal: principal)
    }

    private init(secret: Curve25519.Signing.PrivateKey, principal: String) throws(KeyFault) {
        self.secret = secret
        self.principal = principal
        publicKey = try SSHPublicKey(ed25519: Array(secret.publicKey.rawRepresentation))
    }

    package func sign(_ toBeSigned: [UInt8]) throws(KeyFault) -> [UInt8] {
        guard let signature = try? secret.signature(for: toBeSigned) else { throw .signingFailed }
        return SSHWire.string(SSHPublicKey.Kind.ed25519.rawValue) + SSHWire.string(Array(signature))
    }

    var point: [UInt8] { Array(secret.publicKey.rawRepresentation) }

    /// The seed, for the one place that writes a key to disk.
    var seed: [UInt8] { Array(secret.rawRepresentation) }
}
