import Glibc

/// The file format of OpenSSH private keys (PROTOCOL.key, `openssh-key-v1`), for Ed25519 keys without a passphrase.
package enum OpenSSHPrivateKey {
    private static let label = "OPENSSH PRIVATE KEY"
    private static let magic = Array("openssh-key-v1\0".utf8)
    private static let limitBytes = 64 << 10

    /// A key's seed and comment; `path` is only for words.
    package static func parse(_ text: [UInt8], path: String) throws(KeyFault) -> (seed: [UInt8], comment: String) {
        let malformed = KeyFault.malformedPrivateKey(path: path)
        guard let bytes = SSHArmour.bytes(label, text) else {
            // Older formats say so in words.
            let isEncrypted = String(decoding: text, as: UTF8.self).contains("ENCRYPTED")
            throw isEncrypted ? .encryptedPrivateKey(path: path) : malformed
        }
        var reader = SSHWireReader(bytes[...])
        guard let start = reader.take(magic.count), start.elementsEqual(magic), let cipher = reader.string(),
            let derivation = reader.string(), reader.string() != nil, reader.uint32() == 1,
            let blob = reader.string(), let body = reader.string(), reader.isAtEnd
        else { throw malformed }
        guard cipher.elementsEqual("none".utf8), derivation.elementsEqual("none".utf8) else {
            throw .encryptedPrivateKey(path: path)
        }
        let publicKey = try SSHPublicKey(blob: Array(blob))
        guard case .ed25519(let known) = publicKey.material, publicKey.kind == .ed25519 else { throw malformed }
        var inner = SSHWireReader(body)
        guard let check = inner.uint32(), check == inner.uint32(), inner.isString(publicKey.kind.rawValue),
            let point = inner.string(), point.elementsEqual(known), let pair = inner.string(),
            pair.count == 64, pair.suffix(32).elementsEqual(point), let comment = inner.string(), body.count % 8 == 0,
            // ssh-keygen fills up to 8 bytes, libssh to 16.
            inner.remaining.count < 16, inner.remaining.enumerated().allSatisfy({ $0.element == UInt8($0.offset + 1) })
        else { throw malformed }
        let seed = Array(pair.prefix(32))
        guard try Ed25519Key(seed: seed, principal: "").publicKey == publicKey else { throw malformed }
        return (seed, String(decoding: comment, as: UTF8.self))
    }

    /// What `ssh-keygen` itself would write for this key.
    package static func text(_ key: Ed25519Key, comment: String) -> String {
        let check = SSHWire.uint32(Int(UInt32.random(in: 0...UInt32.max)))
        var body = check + check + SSHWire.string(key.publicKey.kind.rawValue) + SSHWire.string(key.point)
        body += SSHWire.string(key.seed + key.point) + SSHWire.string(comment)
        var padding: UInt8 = 1
        while body.count % 8 != 0 {
            body.append(padding)
            padding += 1
        }
        let bytes =
            magic + SSHWire.string("none") + SSHWire.string("none") + SSHWire.string("") + SSHWire.uint32(1)
            + SSHWire.string(key.publicKey.blob) + SSHWire.string(body)
        return SSHArmour.text(label, bytes)
    }

    /// The text of a key file that only its owner can read. A public key may be read by anybody.
    static func read(_ path: String) throws(KeyFault) -> [UInt8] {
        do {
            let descriptor = try SystemCalls.open(path, O_RDONLY)
            defer { Glibc.close(descriptor) }
            var status = stat()
            _ = try SystemCalls.uninterrupted { fstat(descriptor, &status) }
            let text = try SystemCalls.contents(of: descriptor, limitBytes: limitBytes)
            guard status.st_mode & 0o077 == 0 || SSHPublicKey.isText(text) else {
                throw KeyFault.exposedPrivateKey(path: path)
            }
            return text
        } catch let error as SystemError {
            if error.code == EFBIG { throw .tooLarge(path: path, limitBytes: limitBytes) }
            throw .system(operation: "read", path: path, error: error)
        } catch let fault as KeyFault {
            throw fault
        } catch {
            throw .malformedPrivateKey(path: path)
        }
    }
}
