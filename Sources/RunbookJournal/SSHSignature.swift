import Crypto
import CryptoExtras

// Signatures of each kind of key, as RFC 4253, 5656, 8332 and PROTOCOL.u2f of OpenSSH write them.

extension SSHPublicKey {
    /// Whether `signature` (a type and what the type says, in wire format) is this key's over `message`.
    func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        var reader = SSHWireReader(signature[...])
        guard let type = reader.string(), let body = reader.string() else { return false }
        if case .rsa(let modulus, let exponent) = material {
            guard reader.isAtEnd, let hash = RSAHash(rawValue: String(decoding: type, as: UTF8.self)) else {
                return false
            }
            return Self.isValid(rsa: Array(body), hash, modulus, exponent, over: message)
        }
        guard type.elementsEqual(kind.rawValue.utf8) else { return false }
        guard kind.isOfToken else { return reader.isAtEnd && isValid(body, overExactly: message) }
        // The token signs what it was asked for, what it saw (a touch, a PIN) and its count, not the message itself.
        guard let flags = reader.take(1), let counter = reader.take(4), reader.isAtEnd else { return false }
        let signed = Array(SHA256.hash(data: application)) + flags + counter + Array(SHA256.hash(data: message))
        return isValid(body, overExactly: signed)
    }

    private func isValid(_ body: ArraySlice<UInt8>, overExactly message: [UInt8]) -> Bool {
        switch material {
        case .rsa: return false
        case .ed25519(let point):
            guard body.count == 64, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: point) else {
                return false
            }
            return key.isValidSignature(Array(body), for: message)
        case .ecdsa(let point):
            guard let width = kind.curve?.width else { return false }
            var integers = SSHWireReader(body)
            guard let r = integers.positiveInteger(width: width), let s = integers.positiveInteger(width: width),
                integers.isAtEnd
            else { return false }
            return isValid(ecdsa: r + s, point, over: message)
        }
    }

    private func isValid(ecdsa raw: [UInt8], _ point: [UInt8], over message: [UInt8]) -> Bool {
        switch kind {
        case .ed25519, .rsa, .tokenEd25519: return false
        case .p256, .tokenP256:
            guard let key = try? P256.Signing.PublicKey(x963Representation: point),
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw)
            else { return false }
            return key.isValidSignature(signature, for: message)
        case .p384:
            guard let key = try? P384.Signing.PublicKey(x963Representation: point),
                let signature = try? P384.Signing.ECDSASignature(rawRepresentation: raw)
            else { return false }
            return key.isValidSignature(signature, for: message)
        case .p521:
            guard let key = try? P521.Signing.PublicKey(x963Representation: point),
                let signature = try? P521.Signing.ECDSASignature(rawRepresentation: raw)
            else { return false }
            return key.isValidSignature(signature, for: message)
        }
    }

    /// RSA signs with SHA-2 alone: `ssh-rsa` itself would be SHA-1.
    private enum RSAHash: String {
        case sha256 = "rsa-sha2-256"
        case sha512 = "rsa-sha2-512"
    }

    private static func isValid(
        rsa body: [UInt8], _ hash: RSAHash, _ modulus: [UInt8], _ exponent: [UInt8], over message: [UInt8]
    ) -> Bool {
        guard body.count == modulus.count, let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent) else {
            return false
        }
        let signature = _RSA.Signing.RSASignature(rawRepresentation: body)
        return switch hash {
        case .sha256: key.isValidSignature(signature, for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
        case .sha512: key.isValidSignature(signature, for: SHA512.hash(data: message), padding: .insecurePKCS1v1_5)
        }
    }
}
