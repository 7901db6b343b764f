internal import Crypto

/// What a person signs to approve or refuse a step of one run, as laid down here: so that stock tools can make it too,
///
///     ssh-keygen -Y sign -n blackstart-approval -f KEY statement
package struct ApprovalStatement: Hashable, Sendable {
    package static let namespace = "blackstart-approval"

    package var run: String
    /// Tells this run from every other of the same name.
    package var mark: String
    /// What exactly is going to be done: the hash of the plan.
    package var plan: String
    package var step: String
    package var isApproved: Bool

    package init(run: String, mark: String, plan: String, step: String, isApproved: Bool) {
        self.run = run
        self.mark = mark
        self.plan = plan
        self.step = step
        self.isApproved = isApproved
    }

    /// The bytes that are signed.
    package var text: String {
        "blackstart approval 1\nrun \(run)\nmark \(mark)\nplan \(plan)\nstep \(step)\n"
            + "answer \(isApproved ? "approve" : "refuse")\n"
    }
}

/// A statement with who made it and their signature.
package struct SignedApproval: Sendable {
    package var statement: ApprovalStatement
    package var signer: String
    package var signature: SSHSIG

    package init(_ statement: ApprovalStatement, by key: any OperatorKey) throws(KeyFault) {
        self.statement = statement
        signer = key.principal
        signature = try SSHSIG.make(
            digest: Array(SHA512.hash(data: Array(statement.text.utf8))), namespace: ApprovalStatement.namespace,
            key: key)
    }

    /// `by SIGNER`, the statement, and the armoured signature.
    package var text: String { "by \(signer)\n\(statement.text)\(signature.armoured)" }

    /// nil where `text` is not of this form, or not about this run, plan and step.
    package init?(_ text: String, about known: ApprovalStatement) {
        guard text.hasPrefix("by "), let end = text.firstIndex(of: "\n") else { return nil }
        signer = String(text[text.index(text.startIndex, offsetBy: 3)..<end])
        let rest = text[text.index(after: end)...]
        var found: ApprovalStatement?
        for isApproved in [true, false] {
            var statement = known
            statement.isApproved = isApproved
            if rest.hasPrefix(statement.text) { found = statement }
        }
        guard let found, Principal.isValid(signer),
            let signature = try? SSHSIG(armoured: Array(rest.dropFirst(found.text.count).utf8)),
            signature.namespace == ApprovalStatement.namespace
        else { return nil }
        statement = found
        self.signature = signature
    }

    /// Whether the signature holds, and its key may sign with this name at `time` (milliseconds since 1970).
    package func isTrusted(by signers: AllowedSigners, at time: Int64) -> Bool {
        signature.isValid(message: Array(statement.text.utf8))
            && signers.permits(
                principal: signer, key: signature.publicKey, namespace: ApprovalStatement.namespace, at: time)
    }
}
