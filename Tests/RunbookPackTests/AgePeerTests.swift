import Foundation
import RunbookPack
import TestTools
import Testing

/// The other implementation: Debian's package `age`.
@Suite("What stock age makes is read here, and the other way round", .serialized)
struct AgePeerTests {
    static let age = "/usr/bin/age"
    static let sizes = [0, 1, 65_535, 65_536, 65_537, 200_000]

    @Test("what is encrypted here to two keys opens there with each", arguments: sizes)
    func toKeys(_ size: Int) throws {
        let scratch = try Scratch()
        let keys = [AgeIdentity(), AgeIdentity()]
        try scratch.write("file.age", try sealed(bytes(size), .recipients(keys.map(\.recipient))))
        for key in keys {
            try scratch.write("key", Array("\(key.text)\n".utf8))
            let said = try shell("\(Self.age) -d -i key file.age >out", in: scratch.path)
            #expect(said.status == 0, "\(said.output)")
            #expect(try scratch.read("out") == bytes(size))
            unlink("\(scratch.path)/out")
        }
    }

    @Test("what is encrypted there opens here, with a key that was made there", arguments: sizes)
    func fromKeys(_ size: Int) throws {
        let scratch = try Scratch()
        try scratch.write("in", bytes(size))
        let said = try shell(
            """
            age-keygen -o one 2>/dev/null && age-keygen -o two 2>/dev/null &&
            age -r $(age-keygen -y one) -r $(age-keygen -y two) -o file.age in
            """, in: scratch.path)
        #expect(said.status == 0, "\(said.output)")
        for name in ["one", "two"] {
            let keys = try AgeIdentity.list(try scratch.text(name))
            #expect(try opened(try scratch.read("file.age"), .identities(keys)) == bytes(size))
        }
    }

    @Test("the public key of a private one is the one that age-keygen tells")
    func publicKey() throws {
        let scratch = try Scratch()
        let key = AgeIdentity()
        try scratch.write("key", Array("# made here\n\(key.text)\n".utf8))
        let said = try shell("age-keygen -y key", in: scratch.path)
        #expect(said.output == "\(key.recipient.text)\n")
    }

    /// age asks at its terminal alone: `script` makes one.
    private func atTerminal(_ command: String, typing text: String, in scratch: Scratch) throws -> ShellResult {
        try shell("printf '\(text)' | script -qec '\(command)' /dev/null", in: scratch.path)
    }

    @Test("a passphrase, from here to there", arguments: [0, 65_536, 200_000])
    func toPassphrase(_ size: Int) throws {
        let scratch = try Scratch()
        let phrase = try AgePassphrase("correct horse battery", workFactor: 10)
        try scratch.write("file.age", try sealed(bytes(size), .passphrase(phrase)))
        let said = try atTerminal("age -d file.age >out", typing: "correct horse battery\\n", in: scratch)
        #expect(said.status == 0, "\(said.output)")
        #expect(try scratch.read("out") == bytes(size))
    }

    @Test("a passphrase, from there to here")
    func fromPassphrase() throws {
        let scratch = try Scratch()
        let phrase = try AgePassphrase("correct horse battery")
        try scratch.write("in", bytes(65_537))
        let typed = "correct horse battery\\ncorrect horse battery\\n"
        let said = try atTerminal("age -p -o file.age in", typing: typed, in: scratch)
        #expect(said.status == 0, "\(said.output)")
        #expect(try opened(try scratch.read("file.age"), .passphrase(phrase)) == bytes(65_537))
    }
}
