internal import Crypto
package import RunbookModel

/// A person's approval or refusal: a signature over the journal from its first byte to the line that asks for it, so over
/// the plan and all that has happened. Stock tools can make it too; a refusal has one more line, `refuse`, at the end:
///
///     head -n 8 journal.jsonl | ssh-keygen -Y sign -n blackstart-approval -f KEY
package struct ApprovalSignature: Sendable {
    package static let namespace = "blackstart-approval"
    private static let refusal = Array("refuse\n".utf8)

    package var signer: String
    /// The number of the line that asks.
    package var covers: Int
    package var isApproved: Bool
    package var signature: SSHSIG

    package init(signer: String, covers: Int, isApproved: Bool, signature: SSHSIG) {
        self.signer = signer
        self.covers = covers
        self.isApproved = isApproved
        self.signature = signature
    }

    /// - Parameters:
    ///   - journal: its bytes, at least up to the line that asks.
    ///   - covers: the number of that line.
    package init(
        _ isApproved: Bool, over journal: [UInt8], covers: Int, by key: any OperatorKey
    ) throws(KeyFault) {
        self.init(
            signer: key.principal, covers: covers, isApproved: isApproved,
            signature: try SSHSIG.make(
                digest: Self.digest(isApproved, journal, covers), namespace: Self.namespace, key: key))
    }

    private static func digest(_ isApproved: Bool, _ journal: [UInt8], _ covers: Int) -> [UInt8] {
        var (line, at) = (0, 0)
        while line < covers, let range = JournalReader.line(of: journal, from: at) {
            line += 1
            at = range.upperBound
        }
        var hash = SHA512()
        journal[..<at].withUnsafeBytes { hash.update(bufferPointer: $0) }
        if !isApproved { hash.update(data: refusal) }
        return Array(hash.finalize())
    }

    /// Whether it holds over this journal, and its key may approve with this name at `time` (milliseconds since 1970).
    package func isTrusted(by signers: AllowedSigners, over journal: [UInt8], at time: Int64) -> Bool {
        signature.namespace == Self.namespace && signature.hash == .sha512
            && signature.isValid(digest: Self.digest(isApproved, journal, covers))
            && signers.permits(principal: signer, key: signature.publicKey, namespace: Self.namespace, at: time)
    }

    /// For the record.
    package var word: AnswerSignature {
        AnswerSignature(covers: covers, key: signature.publicKey.text, blob: Base64.text(signature.blob))
    }

    // MARK: As a file

    /// `by SIGNER`, `covers LINE`, `answer approve|refuse`, and the armoured signature.
    package var text: String {
        "by \(signer)\ncovers \(covers)\nanswer \(isApproved ? "approve" : "refuse")\n\(signature.armoured)"
    }

    /// nil where `text` is not of this form.
    package init?(_ text: String) {
        var rest = text[...]
        func word(_ key: String) -> String? {
            guard rest.hasPrefix("\(key) "), let end = rest.firstIndex(of: "\n") else { return nil }
            let word = rest[rest.index(rest.startIndex, offsetBy: key.count + 1)..<end]
            rest = rest[rest.index(after: end)...]
            return String(word)
        }
        guard let signer = word("by"), Principal.isValid(signer), let covers = word("covers").flatMap({ Int($0) }),
            covers > 0, let answer = word("answer"), answer == "approve" || answer == "refuse",
            let signature = try? SSHSIG(armoured: Array(rest.utf8))
        else { return nil }
        self.init(signer: signer, covers: covers, isApproved: answer == "approve", signature: signature)
    }

    // MARK: In a journal

    /// Checks an `approval` line against the journal before it.
    ///
    /// - Parameter asked: the digest of the journal up to the line that it covers, and of the same with a refusal; and
    ///   the step that was asked about. nil: no question stands there.
    static func check(
        _ entry: JournalEntry, asked: Asked?, trust: AllowedSigners?
    ) throws(JournalBroken.Reason) -> (by: String, key: SSHPublicKey, isApproved: Bool) {
        guard let by = entry.fields["by"]?.string, Principal.isValid(by), let choice = entry.fields["choice"]?.string,
            choice == Choice.approve.rawValue || choice == Choice.failed.rawValue,
            entry.fields["ns"]?.string == namespace,
            let key = entry.fields["key"]?.string.flatMap({ try? SSHPublicKey(text: $0) }),
            let signature = Seal.signature(entry.fields["sig"])
        else { throw .malformed(type: entry.type) }
        let isApproved = choice == Choice.approve.rawValue
        guard let asked, asked.step == entry.fields["step"]?.string, signature.publicKey == key,
            signature.namespace == namespace, signature.hash == .sha512,
            signature.isValid(digest: isApproved ? asked.approved : asked.refused)
        else { throw .approval }
        if let trust, !trust.permits(principal: by, key: key, namespace: namespace, at: entry.timestamp) {
            throw .untrusted(principal: by, fingerprint: key.fingerprint)
        }
        return (by, key, isApproved)
    }

    struct Asked: Sendable {
        var step: String
        var approved: [UInt8]
        var refused: [UInt8]

        /// After the line that asks was taken in.
        init(step: String, _ chain: JournalChain) {
            self.step = step
            approved = chain.digest()
            refused = chain.digest(with: ApprovalSignature.refusal)
        }
    }
}
