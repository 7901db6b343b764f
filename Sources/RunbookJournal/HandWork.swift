/// Work that somebody did by hand while no controller ran, entered into the journal afterwards: what, when by their own
/// word, and under their own signature. The signature is over a statement of a few lines, so that it can be made by hand:
///
///     ssh-keygen -Y sign -n blackstart-by-hand -f KEY STATEMENT
package struct HandWork: SignedByHand {
    /// What became of the step that the work was for.
    package enum End: String, Hashable, Sendable { case done, failed }

    package var run: String
    /// The mark of the run, which no other run has.
    package var mark: String
    /// nil where it was for no step of the runbook.
    package var step: String?
    package var host: String?
    /// When it was done, in the words of who did it: a line.
    package var when: String
    /// What was done: a line.
    package var what: String
    package var end: End?

    package init(
        run: String, mark: String, step: String?, host: String?, when: String, what: String, end: End?
    ) {
        self.run = run
        self.mark = mark
        self.step = step
        self.host = host
        self.when = when
        self.what = what
        self.end = end
    }

    /// The bytes that are signed. Words stand in it as they do in the journal, quotes and all.
    package var statement: String {
        let words = [when, what].map { String(decoding: CanonicalText.quoted($0), as: UTF8.self) }
        return
            "blackstart by hand 1\nrun \(run)\nmark \(mark)\nstep \(step ?? "-")\nhost \(host ?? "-")\nend \(end?.rawValue ?? "-")\n"
            + "when \(words[0])\nwhat \(words[1])\n"
    }

    // MARK: In a journal

    package func draft(by signer: String, _ signature: SSHSIG) -> Draft {
        var fields: JournalFields = [
            "by": .string(signer), "key": .string(signature.publicKey.text), "ns": .string(Self.namespace),
            "sig": .string(Base64.text(signature.blob)), "what": .string(what), "when": .string(when),
        ]
        fields["step"] = step.map(JournalValue.string)
        fields["host"] = host.map(JournalValue.string)
        fields["end"] = end.map { .string($0.rawValue) }
        return Draft(type: LineTypes.handWork, fields: fields)
    }

    /// Checks a `hand.work` line of the run that has this name and mark.
    static func check(
        _ entry: JournalEntry, run: String, mark: String, trust: AllowedSigners?
    ) throws(JournalBroken.Reason) -> (work: HandWork, by: String, key: SSHPublicKey) {
        let end = entry.fields["end"]?.string.map(End.init)
        guard Set(entry.fields.keys).isSubset(of: LineTypes.handWorkKeys), end != .some(nil),
            (entry.fields["step"] == nil) == (entry.fields["step"]?.string == nil),
            (entry.fields["host"] == nil) == (entry.fields["host"]?.string == nil),
            (entry.fields["end"] == nil) == (end == nil),
            let by = entry.fields["by"]?.string, Principal.isValid(by), entry.fields["ns"]?.string == namespace,
            let key = entry.fields["key"]?.string.flatMap({ try? SSHPublicKey(text: $0) }),
            let when = entry.fields["when"]?.string, let what = entry.fields["what"]?.string,
            let signature = Seal.signature(entry.fields["sig"])
        else { throw .malformed(type: entry.type) }
        let work = HandWork(
            run: run, mark: mark, step: entry.fields["step"]?.string, host: entry.fields["host"]?.string, when: when,
            what: what, end: end ?? nil)
        guard signature.publicKey == key, work.isSigned(signature) else { throw .handWork }
        if let trust, !trust.permits(principal: by, key: key, namespace: namespace, at: entry.timestamp) {
            throw .untrusted(principal: by, fingerprint: key.fingerprint)
        }
        return (work, by, key)
    }
}
