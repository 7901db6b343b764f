import RunbookModel

/// The first line of a journal that is not as it was written, and why.
package struct JournalBroken: Error, Hashable, Sendable {
    package enum Reason: Error, Hashable, Sendable {
        case empty
        case unterminated
        case unreadable(LineFault)
        /// What follows was built on other bytes than this line's.
        case changed
        /// `prev` is not the hash of the line before.
        case unchained
        case sequence(expected: Int, found: Int)
        /// A line of this type has no place here.
        case misplaced(type: String)
        /// An opening, a seal or a `recovered` without exactly the fields it has to have.
        case malformed(type: String)
        /// A seal's `ts` and `up` repeat those of the line before, so that both are bound.
        case sealTime
        /// A seal names another signer, namespace or range than is due.
        case sealTerms
        case signature
        /// Not the root of the tree over the lines before.
        case root
        /// The sealing key does not vouch for the key that is to follow it.
        case handover
        /// An approval without its person's signature over the journal up to the question.
        case approval
        /// Work by hand without the signature of who did it over what it says.
        case handWork
        /// A drill without the signature of who declared it over what it says.
        case drill
        /// A witness's signature that is not one over the journal up to the seal that it names.
        case witness
        /// An approval step that was passed by something else than the signatures of enough people.
        case unapproved(step: String, given: Int, wanted: Int)
        /// A step that rests on an approval began before that was passed.
        case beforeApproval(step: String, approval: String)
        /// An answer to a question for approval that nobody signed.
        case unsignedApproval(step: String)
        /// The opening names other people than the runbook and the inventory beside the journal.
        case approvalTerms
        case untrusted(principal: String, fingerprint: String)
        /// As it was written, and still no record that this version understands.
        case record(RecordFault)
    }

    /// From 1.
    package var line: Int
    package var reason: Reason

    package init(line: Int, reason: Reason) {
        self.line = line
        self.reason = reason
    }

    package var message: String { "line \(line): \(reason.message)" }
}

extension JournalBroken.Reason {
    /// The journal itself may be whole.
    package var isOfTrust: Bool { if case .untrusted = self { true } else { false } }

    package var message: String {
        switch self {
        case .empty: "the journal is empty"
        case .unterminated: LineFault.notTerminated.message
        case .unreadable(let fault): fault.message
        case .changed: "the line was changed: what follows was built on other bytes"
        case .unchained: "`prev` is not the hash of the line before"
        case .sequence(let expected, let found): "`seq` is \(found) where \(expected) is due"
        case .misplaced(let type): "a line of type `\(TerminalText.shown(type))` has no place here"
        case .malformed(let type): "a `\(TerminalText.shown(type))` line does not have the fields it has to have"
        case .sealTime: "the seal's time is not that of the line before"
        case .sealTerms: "the seal names another signer, namespace or range than is due"
        case .signature: "the signature is not one over the lines before"
        case .root: "the seal's root is not that of the lines before"
        case .handover: "the key that sealed does not vouch for the next key"
        case .approval: "the approval is not signed over the journal up to the question"
        case .handWork: "the work by hand is not signed by who did it, as it stands"
        case .drill: "the drill is not signed by who declared it, as it stands"
        case .witness: "the witness did not sign the journal up to the seal that the line names"
        case .unapproved(let step, let given, let wanted):
            "step `\(TerminalText.shown(step))` was passed with \(given) of \(wanted) approvals"
        case .beforeApproval(let step, let approval):
            "step `\(TerminalText.shown(step))` began before step `\(TerminalText.shown(approval))` was approved"
        case .unsignedApproval(let step):
            "the answer to the question for approval of step `\(TerminalText.shown(step))` is not signed"
        case .approvalTerms:
            "the people who may approve are not those of the runbook and the inventory beside the journal"
        case .untrusted(let principal, let fingerprint):
            "\(TerminalText.shown(principal)) signed with \(fingerprint), which is not among the allowed signers"
        case .record(let fault): fault.message
        }
    }
}
