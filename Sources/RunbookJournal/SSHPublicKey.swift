import Crypto

/// A public key as OpenSSH writes it: a type and a blob that repeats the type.
package struct SSHPublicKey: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case ed25519 = "ssh-ed25519"
        case p256 = "ecdsa-sha2-nistp256"
        case p384 = "ecdsa-sha2-nistp384"
        case p521 = "ecdsa-sha2-nistp521"
        case rsa = "ssh-rsa"
        /// Of a FIDO token, which a person touches for each signature.
        case tokenEd25519 = "sk-ssh-ed25519@openssh.com"
        case tokenP256 = "sk-ecdsa-sha2-nistp256@openssh.com"

        /// The curve's name in the blob, and bytes of one coordinate.
        var curve: (name: String, width: Int)? {
            switch self {
            case .ed25519, .rsa, .tokenEd25519: nil
            case .p256, .tokenP256: ("nistp256", 32)
            case .p384: ("nistp384", 48)
            case .p521: ("nistp521", 66)
            }
        }

        package var isOfToken: Bool { self == .tokenEd25519 || self == .tokenP256 }
    }

    /// What the blob holds besides its type.
    enum Material: Hashable, Sendable {
        case ed25519(point: [UInt8])
        /// An uncompressed point.
        case ecdsa(point: [UInt8])
        /// Both without leading zeros.
        case rsa(modulus: [UInt8], exponent: [UInt8])
    }

    /// Shorter moduli are no evidence any more.
    static let shortestModulusBits = 2_048
    /// Longer ones only cost whoever verifies.
    static let longestModulusBits = 16_384

    package let kind: Kind
    /// The whole key in wire format; equal blobs are equal keys.
    package let blob: [UInt8]
    let material: Material
    /// What a token signs for, as `ssh:`; empty for other keys.
    let application: [UInt8]

    package init(blob: [UInt8]) throws(KeyFault) {
        var reader = SSHWireReader(blob[...])
        guard let type = reader.string() else { throw .malformedPublicKey }
        let name = String(decoding: type, as: UTF8.self)
        guard let kind = Kind(rawValue: name) else { throw .unsupportedKeyType(name) }
        material = try Self.material(kind, &reader)
        if kind.isOfToken {
            guard let text = reader.string(), !text.isEmpty else { throw .malformedPublicKey }
            application = Array(text)
        } else {
            application = []
        }
        guard reader.isAtEnd else { throw .malformedPublicKey }
        self.kind = kind
        self.blob = blob
    }

    private static func material(_ kind: Kind, _ reader: inout SSHWireReader) throws(KeyFault) -> Material {
        if kind == .rsa {
            guard let exponent = reader.positiveInteger(), let modulus = reader.positiveInteger(),
                let top = modulus.first, exponent.count <= 8
            else { throw .malformedPublicKey }
            let bits = modulus.count * 8 - top.leadingZeroBitCount
            guard (shortestModulusBits...longestModulusBits).contains(bits) else {
                throw .unsuitableModulus(bits: bits)
            }
            return .rsa(modulus: Array(modulus), exponent: Array(exponent))
        }
        if let curve = kind.curve {
            guard reader.isString(curve.name), let point = reader.string(), point.count == 1 + 2 * curve.width,
                point.first == 4
            else { throw .malformedPublicKey }
            return .ecdsa(point: Array(point))
        }
        guard let point = reader.string(), point.count == 32 else { throw .malformedPublicKey }
        return .ed25519(point: Array(point))
    }

    /// An Ed25519 key from its 32 bytes.
    package init(ed25519 point: [UInt8]) throws(KeyFault) {
        try self.init(blob: SSHWire.string(Kind.ed25519.rawValue) + SSHWire.string(point))
    }

    /// `TYPE BASE64`, with nothing around it: the form in a journal.
    package init(text: String) throws(KeyFault) {
        let parts = text.utf8.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, let blob = Base64.decode(parts[1]) else { throw .malformedPublicKey }
        try self.init(blob: blob)
        guard parts[0].elementsEqual(kind.rawValue.utf8) else { throw .malformedPublicKey }
    }

    /// The first two words of a public key's file.
    package init(file text: [UInt8]) throws(KeyFault) {
        let words = text.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        guard words.count >= 2 else { throw .malformedPublicKey }
        try self.init(text: "\(String(decoding: words[0], as: UTF8.self)) \(String(decoding: words[1], as: UTF8.self))")
    }

    /// `TYPE BASE64`.
    package var text: String { "\(kind.rawValue) \(Base64.text(blob))" }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    package var fingerprint: String {
        var text = Base64.encode(Array(SHA256.hash(data: blob)))
        while text.last == UInt8(ascii: "=") { text.removeLast() }
        return "SHA256:" + String(decoding: text, as: UTF8.self)
    }

    /// How a public key's text begins, of every kind.
    package static func isText(_ text: [UInt8]) -> Bool {
        ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].contains { text.starts(with: $0.utf8) }
    }
}
