/// A seal: a signature over every byte before its own line, so that
/// `head -n N journal.jsonl | ssh-keygen -Y verify -f allowed_signers -I run-RUN -n blackstart-journal -s seal.sig`
/// proves a journal with stock tools.
///
/// A run's key signs once. Its seal announces the key that signs next, and vouches for it with a second signature, over a
/// ``RootStatement``: without that, whoever holds the file could cut it at a seal, put in a key of his own, and go on.
package enum Seal {
    package static let namespace = "blackstart-journal"

    /// What a seal is to announce.
    enum Successor {
        /// A seal of an operator: the opening that it covers has announced the key already.
        case announced(SSHPublicKey)
        /// Announced by the seal itself; nil where none is to follow.
        case new(SSHPublicKey?)

        var key: SSHPublicKey? {
            switch self {
            case .announced(let key): key
            case .new(let key): key
            }
        }
    }

    /// The seal of `key` over all that `chain` has taken in.
    static func draft(
        over chain: JournalChain, of run: String, by key: any OperatorKey, _ successor: Successor
    ) throws(KeyFault) -> Draft {
        let signature = try SSHSIG.make(digest: chain.digest(), namespace: namespace, key: key)
        let statement = RootStatement(run: run, lines: chain.sequence, root: chain.root, next: successor.key)
        var fields: JournalFields = [
            "by": .string(key.principal), "covers": .integer(Int64(chain.sequence)), "ns": .string(namespace),
            "root": .string(Hex.text(statement.root)),
            "root_sig": .string(Base64.text(try statement.signed(by: key).blob)),
            "sig": .string(Base64.text(signature.blob)),
        ]
        if case .new(let next?) = successor { fields["next"] = .string(next.text) }
        return Draft(type: LineTypes.seal, fields: fields)
    }

    /// The key that signs after a seal (nil: none), once everything about the seal is as it has to be.
    ///
    /// - Parameter announced: the key that an opening has announced, for the seal of an operator.
    static func check(
        _ entry: JournalEntry, over chain: JournalChain, of run: String, signer: SSHPublicKey, principal: String,
        announced: SSHPublicKey?
    ) throws(JournalBroken.Reason) -> SSHPublicKey? {
        let keys = Set(entry.fields.keys)
        guard keys == LineTypes.sealKeys || announced == nil && keys == LineTypes.sealKeysWithNext,
            let by = entry.fields["by"]?.string, let covers = entry.fields["covers"]?.integer,
            let space = entry.fields["ns"]?.string, let root = entry.fields["root"]?.string
        else { throw .malformed(type: entry.type) }
        guard by == principal, covers == Int64(chain.sequence), space == namespace else { throw .sealTerms }
        guard entry.timestamp == chain.timestamp, entry.uptime == chain.uptime else { throw .sealTime }
        guard isSigned(entry, over: chain, by: signer) else { throw .signature }
        guard root == Hex.text(chain.root) else { throw .root }
        var next = announced
        if let text = entry.fields["next"]?.string {
            guard let key = try? SSHPublicKey(text: text), key.kind == .ed25519 else { throw .handover }
            next = key
        } else if keys.contains("next") {
            throw .malformed(type: entry.type)
        }
        let statement = RootStatement(run: run, lines: chain.sequence, root: chain.root, next: next)
        guard let signature = signature(entry.fields["root_sig"]), statement.isSigned(signature, by: signer) else {
            throw .handover
        }
        return next
    }

    /// Whether the seal's signature itself is one of `signer` over all that `chain` has taken in.
    static func isSigned(_ entry: JournalEntry, over chain: JournalChain, by signer: SSHPublicKey) -> Bool {
        guard let signature = signature(entry.fields["sig"]), signature.publicKey == signer,
            signature.namespace == namespace, signature.hash == .sha512
        else { return false }
        return signature.isValid(digest: chain.digest())
    }

    static func signature(_ value: JournalValue?) -> SSHSIG? {
        guard let text = value?.string, let blob = Base64.decode(text.utf8) else { return nil }
        return try? SSHSIG(blob: blob)
    }
}
