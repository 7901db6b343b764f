import Crypto

/// A signature over a file as OpenSSH makes it (PROTOCOL.sshsig), read strictly: no spare byte, nothing reserved.
package struct SSHSIG: Hashable, Sendable {
    package enum Hash: String, Hashable, Sendable { case sha256, sha512 }

    package var publicKey: SSHPublicKey
    package var namespace: String
    package var hash: Hash
    /// Type and signature, in wire format.
    package var signature: [UInt8]

    private static let magic = Array("SSHSIG".utf8)
    private static let label = "SSH SIGNATURE"

    package init(publicKey: SSHPublicKey, namespace: String, hash: Hash = .sha512, signature: [UInt8]) {
        self.publicKey = publicKey
        self.namespace = namespace
        self.hash = hash
        self.signature = signature
    }

    /// From the binary form.
    package init(blob: [UInt8]) throws(KeyFault) {
        var reader = SSHWireReader(blob[...])
        guard let magic = reader.take(6), magic.elementsEqual(Self.magic), reader.uint32() == 1,
            let key = reader.string(), let namespace = reader.string(), let reserved = reader.string(),
            let algorithm = reader.string(), let signature = reader.string(), reader.isAtEnd, reserved.isEmpty,
            let namespace = String(validating: namespace, as: UTF8.self), !namespace.isEmpty,
            let hash = Hash(rawValue: String(decoding: algorithm, as: UTF8.self))
        else { throw .malformedSignature }
        let publicKey = try SSHPublicKey(blob: Array(key))
        self.init(publicKey: publicKey, namespace: namespace, hash: hash, signature: Array(signature))
    }

    /// From the armoured text that `ssh-keygen -Y sign` writes.
    package init(armoured text: [UInt8]) throws(KeyFault) {
        guard let blob = SSHArmour.bytes(Self.label, text) else { throw .malformedSignature }
        try self.init(blob: blob)
    }

    package var blob: [UInt8] {
        Self.magic + SSHWire.uint32(1) + SSHWire.string(publicKey.blob) + SSHWire.string(namespace) + SSHWire.string("")
            + SSHWire.string(hash.rawValue) + SSHWire.string(signature)
    }

    /// What `ssh-keygen -Y verify -s` reads.
    package var armoured: String { SSHArmour.text(Self.label, blob) }

    /// The bytes that the key signs for a message with this digest.
    package static func toBeSigned(namespace: String, hash: Hash = .sha512, digest: [UInt8]) -> [UInt8] {
        magic + SSHWire.string(namespace) + SSHWire.string("") + SSHWire.string(hash.rawValue) + SSHWire.string(digest)
    }

    /// Signs the SHA-512 `digest` of a message.
    package static func make(
        digest: [UInt8], namespace: String, key: any OperatorKey
    ) throws(KeyFault) -> SSHSIG {
        let signature = try key.sign(toBeSigned(namespace: namespace, digest: digest))
        return SSHSIG(publicKey: key.publicKey, namespace: namespace, signature: signature)
    }

    /// Whether this is a signature over the message with this digest (of the kind that ``hash`` names).
    package func isValid(digest: [UInt8]) -> Bool {
        publicKey.isValid(
            signature, over: Self.toBeSigned(namespace: namespace, hash: hash, digest: digest))
    }

    package func isValid(message: [UInt8]) -> Bool {
        switch hash {
        case .sha256: isValid(digest: Array(SHA256.hash(data: message)))
        case .sha512: isValid(digest: Array(SHA512.hash(data: message)))
        }
    }
}
