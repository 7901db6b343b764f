internal import Crypto

/// What a file opens with. The format allows a passphrase beside nothing else.
package enum AgeLock: Sendable {
    case recipients([AgeRecipient])
    case passphrase(AgePassphrase)

    fileprivate func stanzas(_ fileKey: SymmetricKey) throws(PackFault) -> [AgeStanza] {
        switch self {
        case .passphrase(let passphrase): return [try passphrase.wrap(fileKey)]
        case .recipients(let recipients):
            guard !recipients.isEmpty else { throw .badRecipient("nobody could open it") }
            var stanzas: [AgeStanza] = []
            for recipient in recipients { stanzas.append(try recipient.wrap(fileKey)) }
            return stanzas
        }
    }
}

/// What somebody has to open a file with.
package enum AgeOpener: Sendable {
    case identities([AgeIdentity])
    case passphrase(AgePassphrase)
}

/// The keys that a file key stands for.
private enum DerivedKey {
    static func header(_ fileKey: SymmetricKey) -> SymmetricKey { make(fileKey, salt: [], "header") }
    static func payload(_ fileKey: SymmetricKey, nonce: [UInt8]) -> SymmetricKey {
        make(fileKey, salt: nonce, "payload")
    }

    private static func make(_ fileKey: SymmetricKey, salt: [UInt8], _ info: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: fileKey, salt: salt, info: Array(info.utf8), outputByteCount: 32)
    }
}

extension AgeHeader {
    /// Whether it is for a passphrase; such a one is for nothing else.
    package var isForPassphrase: Bool {
        get throws(PackFault) {
            guard stanzas.contains(where: { $0.type == AgePassphrase.type }) else { return false }
            guard stanzas.count == 1 else { throw .header("a passphrase stands beside another recipient") }
            return true
        }
    }

    /// The file key: only where the whole header is as whoever knew that key wrote it.
    fileprivate func fileKey(_ opener: AgeOpener) throws(PackFault) -> SymmetricKey {
        let wantsPassphrase = try isForPassphrase
        var found: SymmetricKey?
        switch opener {
        case .passphrase(let passphrase):
            guard wantsPassphrase else { throw .wantsIdentity }
            guard let key = try passphrase.unwrap(stanzas[0]) else { throw .wrongPassphrase }
            found = key
        case .identities(let identities):
            guard !wantsPassphrase else { throw .wantsPassphrase }
            for stanza in stanzas {
                for identity in identities where found == nil { found = try identity.unwrap(stanza) }
            }
        }
        guard let found else { throw .noIdentityFits }
        guard HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: coded, using: DerivedKey.header(found))
        else { throw .headerChanged }
        return found
    }
}

/// The counter of chunks, as the nonce that each is sealed with.
private struct ChunkNonce {
    private(set) var counter: UInt64 = 0

    func bytes(isLast: Bool) -> [UInt8] {
        [0, 0, 0] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: counter >> (8 * $0)) } + [isLast ? 1 : 0]
    }

    mutating func next() { counter &+= 1 }
}

private let payloadNonceBytes = 16
private let sealBytes = 16

/// Encrypts what is written to it. What comes out is a whole age file only after ``finish()``.
package struct AgeEncryptor<Sink: ByteSink>: ByteSink {
    package private(set) var sink: Sink
    private let key: SymmetricKey
    private var nonce = ChunkNonce()
    /// Plaintext that is not sealed yet: one chunk at most.
    private var held: [UInt8] = []

    package init(_ lock: AgeLock, to sink: Sink) throws(PackFault) {
        let fileKey = SymmetricKey(size: SymmetricKeySize(bitCount: WrappedKey.fileKeyBytes * 8))
        let header = AgeHeader(try lock.stanzas(fileKey))
        let code = HMAC<SHA256>.authenticationCode(for: header.coded, using: DerivedKey.header(fileKey))
        let salt = RandomBytes.make(payloadNonceBytes)
        key = DerivedKey.payload(fileKey, nonce: salt)
        self.sink = sink
        held.reserveCapacity(PackLimits.chunkBytes)
        try self.sink.write((header.text(code: Array(code)) + salt)[...])
    }

    package mutating func write(_ bytes: ArraySlice<UInt8>) throws(PackFault) {
        var rest = bytes
        while !rest.isEmpty {
            // A full chunk waits for what follows: the last one is sealed otherwise, and is not empty.
            if held.count == PackLimits.chunkBytes { try seal(isLast: false) }
            let part = rest.prefix(PackLimits.chunkBytes - held.count)
            held += part
            rest = rest.dropFirst(part.count)
        }
    }

    package mutating func finish() throws(PackFault) { try seal(isLast: true) }

    private mutating func seal(isLast: Bool) throws(PackFault) {
        guard let nonce = try? ChaChaPoly.Nonce(data: nonce.bytes(isLast: isLast)),
            let box = try? ChaChaPoly.seal(held, using: key, nonce: nonce)
        else { throw .header("a part can't be sealed") }
        held.removeAll(keepingCapacity: true)
        self.nonce.next()
        try sink.write((Array(box.ciphertext) + Array(box.tag))[...])
    }
}

/// Decrypts an age file. Not a byte comes out before the seal of its chunk was checked; and the end comes only after the
/// last chunk was.
package struct AgeDecryptor<Source: ByteSource>: ByteSource {
    private var source: Source
    private let key: SymmetricKey
    private var nonce = ChunkNonce()
    private var held: [UInt8] = []
    private var plain: ArraySlice<UInt8> = []
    private var isOver = false

    private static var wholeBytes: Int { PackLimits.chunkBytes + sealBytes }

    package init(_ header: AgeHeader, _ opener: AgeOpener, from source: Source) throws(PackFault) {
        let fileKey = try header.fileKey(opener)
        self.source = source
        let salt = try self.source.readWhole(payloadNonceBytes)
        guard salt.count == payloadNonceBytes else { throw .cutOff }
        key = DerivedKey.payload(fileKey, nonce: salt)
    }

    package mutating func read(_ limit: Int) throws(PackFault) -> ArraySlice<UInt8> {
        while plain.isEmpty, !isOver { plain = try chunk()[...] }
        defer { plain = plain.dropFirst(limit) }
        return plain.prefix(limit)
    }

    private mutating func chunk() throws(PackFault) -> [UInt8] {
        // One byte more than a chunk: only then it is not the last one.
        held += try source.readWhole(Self.wholeBytes + 1 - held.count)
        let isLast = held.count <= Self.wholeBytes
        let sealed = held.prefix(Self.wholeBytes)
        // What is left of the former chunk is its last byte read ahead, so this holds a part of one.
        guard sealed.count >= sealBytes else { throw .cutOff }
        guard let bytes = open(sealed, isLast: isLast) else {
            if isLast, sealed.count == Self.wholeBytes, open(sealed, isLast: false) != nil { throw .cutOff }
            throw .chunkChanged(nonce.counter &+ 1)
        }
        guard !isLast || !bytes.isEmpty || nonce.counter == 0 else { throw .chunkChanged(nonce.counter &+ 1) }
        held = Array(held.dropFirst(Self.wholeBytes))
        nonce.next()
        isOver = isLast
        return bytes
    }

    private func open(_ sealed: ArraySlice<UInt8>, isLast: Bool) -> [UInt8]? {
        guard let box = try? ChaChaPoly.SealedBox(combined: nonce.bytes(isLast: isLast) + sealed),
            let plain = try? ChaChaPoly.open(box, using: key)
        else { return nil }
        return Array(plain)
    }
}
