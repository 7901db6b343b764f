/// A seal: a signature over every byte before its own line, so that
/// `head -n N journal.jsonl | ssh-keygen -Y verify -f allowed_signers -I run-RUN -n blackstart-journal -s seal.sig`
/// proves a journal with stock tools.
///
/// A run's key signs once. Its seal announces the key that signs next, and vouches for it with a second signature, over
/// the same bytes followed by the `next` key and a line feed: without that, whoever holds the file could cut it at a
/// seal, put in a key of his own, and go on.
package enum Seal {
    package static let namespace = "blackstart-journal"
    /// Of the signature with which a key vouches for the next.
    package static let handoverNamespace = "blackstart-next"

    /// The seal of `key` over all that `chain` has taken in.
    static func draft(
        over chain: JournalChain, by key: any OperatorKey, next: SSHPublicKey? = nil
    ) throws(KeyFault) -> Draft {
        let signature = try SSHSIG.make(digest: chain.digest(), namespace: namespace, key: key)
        var fields: [String: JournalValue] = [
            "by": .string(key.principal), "covers": .integer(Int64(chain.sequence)), "ns": .string(namespace),
            "sig": .string(Base64.text(signature.blob)),
        ]
        if let next {
            let handover = try SSHSIG.make(
                digest: chain.digest(with: handoverSuffix(next)), namespace: handoverNamespace, key: key)
            fields["next"] = .string(next.text)
            fields["next_sig"] = .string(Base64.text(handover.blob))
        }
        return Draft(type: LineTypes.seal, fields: fields)
    }

    /// The key that a seal announces (nil: none), once everything about the seal is as it has to be. A seal of an
    /// operator never announces one: the opening that it covers has.
    static func check(
        _ entry: JournalEntry, over chain: JournalChain, signer: SSHPublicKey, principal: String, mayAnnounce: Bool
    ) throws(JournalBroken.Reason) -> SSHPublicKey? {
        let keys = Set(entry.fields.keys)
        guard keys == LineTypes.sealKeys || mayAnnounce && keys == LineTypes.sealKeysWithNext,
            let by = entry.fields["by"]?.string, let covers = entry.fields["covers"]?.integer,
            let space = entry.fields["ns"]?.string
        else { throw .malformed(type: entry.type) }
        guard by == principal, covers == Int64(chain.sequence), space == namespace else { throw .sealTerms }
        guard entry.timestamp == chain.timestamp, entry.uptime == chain.uptime else { throw .sealTime }
        guard isSigned(entry, over: chain, by: signer) else { throw .signature }
        guard keys.contains("next") else { return nil }
        guard let text = entry.fields["next"]?.string, let next = try? SSHPublicKey(text: text), next.kind == .ed25519,
            let handover = signature(entry.fields["next_sig"], namespace: handoverNamespace, signer: signer),
            handover.isValid(digest: chain.digest(with: handoverSuffix(next)))
        else { throw .handover }
        return next
    }

    /// Whether the seal's signature itself is one of `signer` over all that `chain` has taken in.
    static func isSigned(_ entry: JournalEntry, over chain: JournalChain, by signer: SSHPublicKey) -> Bool {
        signature(entry.fields["sig"], namespace: namespace, signer: signer)?.isValid(digest: chain.digest()) ?? false
    }

    private static func signature(_ value: JournalValue?, namespace: String, signer: SSHPublicKey) -> SSHSIG? {
        guard let text = value?.string, let blob = Base64.decode(text.utf8), let signature = try? SSHSIG(blob: blob),
            signature.publicKey == signer, signature.namespace == namespace, signature.hash == .sha512
        else { return nil }
        return signature
    }

    private static func handoverSuffix(_ next: SSHPublicKey) -> [UInt8] { Array("\(next.text)\n".utf8) }
}
