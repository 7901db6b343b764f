/// That a run, or a dry run, was a drill: who took part, whether the author of the runbook was there, and what confused
/// people. Entered afterwards under the signature of who declares it. The signature is over a statement of a few lines, so
/// that it can be made by hand:
///
///     ssh-keygen -Y sign -n blackstart-by-hand -f KEY STATEMENT
///
/// Whoever may enter work by hand may declare a drill: the namespace is the same, and the first line tells the two apart.
package struct DrillNote: SignedByHand {

    package var run: String
    /// The mark of the run, which no other run has.
    package var mark: String
    /// Names, one at least.
    package var tookPart: [String]
    package var isAuthorPresent: Bool
    /// What people stumbled over, one sentence each.
    package var confused: [String]
    /// Whatever else is to be remembered; empty where nothing is.
    package var note: String

    package init(
        run: String, mark: String, tookPart: [String], isAuthorPresent: Bool, confused: [String], note: String
    ) {
        self.run = run
        self.mark = mark
        self.tookPart = tookPart
        self.isAuthorPresent = isAuthorPresent
        self.confused = confused
        self.note = note
    }

    private var author: String { isAuthorPresent ? "present" : "absent" }

    /// The bytes that are signed. Words stand in it as they do in the journal, quotes and all; what is several is one text
    /// of several lines.
    package var statement: String {
        let words = [tookPart.joined(separator: "\n"), confused.joined(separator: "\n"), note].map {
            String(decoding: CanonicalText.quoted($0), as: UTF8.self)
        }
        return
            "blackstart drill 1\nrun \(run)\nmark \(mark)\nauthor \(author)\ntook_part \(words[0])\nconfused \(words[1])\n"
            + "note \(words[2])\n"
    }

    // MARK: In a journal

    package func draft(by signer: String, _ signature: SSHSIG) -> Draft {
        Draft(
            type: LineTypes.drill,
            fields: [
                "author": .string(author), "by": .string(signer), "confused": .string(confused.joined(separator: "\n")),
                "key": .string(signature.publicKey.text), "note": .string(note), "ns": .string(Self.namespace),
                "sig": .string(Base64.text(signature.blob)), "took_part": .string(tookPart.joined(separator: "\n")),
            ])
    }

    /// Checks a `drill` line of the run that has this name and mark.
    static func check(
        _ entry: JournalEntry, run: String, mark: String, trust: AllowedSigners?
    ) throws(JournalBroken.Reason) -> (note: DrillNote, by: String, key: SSHPublicKey) {
        guard Set(entry.fields.keys) == LineTypes.drillKeys, let by = entry.fields["by"]?.string, Principal.isValid(by),
            entry.fields["ns"]?.string == namespace,
            let key = entry.fields["key"]?.string.flatMap({ try? SSHPublicKey(text: $0) }),
            let drill = Self(entry, run: run, mark: mark), let signature = Seal.signature(entry.fields["sig"])
        else { throw .malformed(type: entry.type) }
        guard signature.publicKey == key, drill.isSigned(signature) else { throw .drill }
        if let trust, !trust.permits(principal: by, key: key, namespace: namespace, at: entry.timestamp) {
            throw .untrusted(principal: by, fingerprint: key.fingerprint)
        }
        return (drill, by, key)
    }

    private init?(_ entry: JournalEntry, run: String, mark: String) {
        guard let author = entry.fields["author"]?.string, author == "present" || author == "absent",
            let tookPart = entry.fields["took_part"]?.string, !tookPart.isEmpty,
            let confused = entry.fields["confused"]?.string, let note = entry.fields["note"]?.string
        else { return nil }
        func items(_ text: String) -> [String] {
            text.isEmpty ? [] : text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        self.init(
            run: run, mark: mark, tookPart: items(tookPart), isAuthorPresent: author == "present",
            confused: items(confused), note: note)
    }
}
