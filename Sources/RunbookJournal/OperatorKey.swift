/// A person's key: in a file, in an agent. What it signs, its owner answers for.
package protocol OperatorKey: Sendable {
    var publicKey: SSHPublicKey { get }
    /// Who signs, as in `allowed_signers`: `alice@ops`.
    var principal: String { get }
    /// A signature (type and signature, in wire format) over exactly these bytes.
    func sign(_ toBeSigned: [UInt8]) throws(KeyFault) -> [UInt8]
}

/// The names that a signature can stand under.
package enum Principal {
    /// 1 to 255 printable ASCII characters without space, quote, comma, hash, `*`, `?`, `!`: nothing that
    /// `allowed_signers` would read as more than a name.
    package static func isValid(_ name: String) -> Bool {
        let excluded = Array("\"',#*?!\\".utf8)
        return (1...255).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !excluded.contains($0) }
    }

    /// The principal of the keys that a run makes for itself.
    package static func run(_ run: String) -> String { "run-\(run)" }

    /// 1 to 100 of `[A-Za-z0-9._-]`, not starting with a dot or a dash.
    package static func isRunName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (1...100).contains(name.utf8.count) else { return false }
        return first != UInt8(ascii: ".") && first != UInt8(ascii: "-")
            && name.utf8.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "-") }
    }

    /// `comment` if it is `user@host`, else `login@machine`.
    package static func of(comment: String, login: String, machine: String) -> String {
        let parts = comment.split(separator: "@", omittingEmptySubsequences: false)
        if parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isNameByte) }), isValid(comment) {
            return comment
        }
        return "\(cleaned(login, or: "operator"))@\(cleaned(machine, or: "localhost"))"
    }

    private static func cleaned(_ text: String, or fallback: String) -> String {
        let bytes = text.utf8.filter(isNameByte).prefix(100)
        return bytes.isEmpty ? fallback : String(decoding: Array(bytes), as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isWordByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
