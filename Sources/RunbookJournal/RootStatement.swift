import Crypto

/// What a seal says of the journal in a few words, signed by the key that seals: how many lines it covers, the root of the
/// hash tree over them, and which key signs next. So one line can be proven to somebody who does not have the rest.
///
/// A leaf of the tree is the SHA-256 of a line, as the next line carries it in `prev`.
package struct RootStatement: Hashable, Sendable {
    package static let namespace = "blackstart-root"

    package var run: String
    package var lines: Int
    /// 32 bytes.
    package var root: [UInt8]
    /// nil: none follows.
    package var next: SSHPublicKey?

    package init(run: String, lines: Int, root: [UInt8], next: SSHPublicKey?) {
        self.run = run
        self.lines = lines
        self.root = root
        self.next = next
    }

    /// The bytes that are signed.
    package var text: String {
        "blackstart root 1\nrun \(run)\nlines \(lines)\nroot \(Hex.text(root))\nnext \(next?.text ?? "-")\n"
    }

    func signed(by key: any OperatorKey) throws(KeyFault) -> SSHSIG {
        try SSHSIG.make(
            digest: Array(SHA512.hash(data: Array(text.utf8))), namespace: Self.namespace, key: key)
    }

    func isSigned(_ signature: SSHSIG, by signer: SSHPublicKey) -> Bool {
        signature.publicKey == signer && signature.namespace == Self.namespace && signature.hash == .sha512
            && signature.isValid(message: Array(text.utf8))
    }
}
