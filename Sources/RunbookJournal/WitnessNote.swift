internal import Crypto

/// That a witness host keeps a copy of this journal up to a seal, under the witness's own signature over those bytes:
///
///     head -n 12 journal.jsonl | ssh-keygen -Y verify -f allowed_signers -I HOST -n blackstart-witness -s SIGNATURE
package struct WitnessNote: Sendable {
    package static let namespace = "blackstart-witness"

    package var host: String
    /// The lines that it keeps: up to a seal, itself included.
    package var covers: Int
    /// The same in bytes.
    package var bytes: Int
    package var signature: SSHSIG

    package init(host: String, covers: Int, bytes: Int, signature: SSHSIG) {
        self.host = host
        self.covers = covers
        self.bytes = bytes
        self.signature = signature
    }

    package var draft: Draft {
        Draft(
            type: LineTypes.witness,
            fields: [
                "bytes": .integer(Int64(bytes)), "covers": .integer(Int64(covers)), "host": .string(host),
                "key": .string(signature.publicKey.text), "ns": .string(Self.namespace),
                "sig": .string(Base64.text(signature.blob)),
            ])
    }

    /// Where a seal ends, as far as a witness signs it.
    struct Kept: Sendable {
        var bytes: Int
        /// SHA-512 over all up to there.
        var digest: [UInt8]
    }

    /// Checks a `witness` line against the seals before it, by the number of their line.
    static func check(
        _ entry: JournalEntry, seals: [Int: Kept]
    ) throws(JournalBroken.Reason) -> (host: String, covers: Int, key: SSHPublicKey) {
        guard Set(entry.fields.keys) == LineTypes.witnessKeys, let host = entry.fields["host"]?.string,
            entry.fields["ns"]?.string == namespace,
            let covers = entry.fields["covers"]?.integer.flatMap({ Int(exactly: $0) }),
            let bytes = entry.fields["bytes"]?.integer.flatMap({ Int(exactly: $0) }),
            let key = entry.fields["key"]?.string.flatMap({ try? SSHPublicKey(text: $0) }),
            let signature = Seal.signature(entry.fields["sig"])
        else { throw .malformed(type: entry.type) }
        guard let kept = seals[covers], kept.bytes == bytes, signature.publicKey == key,
            signature.namespace == namespace, signature.hash == .sha512, signature.isValid(digest: kept.digest)
        else { throw .witness }
        return (host, covers, key)
    }
}

/// SHA-512 over a journal as it grows, as witnesses sign it.
package struct PrefixDigest: Sendable {
    private var hash = SHA512()
    /// How much has been taken in.
    package private(set) var bytes = 0

    package init() {}

    package mutating func take(_ more: ArraySlice<UInt8>) {
        more.withUnsafeBytes { hash.update(bufferPointer: $0) }
        bytes += more.count
    }

    package var digest: [UInt8] { Array(hash.finalize()) }

    /// Whether this is a witness's signature over all that was taken in.
    package func isSigned(_ signature: SSHSIG) -> Bool {
        signature.namespace == WitnessNote.namespace && signature.hash == .sha512
            && signature.isValid(digest: digest)
    }
}
