import Foundation
import RunbookTransport
import TestTools
import Testing

@Suite("A witness keeps what only grows")
struct WitnessScriptTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write("blackstart-witness", Array(WitnessScript.text.utf8), mode: 0o700)
    }

    private static let one = Array("{\"seq\":1}\n".utf8)
    private static let two = Array("{\"seq\":2}\n".utf8)

    /// What it answers, as a controller reads it; `cut` leaves out so many of the last bytes that are sent.
    private func ask(
        _ request: WitnessRequest, cut: Int = 0, shell sh: String = "/bin/sh"
    ) throws -> WitnessReply? {
        try scratch.write("question", Array(request.input.dropLast(cut)))
        _ = try shell(
            "\(sh) ./blackstart-witness <question >answer 2>errors", in: scratch.path,
            environment: ["HOME": scratch.path, "PATH": "/usr/bin:/bin"])
        return WitnessReply(try scratch.read("answer"))
    }

    /// The copy as a controller reads it, in small pieces.
    private func copy(shell sh: String = "/bin/sh") throws -> [UInt8]? {
        _ = try ask(.get(run: "r1", limitBytes: 1 << 20), shell: sh)
        var (reader, bytes) = (WitnessCopy(limitBytes: 1 << 20), [UInt8]())
        for byte in try scratch.read("answer") { _ = reader.take([byte]) { bytes += $0 } }
        return reader.isWhole ? bytes : nil
    }

    private func push(_ bytes: [UInt8], at offset: Int, cut: Int = 0) throws -> WitnessReply? {
        try ask(.push(run: "r1", offset: offset, bytes: bytes), cut: cut)
    }

    private var folder: String { "\(scratch.path)/.blackstart/witness/runs/r1" }

    @Test(
        "it keeps, signs and gives back, whatever shell there is", arguments: ["dash", "bash", "busybox ash", "mksh"])
    func keeps(_ sh: String) throws {
        #expect(try ask(.tell(run: "r1"), shell: sh) == WitnessReply(.have))
        let first = try ask(.push(run: "r1", offset: 0, bytes: Self.one), shell: sh)
        #expect(first?.verdict == .have && first?.bytes == 10)
        let second = try #require(try ask(.push(run: "r1", offset: 10, bytes: Self.two), shell: sh))
        #expect(second.verdict == .have && second.bytes == 20)
        try scratch.write("sig", Array(try #require(second.signature).utf8))
        try scratch.write("all", Self.one + Self.two)
        let checked = try shell(
            "echo \"w $(cat .blackstart/witness/key.pub)\" >signers; ssh-keygen -Y verify -f signers -I w -n blackstart-witness -s sig <all",
            in: scratch.path)
        #expect(checked.status == 0, "\(checked.output)")
        #expect(try copy(shell: sh) == Self.one + Self.two)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }

    @Test("what is brought again is compared, and only what is new is added")
    func again() throws {
        #expect(try push(Self.one, at: 0)?.bytes == 10)
        #expect(try push(Self.one, at: 0)?.verdict == .have)
        #expect(try push(Self.one + Self.two, at: 0)?.bytes == 20)
        #expect(try push(Self.two, at: 10)?.bytes == 20)
        #expect(try copy() == Self.one + Self.two)
    }

    @Test("other bytes in place of those that it keeps are a fork, and change nothing", arguments: [0, 10])
    func fork(_ offset: Int) throws {
        #expect(try push(Self.one + Self.two, at: 0)?.bytes == 20)
        let other = try push(Array("{\"seq\":9}\n{\"seq\":9}\n".utf8), at: offset)
        #expect(other?.verdict == .fork && other?.bytes == 20)
        #expect(try copy() == Self.one + Self.two)
    }

    @Test("bytes beyond its end are not taken: it says what it wants first")
    func gap() throws {
        #expect(try push(Self.one, at: 0)?.bytes == 10)
        let reply = try push(Self.two, at: 11)
        #expect(reply?.verdict == .gap && reply?.bytes == 10)
    }

    @Test("a transfer that is cut anywhere is never part of a copy", arguments: 0...10)
    func cut(_ missing: Int) throws {
        #expect(try push(Self.one, at: 0)?.bytes == 10)
        let reply = try push(Self.two, at: 10, cut: missing)
        #expect(reply?.verdict == (missing == 0 ? .have : .torn))
        #expect(try copy() == Self.one + (missing == 0 ? Self.two : []))
        #expect(try push(Self.two, at: 10)?.bytes == 20)
    }

    @Test("what the loss of power has torn is put aside and healed by the next transfer")
    func torn() throws {
        #expect(try push(Self.one, at: 0)?.bytes == 10)
        #expect(try push(Self.two, at: 10)?.bytes == 20)
        let segment = "\(folder)/00000000000000000010"
        for rest in [Array("{\"seq".utf8), [UInt8](repeating: 0, count: 10), []] {
            try Data(rest).write(to: URL(filePath: segment))
            #expect(try ask(.tell(run: "r1"))?.bytes == 10)
            #expect(try push(Self.two, at: 10)?.bytes == 20)
            #expect(try copy() == Self.one + Self.two)
        }
    }

    @Test("there is no lock: what others left who were killed holds nobody up, and is cleared")
    func leftovers() throws {
        #expect(try push(Self.one, at: 0)?.bytes == 10)
        for name in ["in.999999999", "in.999999999.new", "in.999999999.old"] {
            try Data("half".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        #expect(try push(Self.two, at: 10)?.bytes == 20)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }

    @Test("many at once with the same and with other bytes: one copy, and all are told the truth")
    func atOnce() throws {
        #expect(try push(Self.one, at: 0)?.bytes == 10)
        for number in 1...8 {
            let bytes = number % 2 == 0 ? Self.two : Array("{\"seq\":9}\n".utf8)
            try scratch.write("question\(number)", WitnessRequest.push(run: "r1", offset: 10, bytes: bytes).input)
        }
        _ = try shell(
            "for i in 1 2 3 4 5 6 7 8; do /bin/sh ./blackstart-witness <question$i >answer$i 2>&1 & done; wait",
            in: scratch.path, environment: ["HOME": scratch.path, "PATH": "/usr/bin:/bin"])
        let copy = try #require(try copy())
        #expect(copy.count == 20)
        for number in 1...8 {
            let reply = try #require(WitnessReply(try scratch.read("answer\(number)")))
            let isKept = copy.suffix(10).elementsEqual(number % 2 == 0 ? Self.two : Array("{\"seq\":9}\n".utf8))
            #expect(reply.verdict == (isKept ? .have : .fork))
        }
    }

    @Test(
        "what is no question is refused, and touches nothing",
        arguments: [
            "push ../r1 0 1\nx", "push r1 -1 1\nx", "push r1 01 1\nx", "push r1 0 99999999999999\nx", "push r1 0 0\n",
            "drop r1 0 0\n", "tell .r1 0 0\n", "tell 'r1 0 0\n", "\n", "", "push r1\n", "get r/1 0 0\n",
        ])
    func refused(_ text: String) throws {
        try scratch.write("question", Array(text.utf8))
        _ = try shell(
            "/bin/sh ./blackstart-witness <question >answer 2>errors", in: scratch.path,
            environment: ["HOME": scratch.path, "PATH": "/usr/bin:/bin"])
        #expect(WitnessReply(try scratch.read("answer"))?.verdict == .refused)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test(
        "a folder that others can change keeps neither copies nor a key, and is told with what to type",
        arguments: [
            ("chmod 777 .blackstart/witness", "other users can write to"),
            ("chmod 1777 .blackstart/witness", "other users can write to"),
            ("chmod 777 .", "other users can write to"),
            ("chmod 777 .blackstart/witness/runs/r1", "other users can write to"),
            ("mv .blackstart/witness/runs e && ln -s ../../e .blackstart/witness/runs", "is a link"),
            ("touch f && mv .blackstart/witness e && mv f .blackstart/witness", "is not a folder"),
            ("chown 12345 .blackstart/witness", "belongs to another user (uid 12345)"),
        ])
    func exposed(_ setting: String, _ why: String) throws {
        guard geteuid() == 0 || !setting.hasPrefix("chown") else { return }
        for sh in ["dash", "bash", "busybox ash", "mksh", "ksh93", "yash"] {
            let made = try shell(
                "umask 022; rm -rf .blackstart e; chmod 755 .; mkdir -p .blackstart/witness/runs/r1; \(setting)",
                in: scratch.path)
            #expect(made.status == 0, "\(made.output)")
            let push = WitnessRequest.push(run: "r1", offset: 0, bytes: Self.one)
            for request in [push, .tell(run: "r1"), .get(run: "r1", limitBytes: 1 << 20)] {
                let reply = try ask(request, shell: sh)
                #expect(reply?.verdict == .refused && reply?.reason.contains(why) == true, "\(sh): \(reply as Any)")
            }
            #expect(try shell("find . -name key -o -name '0*'", in: scratch.path).output == "")
        }
    }

    @Test("a folder elsewhere, by a link or by its variable, keeps copies", arguments: ["dash", "ksh93", "yash"])
    func elsewhere(_ sh: String) throws {
        let made = try shell(
            "umask 022; mkdir -p .blackstart disk; ln -s ../disk .blackstart/witness", in: scratch.path)
        #expect(made.status == 0)
        #expect(try ask(.push(run: "r1", offset: 0, bytes: Self.one), shell: sh)?.bytes == 10)
        #expect(try scratch.text("disk/runs/r1/00000000000000000000").utf8.elementsEqual(Self.one))
        for folder in ["$PWD/other", "$PWD/another/"] {
            let said = try shell(
                "BLACKSTART_WITNESS=\(folder) HOME=$PWD \(sh) ./blackstart-witness <question", in: scratch.path)
            #expect(WitnessReply(Array(said.output.utf8))?.bytes == 10, "\(said.output)")
        }
        #expect(
            try shell("ls other another", in: scratch.path).output
                == "another:\nkey\nkey.pub\nruns\n\nother:\nkey\nkey.pub\nruns\n")
    }

    @Test("a copy begins with whole lines and goes on with them")
    func lines() throws {
        #expect(try push(Array("half".utf8), at: 0)?.verdict == .torn)
        #expect(try ask(.tell(run: "r1"))?.bytes == 0)
    }

    @Test(
        "an answer is read from among what a login prints; what is none is none",
        arguments: [
            ("Welcome\nBSW have 20\n", WitnessReply(.have, bytes: 20)),
            ("BSW refused that is no question\n", WitnessReply(.refused, reason: "that is no question")),
            ("BSW fork 7", WitnessReply(.fork, bytes: 7)), ("BSW have -1\n", nil), ("BSW have x\n", nil),
            ("BSW have 99999999999999999999\n", nil), ("BSW\n", nil), ("sh: blackstart-witness: not found\n", nil),
            ("", nil),
        ])
    func read(_ text: String, _ reply: WitnessReply?) {
        #expect(WitnessReply(Array(text.utf8)) == reply)
    }

    @Test(
        "a copy is as long as its line says, whatever else comes, and a line that says too much ends it",
        arguments: [
            ("BSW have 3\nabcdef", "abc", Hearing.whole), ("Hi\nBSW have 3\nab", "ab", .more),
            ("BSW have 0\n", "", .whole),
            ("BSW have 9\n", "", .tooMuch(limitBytes: 8)),
            ("BSW have 9223372036854775807\nx", "", .tooMuch(limitBytes: 8)),
            ("BSW have 9223372036854775808\nx", "", .more), ("BSW have -0\n", "", .whole),
            ("BSW refused no\nabc", "", .whole),
        ])
    func copies(_ text: String, _ copy: String, _ hearing: Hearing) {
        var (reader, bytes) = (WitnessCopy(limitBytes: 8), [UInt8]())
        let said = reader.take(Array(text.utf8)) { bytes += $0 }
        #expect(said == hearing && String(decoding: bytes, as: UTF8.self) == copy)
    }

    @Test("a login that never comes to the point is cut off", arguments: ["x", "x\n"])
    func preamble(_ piece: String) {
        var reader = WitnessCopy(limitBytes: 8)
        let said = reader.take(Array(String(repeating: piece, count: 300_000).utf8)) { _ in }
        #expect(said == .tooMuch(limitBytes: 256 << 10))
    }
}
