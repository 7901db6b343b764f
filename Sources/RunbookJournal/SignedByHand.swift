internal import Crypto

/// What a person enters into a journal afterwards, under their own signature over a statement of a few lines. The first of
/// them tells what it is, so that a signature over one kind is none over another.
package protocol SignedByHand: Hashable, Sendable {
    /// The bytes that are signed.
    var statement: String { get }

    /// Its line in a journal.
    func draft(by signer: String, _ signature: SSHSIG) -> Draft
}

extension SignedByHand {
    /// What whoever enters such a thing has to be allowed to sign.
    package static var namespace: String { "blackstart-by-hand" }

    package func signed(by key: any OperatorKey) throws(KeyFault) -> SSHSIG {
        try SSHSIG.make(
            digest: Array(SHA512.hash(data: Array(statement.utf8))), namespace: Self.namespace, key: key)
    }

    /// Whether this is a signature over the statement.
    package func isSigned(_ signature: SSHSIG) -> Bool {
        signature.namespace == Self.namespace && signature.hash == .sha512
            && signature.isValid(message: Array(statement.utf8))
    }
}
