import RunbookPack
import Testing

@Suite("The header of an age file")
struct AgeHeaderTests {
    private static let share = "TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc"
    private static let body = "EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U"
    private static let code = "--- Vn+54jqiiUCE+WZcEVY3f1sqHjlu/z1LCQ/T7Xm7qI0"
    private static let first = "age-encryption.org/v1"
    private static let full = String(repeating: "A", count: 64)

    private static func read(_ text: String) throws -> AgeHeader {
        var source = MemorySource(Array(text.utf8))
        return try AgeHeader(from: &source)
    }

    @Test(
        "what the format allows is read",
        arguments: [
            "\(first)\n-> X25519 \(share)\n\(body)\n\(code)\n", "\(first)\n-> a\n\n\(code)\n",
            "\(first)\n-> a ~ ! b\n\(full)\n\n\(code)\n", "\(first)\n-> a\n\(full)\n\(full)\nAA\n-> b\n\n\(code)\n",
        ])
    func allowed(_ text: String) throws {
        let header = try Self.read(text + "what follows")
        #expect(String(decoding: header.text(code: header.code), as: UTF8.self) == text)
        #expect(AgeHeader(header.stanzas).coded == header.coded)
    }

    @Test(
        "what the format does not allow is refused",
        arguments: [
            // The first line.
            "", "\n", "age-encryption.org/v1", "age-encryption.org/v2\n-> a\n\n\(code)\n",
            "\(first)\r\n-> a\r\n\r\n\(code)\r\n", " \(first)\n-> a\n\n\(code)\n", "\(first) \n-> a\n\n\(code)\n",
            // No recipient; words.
            "\(first)\n\(code)\n", "\(first)\n->a\n\n\(code)\n", "\(first)\n->\n\n\(code)\n",
            "\(first)\n-> \n\n\(code)\n",
            "\(first)\n-> a  b\n\n\(code)\n", "\(first)\n-> a \n\n\(code)\n", "\(first)\n->  a\n\n\(code)\n",
            "\(first)\n-> a\u{7F}\n\n\(code)\n", "\(first)\n-> ä\n\n\(code)\n", "\(first)\n-> a\tb\n\n\(code)\n",
            "\(first)\n-- a\n\n\(code)\n", "\(first)\n\n-> a\n\n\(code)\n",
            // The body.
            "\(first)\n-> a\nA\n\(code)\n", "\(first)\n-> a\nAB\n\(code)\n", "\(first)\n-> a\nAA==\n\(code)\n",
            "\(first)\n-> a\nA-_A\n\(code)\n", "\(first)\n-> a\nAA AA\n\(code)\n", "\(first)\n-> a\n\(full)\n\(code)\n",
            "\(first)\n-> a\n\(full)A\n\(code)\n", "\(first)\n-> a\nAAAA\nAAAA\n\(code)\n", "\(first)\n-> a\n\(code)\n",
            // The code.
            "\(first)\n-> a\n\n---\n", "\(first)\n-> a\n\n--- \n", "\(first)\n-> a\n\n\(code)=\n",
            "\(first)\n-> a\n\n\(code.dropLast())\n", "\(first)\n-> a\n\n\(code.dropLast())1\n",
            "\(first)\n-> a\n\n\(code) \n", "\(first)\n-> a\n\n\(code)", "\(first)\n-> a\n\n--\(code)\n",
            "\(first)\n-> a\n\n---\(code.dropFirst(4))\n",
        ])
    func refused(_ text: String) { #expect(fault { _ = try Self.read(text) } != nil) }

    @Test("a header without end is not read to its end")
    func endless() {
        let line = String(repeating: "a", count: 1 << 20)
        #expect(fault { _ = try Self.read("\(Self.first)\n-> \(line)\n") } == .header("a line is too long"))
        #expect(fault { _ = try Self.read(line) } == .notAge)
        let stanza = "-> a\n\(String(repeating: Self.full + "\n", count: 1_000))\n"
        let many = "\(Self.first)\n" + String(repeating: stanza, count: 20)
        #expect(fault { _ = try Self.read(many) } == .header("it is too long"))
    }

    /// A stanza, put into a header whose code nobody checks before.
    @Test(
        "a recipient that is malformed ends the reading, also where another one fits",
        arguments: [
            AgeStanza(["X25519"], body: bytes(32)), AgeStanza(["X25519", share, "x"], body: bytes(32)),
            AgeStanza(["X25519", share], body: bytes(31)), AgeStanza(["X25519", share], body: bytes(33)),
            AgeStanza(["X25519", share], body: []), AgeStanza(["X25519", "AAAA"], body: bytes(32)),
            AgeStanza(["X25519", share + "="], body: bytes(32)),
            // A share that hides nothing: the secret comes to zeros.
            AgeStanza(["X25519", String(repeating: "A", count: 43)], body: bytes(32)),
            AgeStanza(["X25519", "AQ" + String(repeating: "A", count: 41)], body: bytes(32)),
        ])
    func malformed(_ stanza: AgeStanza) throws {
        let identity = AgeIdentity()
        var source = MemorySource(try sealed([], .recipients([identity.recipient])))
        let good = try AgeHeader(from: &source)
        let header = AgeHeader([stanza] + good.stanzas)
        let found = fault { _ = try AgeDecryptor(header, .identities([identity]), from: source) }
        guard case .header = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test(
        "a passphrase that is malformed is refused before any work",
        arguments: [
            ["scrypt"], ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA"], ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "1", "x"],
            ["scrypt", "AAAAAAAAAAAAAAAAAAAA", "1"], ["scrypt", "AAAAAAAAAAAAAAAAAAAAAB", "1"],
            ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "0"], ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "01"],
            ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "+1"], ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "-1"],
            ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "1a"], ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "23"],
            ["scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "99999999999999999999"],
        ])
    func malformedPassphrase(_ arguments: [String]) throws {
        let header = AgeHeader([AgeStanza(arguments, body: bytes(32))])
        let found = fault { _ = try AgeDecryptor(header, .passphrase(AgePassphrase("x")), from: MemorySource([])) }
        #expect(found != nil && found != .wrongPassphrase, "\(String(describing: found))")
    }

    @Test("a passphrase beside another recipient is refused, whoever opens it")
    func mixed() throws {
        let identity = AgeIdentity()
        let phrase = try AgePassphrase("open", workFactor: 1)
        var keys = MemorySource(try sealed([], .recipients([identity.recipient])))
        var words = MemorySource(try sealed([], .passphrase(phrase)))
        let (key, word) = (try AgeHeader(from: &keys).stanzas[0], try AgeHeader(from: &words).stanzas[0])
        let mixed = PackFault.header("a passphrase stands beside another recipient")
        for stanzas in [[key, word], [word, key], [word, word], [AgeStanza(["other"], body: []), word]] {
            for opener in [AgeOpener.identities([identity]), .passphrase(phrase)] {
                #expect(fault { _ = try AgeDecryptor(AgeHeader(stanzas), opener, from: keys) } == mixed)
            }
        }
    }
}
