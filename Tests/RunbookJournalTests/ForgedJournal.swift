import Crypto
import RunbookJournal

/// A journal written by somebody who holds valid keys and writes its lines as text, in whatever form: chain, seals and
/// signatures are right for the bytes that stand there, so that nothing but the form and the rules can refuse it.
struct ForgedJournal {
    enum Part {
        /// What stands in a line after `"seq":N,` and before the line feed.
        case line(String)
        /// An `approval` line by this key, over the journal up to line `covers`; `fields` follow its `"t"`, with `KEY` and
        /// `SIGNATURE` in place of what is only known here.
        case approval(Ed25519Key, covers: Int, fields: String)
    }

    private static let run = "R1"
    private static let stamp = #""ts":"2026-01-15T03:00:00.123Z","up":5"#

    let alice: Ed25519Key
    private let keys: [Ed25519Key]

    init() throws {
        alice = try Sample.alice()
        keys = try (1...2).map {
            try Ed25519Key(seed: Array(repeating: UInt8(200 + $0), count: 32), principal: "run-R1")
        }
    }

    /// The keys of an opening: its `key` and `next`.
    var opening: String { #""by":"alice@ops","key":"\#(alice.publicKey.text)""# }
    var next: String { #""next":"\#(keys[0].publicKey.text)""# }

    /// Opening, Alice's seal, the parts, and a last seal of the run's key.
    func bytes(opening: String, _ parts: [Part]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var leaves: [[UInt8]] = []
        func append(_ text: String) {
            let previous = leaves.last ?? Array(repeating: 0, count: 32)
            let line = Array("{\"prev\":\"\(Hex.text(previous))\",\"seq\":\(leaves.count + 1),\(text)\n".utf8)
            bytes += line
            leaves.append(Digest.sha256(line))
        }
        func seal(_ key: Ed25519Key, next: String) throws {
            let root = Hex.text(Self.root(leaves))
            let statement =
                "blackstart root 1\nrun \(Self.run)\nlines \(leaves.count)\nroot \(root)\nnext \(next)\n"
            let signatures = try [(bytes, "blackstart-journal"), (Array(statement.utf8), "blackstart-root")].map {
                Base64.text(try SSHSIG.make(digest: Digest.sha512($0.0), namespace: $0.1, key: key).blob)
            }
            append(
                #""t":"seal","by":"\#(key.principal)","covers":\#(leaves.count),"ns":"blackstart-journal","root":"\#(root)","#
                    + #""root_sig":"\#(signatures[1])","sig":"\#(signatures[0])",\#(Self.stamp)}"#)
        }
        append(opening)
        try seal(alice, next: keys[0].publicKey.text)
        for part in parts {
            switch part {
            case .line(let text): append(text)
            case .approval(let key, let covers, let fields):
                var (line, end) = (0, 0)
                while line < covers, end < bytes.count {
                    if bytes[end] == 0x0A { line += 1 }
                    end += 1
                }
                let signature = try SSHSIG.make(
                    digest: Digest.sha512(Array(bytes[..<end])), namespace: ApprovalSignature.namespace, key: key)
                append(
                    fields.replacing("KEY", with: key.publicKey.text).replacing(
                        "SIGNATURE", with: Base64.text(signature.blob)))
            }
        }
        try seal(keys[0], next: "-")
        return bytes
    }

    /// RFC 6962, over hashes of lines.
    private static func root(_ leaves: [[UInt8]]) -> [UInt8] {
        guard leaves.count > 1 else { return Digest.sha256([0] + (leaves.first ?? [])) }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        return Digest.sha256([1] + root(Array(leaves[..<half])) + root(Array(leaves[half...])))
    }
}
