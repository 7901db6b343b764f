/// What a journal proves.
package struct JournalReport: Hashable, Sendable {
    package enum Trust: Hashable, Sendable {
        /// There were no allowed signers to check against: the journal says whose key signed, nobody vouches for it.
        case unchecked
        /// The key of every session is among the allowed signers.
        case checked
    }

    /// A stretch from the start or a resume, opened by a person's key over all before it.
    package struct Session: Hashable, Sendable {
        package var by: String
        /// `SHA256:…`, as `ssh-keygen -l` shows it.
        package var fingerprint: String
        /// Of the line that opens it.
        package var sequence: Int
        /// The allowed signers that it went by; nil where it does not say.
        package var list: StatedSigners?
    }

    /// An approval or refusal under its person's own signature.
    package struct Approval: Hashable, Sendable {
        package var by: String
        package var fingerprint: String
        package var step: String
        package var isApproved: Bool
        /// Of its line.
        package var sequence: Int
    }

    /// Work by hand, entered afterwards under the signature of who did it.
    package struct Hand: Hashable, Sendable {
        package var by: String
        package var fingerprint: String
        package var work: HandWork
        /// Of its line.
        package var sequence: Int
    }

    /// That the run was a drill, under the signature of who declared it.
    package struct Drill: Hashable, Sendable {
        package var by: String
        package var fingerprint: String
        package var note: DrillNote
        /// Of its line.
        package var sequence: Int
        /// When it was entered, milliseconds since 1970.
        package var timestamp: Int64
    }

    /// A host that keeps a copy, and signed it.
    package struct Witness: Hashable, Sendable {
        package var host: String
        package var key: SSHPublicKey
        /// The last line that it keeps, as far as this journal knows.
        package var through: Int
        /// Whether its key is among the allowed signers; nil where there are none.
        package var isAllowed: Bool?
    }

    package struct Signer: Hashable, Sendable {
        package var principal: String
        package var key: SSHPublicKey
        package var namespaces: [String]

        var line: String { AllowedSigners.line(principal: principal, namespaces: namespaces, key: key) }
    }

    package var run: String
    /// `live`, `lab` or `dry-run`, by the opening.
    package var mode: String
    /// What the opening says of approvals; nil where it does not say, as up to version 0.9.
    package var stated: StatedApprovals?
    /// All lines, which is also the sequence number of the last.
    package var lines: Int
    /// The lines that the run recorded, without the journal's own (openings, seals, recoveries).
    package var records: Int
    /// Sequence number of the last seal: every line up to it, itself included, is proven. 0: none.
    package var sealedThrough: Int
    /// Lines after the last seal: chained, but whoever can write the file could have written them.
    package var unsealedLines: Int { lines - sealedThrough }
    package var sessions: [Session]
    package var approvals: [Approval]
    package var hands: [Hand]
    /// In the order in which they were entered: the last one of a person is what they say now.
    package var drills: [Drill]
    /// Each with the newest that it signed.
    package var witnesses: [Witness]
    /// The last line is a seal after which no key can write any more; only a new session could go on.
    package var isClosed: Bool
    /// `seq:sha256` of the last line.
    package var head: String
    package var trust: Trust
    /// Every key that sealed or will, in order of appearance. Theirs by their own word: for stock tools, not for trust.
    package var signers: [Signer]

    /// An OpenSSH `allowed_signers` file with which `ssh-keygen -Y verify` accepts every seal of this journal.
    package var allowedSigners: String { signers.map(\.line).joined() }
}
