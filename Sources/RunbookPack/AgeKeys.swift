internal import Crypto
internal import CryptoExtras

/// Who may open a file: a public key, `age1…`.
package struct AgeRecipient: Hashable, Sendable {
    let point: [UInt8]

    private static let prefix = "age"
    static let keyBytes = 32

    init(point: [UInt8]) { self.point = point }

    package init(_ text: String) throws(PackFault) {
        guard let (prefix, bytes) = Bech32.decode(text) else {
            if text.hasPrefix("ssh-") {
                throw .badRecipient("an SSH key can't be a recipient here: make one with `pack key`")
            }
            throw .badRecipient("it is no public key of age (a letter may be wrong)")
        }
        guard prefix == Self.prefix, bytes.count == Self.keyBytes else {
            if prefix == "AGE-SECRET-KEY-" {
                throw .badRecipient("it is a private key: the public one begins with `age1`")
            }
            throw .badRecipient("it is a key of a kind that is not known here: `age1…` of 62 letters is")
        }
        point = bytes
    }

    package var text: String { Bech32.encode(prefix: Self.prefix, point) }

    /// Of a file with one on each line; `#` begins a comment.
    package static func list(_ text: String) throws(PackFault) -> [AgeRecipient] {
        var found: [AgeRecipient] = []
        for (number, line) in KeyLines(text) {
            do { found.append(try AgeRecipient(line)) } catch {
                throw .badRecipient("line \(number): \(error.message)")
            }
            guard found.count <= PackLimits.keys else {
                throw .badRecipient("it has more than \(PackLimits.keys) keys")
            }
        }
        return found
    }

    func wrap(_ fileKey: SymmetricKey) throws(PackFault) -> AgeStanza {
        do {
            let ephemeral = Curve25519.KeyAgreement.PrivateKey()
            let share = Array(ephemeral.publicKey.rawRepresentation)
            let other = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: point)
            guard let key = X25519Stanza.wrapKey(ephemeral, other, share: share, recipient: point) else {
                throw PackFault.badRecipient("it is a key that hides nothing")
            }
            return AgeStanza(
                [X25519Stanza.type, String(decoding: AgeBase64.encode(share), as: UTF8.self)],
                body: try WrappedKey.seal(fileKey, key))
        } catch let fault as PackFault { throw fault } catch { throw .badRecipient("it can't be used") }
    }
}

/// The other half of an ``AgeRecipient``: `AGE-SECRET-KEY-1…`.
package struct AgeIdentity: Sendable {
    private let secret: Curve25519.KeyAgreement.PrivateKey

    private static let prefix = "age-secret-key-"

    /// A new one.
    package init() { secret = Curve25519.KeyAgreement.PrivateKey() }

    package init(_ text: String) throws(PackFault) {
        guard let (prefix, bytes) = Bech32.decode(text), prefix == Self.prefix.uppercased(),
            bytes.count == AgeRecipient.keyBytes,
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes)
        else { throw .badIdentity("it is no private key of age (`AGE-SECRET-KEY-1…`)") }
        secret = key
    }

    package var text: String { Bech32.encode(prefix: Self.prefix, Array(secret.rawRepresentation)).uppercased() }
    package var recipient: AgeRecipient { AgeRecipient(point: Array(secret.publicKey.rawRepresentation)) }

    /// Of a file as `age-keygen` writes it: one on each line; `#` begins a comment.
    package static func list(_ text: String) throws(PackFault) -> [AgeIdentity] {
        var found: [AgeIdentity] = []
        for (number, line) in KeyLines(text) {
            do { found.append(try AgeIdentity(line)) } catch { throw .badIdentity("line \(number): \(error.message)") }
            guard found.count <= PackLimits.keys else { throw .badIdentity("it has more than \(PackLimits.keys) keys") }
        }
        guard !found.isEmpty else { throw .badIdentity("it holds no key") }
        return found
    }

    /// The file key, where this stanza is for this identity; nil where it is for somebody else.
    func unwrap(_ stanza: AgeStanza) throws(PackFault) -> SymmetricKey? {
        guard stanza.type == X25519Stanza.type else { return nil }
        let share = try X25519Stanza.share(stanza)
        guard let other = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: share),
            let key = X25519Stanza.wrapKey(secret, other, share: share, recipient: recipient.point)
        else { throw .header("a recipient's share hides nothing") }
        return WrappedKey.open(stanza.body, key)
    }
}

private enum X25519Stanza {
    static let type = "X25519"

    static func share(_ stanza: AgeStanza) throws(PackFault) -> [UInt8] {
        guard stanza.arguments.count == 2, let share = AgeBase64.decode(stanza.arguments[1].utf8),
            share.count == AgeRecipient.keyBytes, stanza.body.count == WrappedKey.bytes
        else { throw .header("an X25519 recipient is malformed") }
        return share
    }

    /// nil where the secret that both share is nothing but zeros, or can't be had.
    static func wrapKey(
        _ own: Curve25519.KeyAgreement.PrivateKey, _ other: Curve25519.KeyAgreement.PublicKey, share: [UInt8],
        recipient: [UInt8]
    ) -> SymmetricKey? {
        guard let secret = try? own.sharedSecretFromKeyAgreement(with: other) else { return nil }
        var any: UInt8 = 0
        secret.withUnsafeBytes { for byte in $0 { any |= byte } }
        guard any != 0 else { return nil }
        return secret.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: share + recipient, sharedInfo: Array("age-encryption.org/v1/X25519".utf8),
            outputByteCount: 32)
    }
}

/// A passphrase that a file opens with.
package struct AgePassphrase: Sendable {
    private let bytes: [UInt8]
    /// The base-two logarithm of the work, when a file is made.
    let workFactor: Int

    static let type = "scrypt"
    private static let saltBytes = 16

    package init(_ text: String, workFactor: Int = PackLimits.usualWorkFactor) throws(PackFault) {
        bytes = Array(text.utf8)
        self.workFactor = workFactor
        guard !bytes.isEmpty else { throw .badIdentity("the passphrase is empty") }
        guard bytes.count <= PackLimits.passphraseBytes else { throw .badIdentity("the passphrase is too long") }
    }

    func wrap(_ fileKey: SymmetricKey) throws(PackFault) -> AgeStanza {
        let salt = RandomBytes.make(Self.saltBytes)
        return AgeStanza(
            [Self.type, String(decoding: AgeBase64.encode(salt), as: UTF8.self), "\(workFactor)"],
            body: try WrappedKey.seal(fileKey, try key(salt, workFactor)))
    }

    /// The file key; nil where the passphrase is another one.
    func unwrap(_ stanza: AgeStanza) throws(PackFault) -> SymmetricKey? {
        guard stanza.arguments.count == 3, let salt = AgeBase64.decode(stanza.arguments[1].utf8),
            salt.count == Self.saltBytes, stanza.body.count == WrappedKey.bytes
        else { throw .header("the recipient with a passphrase is malformed") }
        let digits = stanza.arguments[2].utf8
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            digits.first != UInt8(ascii: "0")
        else { throw .header("the work of the passphrase is no number") }
        let factor = Int(stanza.arguments[2]) ?? .max
        guard factor <= PackLimits.workFactor else { throw .tooMuchWork(factor) }
        return WrappedKey.open(stanza.body, try key(salt, factor))
    }

    private func key(_ salt: [UInt8], _ factor: Int) throws(PackFault) -> SymmetricKey {
        do {
            return try KDF.Scrypt.deriveKey(
                from: bytes, salt: Array("age-encryption.org/v1/scrypt".utf8) + salt, outputByteCount: 32,
                rounds: 1 << factor, blockSize: 8, parallelism: 1)
        } catch { throw .header("the key can't be made from the passphrase: there may be too little memory") }
    }
}

/// A file key inside a stanza.
enum WrappedKey {
    static let fileKeyBytes = 16
    static let bytes = fileKeyBytes + 16
    private static let nonce = [UInt8](repeating: 0, count: 12)

    static func seal(_ fileKey: SymmetricKey, _ key: SymmetricKey) throws(PackFault) -> [UInt8] {
        let plain = fileKey.withUnsafeBytes { Array($0) }
        guard let nonce = try? ChaChaPoly.Nonce(data: nonce),
            let box = try? ChaChaPoly.seal(plain, using: key, nonce: nonce)
        else { throw .header("the file's key can't be sealed") }
        return Array(box.ciphertext) + Array(box.tag)
    }

    static func open(_ body: [UInt8], _ key: SymmetricKey) -> SymmetricKey? {
        guard body.count == bytes, let box = try? ChaChaPoly.SealedBox(combined: nonce + body),
            let plain = try? ChaChaPoly.open(box, using: key)
        else { return nil }
        return SymmetricKey(data: plain)
    }
}

enum RandomBytes {
    /// From the system's source for keys.
    static func make(_ count: Int) -> [UInt8] {
        SymmetricKey(size: SymmetricKeySize(bitCount: count * 8)).withUnsafeBytes { Array($0) }
    }
}

/// The lines of a file of keys that say something, with their numbers.
private struct KeyLines: Sequence {
    let text: String

    init(_ text: String) { self.text = text }

    func makeIterator() -> AnyIterator<(Int, String)> {
        // By bytes: to Swift, a line end of two characters is another one.
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated().lazy.map {
            (number, line) in
            (number + 1, String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self))
        }.filter { !$0.1.isEmpty && !$0.1.hasPrefix("#") }.makeIterator()
        return AnyIterator { lines.next() }
    }
}
