import Crypto

/// A public key as OpenSSH writes it: a type and a blob that repeats the type.
package struct SSHPublicKey: Hashable, Sendable {
    /// What can be verified. RSA and FIDO keys are not supported yet.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case ed25519 = "ssh-ed25519"
        case p256 = "ecdsa-sha2-nistp256"
        case p384 = "ecdsa-sha2-nistp384"
        case p521 = "ecdsa-sha2-nistp521"

        /// The curve's name in the blob, and bytes of one coordinate.
        var curve: (name: String, width: Int)? {
            switch self {
            case .ed25519: nil
            case .p256: ("nistp256", 32)
            case .p384: ("nistp384", 48)
            case .p521: ("nistp521", 66)
            }
        }
    }

    package let kind: Kind
    /// The whole key in wire format; equal blobs are equal keys.
    package let blob: [UInt8]
    /// The 32 bytes of an Ed25519 key, or the uncompressed point.
    package let point: [UInt8]

    package init(blob: [UInt8]) throws(KeyFault) {
        var reader = SSHWireReader(blob[...])
        guard let type = reader.string() else { throw .malformedPublicKey }
        let name = String(decoding: type, as: UTF8.self)
        guard let kind = Kind(rawValue: name) else { throw .unsupportedKeyType(name) }
        if let curve = kind.curve {
            guard reader.isString(curve.name), let point = reader.string(), point.count == 1 + 2 * curve.width,
                point.first == 4
            else { throw .malformedPublicKey }
            self.point = Array(point)
        } else {
            guard let point = reader.string(), point.count == 32 else { throw .malformedPublicKey }
            self.point = Array(point)
        }
        guard reader.isAtEnd else { throw .malformedPublicKey }
        self.kind = kind
        self.blob = blob
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

    /// `TYPE BASE64`.
    package var text: String { "\(kind.rawValue) \(Base64.text(blob))" }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    package var fingerprint: String {
        var text = Base64.encode(Array(SHA256.hash(data: blob)))
        while text.last == UInt8(ascii: "=") { text.removeLast() }
        return "SHA256:" + String(decoding: text, as: UTF8.self)
    }

    /// Whether `signature` (a type and what the type says, in wire format) is this key's over `message`.
    func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        var reader = SSHWireReader(signature[...])
        guard reader.isString(kind.rawValue), let body = reader.string(), reader.isAtEnd else { return false }
        guard let curve = kind.curve else {
            guard body.count == 64, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: point) else {
                return false
            }
            return key.isValidSignature(Array(body), for: message)
        }
        var integers = SSHWireReader(body)
        guard let r = integers.positiveInteger(width: curve.width),
            let s = integers.positiveInteger(width: curve.width),
            integers.isAtEnd
        else { return false }
        return isValid(ecdsa: r + s, over: message)
    }

    private func isValid(ecdsa raw: [UInt8], over message: [UInt8]) -> Bool {
        switch kind {
        case .ed25519: false
        case .p256:
            if let key = try? P256.Signing.PublicKey(x963Representation: point),
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw)
            {
                key.isValidSignature(signature, for: message)
            } else {
                false
            }
        case .p384:
            if let key = try? P384.Signing.PublicKey(x963Representation: point),
                let signature = try? P384.Signing.ECDSASignature(rawRepresentation: raw)
            {
                key.isValidSignature(signature, for: message)
            } else {
                false
            }
        case .p521:
            if let key = try? P521.Signing.PublicKey(x963Representation: point),
                let signature = try? P521.Signing.ECDSASignature(rawRepresentation: raw)
            {
                key.isValidSignature(signature, for: message)
            } else {
                false
            }
        }
    }
}
