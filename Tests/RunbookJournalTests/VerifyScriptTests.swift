import Foundation
import RunbookJournal
import TestTools
import Testing

@Suite("verify-journal.sh says what we say")
struct VerifyScriptTests {
    private let scratch: Scratch
    private let bytes: [UInt8]

    init() throws {
        scratch = try Scratch()
        bytes = try Sample.journal()
        try scratch.write("verify-journal.sh", Array(VerifyScript.text.utf8))
        let (alice, bob) = (try Sample.alice(), try Sample.bob())
        let signers = [alice, bob].map {
            AllowedSigners.line(principal: $0.principal, namespaces: [Seal.namespace], key: $0.publicKey)
        }
        try scratch.write("trusted", Array(signers.joined().utf8))
        try scratch.write("some", Array(signers[0].utf8))
    }

    private func script(_ bytes: [UInt8], _ trusted: String = "trusted", shell sh: String = "/bin/sh") throws
        -> ShellResult
    {
        try scratch.write("journal.jsonl", bytes)
        return try shell("\(sh) ./verify-journal.sh journal.jsonl \(trusted)", in: scratch.path)
    }

    private func isSame(_ bytes: [UInt8], _ what: String) throws {
        let trust = try AllowedSigners(path: "\(scratch.path)/trusted")
        let ours = JournalVerifier.verify(bytes, trust: trust).broken
        let theirs = try script(bytes)
        #expect(theirs.status == (ours == nil ? 0 : 7), "\(what): \(String(describing: ours)), \(theirs.output)")
    }

    @Test("a journal that stands, whatever shell there is", arguments: ["dash", "bash", "busybox ash", "mksh"])
    func stands(_ sh: String) throws {
        let said = try script(bytes, shell: sh)
        #expect(said.status == 0, "\(said.output)")
        let head = try JournalVerifier.verify(bytes).get().head
        #expect(
            said.output == """
                lines 1 to 1: signed by alice@ops, who is among the allowed signers
                lines 1 to 8: signed by bob@ops, who is among the allowed signers
                journal.jsonl: unbroken. 12 lines, sealed through line 12; head \(head)

                """)
    }

    @Test("who is not among the allowed signers breaks it; with no list it says that nobody vouches")
    func trust() throws {
        let stranger = try script(bytes, "some")
        #expect(
            stranger.status == 7 && stranger.output.contains("journal.jsonl:9: bob@ops signed, with a key that is not"))
        let unchecked = try script(bytes, "")
        #expect(unchecked.status == 0 && unchecked.output.contains("NOTE: nobody vouches for the keys"))
    }

    @Test("lines that are missing, doubled, moved or cut")
    func lines() throws {
        let lines = Sample.lines(bytes)
        for index in lines.indices {
            var gone = lines
            gone.remove(at: index)
            try isSame(Array(gone.joined()), "without line \(index + 1)")
            var twice = lines
            twice.insert(lines[index], at: index)
            try isSame(Array(twice.joined()), "line \(index + 1) twice")
            if index > 0 {
                var swapped = lines
                swapped.swapAt(index, index - 1)
                try isSame(Array(swapped.joined()), "lines \(index) and \(index + 1) swapped")
            }
            try isSame(Array(lines[...index].joined()), "cut after line \(index + 1)")
            try isSame(Array(lines[...index].joined().dropLast(5)), "cut in line \(index + 1)")
        }
    }

    @Test("a last signature of a version that ssh-keygen takes, and that there is not")
    func version() throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let last = try #require(text.range(of: "\"sig\":\"U1NIU0lHAAAAAQAA", options: .backwards))
        let root = try #require(text.range(of: "\"root_sig\":\"U1NIU0lHAAAAAQAA", options: .backwards))
        for range in [last, root] {
            let changed = text.replacingCharacters(
                in: range, with: text[range].replacing("AAAAAQAA", with: "AAAAAAAA"))
            #expect(try script(Array(changed.utf8)).status == 7)
            try isSame(Array(changed.utf8), "another version")
        }
    }

    @Test("bits that flip: a share of all, and more of the last line's, which no later line holds")
    func bits() throws {
        let last = bytes.count - Sample.lines(bytes)[11].count
        let places =
            Array(stride(from: 0, to: last * 8, by: 1_997))
            + Array(stride(from: last * 8, to: bytes.count * 8, by: 211))
        for place in places {
            var flipped = bytes
            flipped[place / 8] ^= 1 << UInt8(place % 8)
            try isSame(flipped, "bit \(place % 8) of byte \(place / 8)")
        }
    }
}
