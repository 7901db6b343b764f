import Foundation
import RunbookTransport
import TestTools
import Testing

@Suite("Secrets in what hosts say")
struct SecretMaskTests {
    private static let secrets = ["hunter2-hunter2", "pa/ss \"wörd\" & <tag>", "two words", "1234", "it's"]

    private static func stars(_ text: String) -> Bool { text.utf8.allSatisfy { $0 == 0x2A } }

    /// A secret as programs write it, made by the system's own tools where it has them.
    static func forms(_ secret: String) throws -> [(name: String, text: String)] {
        let data = Data(secret.utf8)
        let json = try JSONSerialization.data(withJSONObject: [secret], options: [])
        let plain = try JSONSerialization.data(withJSONObject: [secret], options: .withoutEscapingSlashes)
        func inside(_ data: Data) -> String { String(decoding: data.dropFirst(2).dropLast(2), as: UTF8.self) }
        let allowed = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        let url = secret.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return [
            ("raw", secret), ("JSON", inside(json)), ("JSON with bare slashes", inside(plain)), ("URL", url),
            ("URL with a plus", url.replacing("%20", with: "+")),
            ("hexadecimal", data.map { String(format: "%02x", $0) }.joined()),
            ("HEXADECIMAL", data.map { String(format: "%02X", $0) }.joined()),
            ("shell", secret.replacing("'", with: "'\\''")),
            ("Python's shlex", secret.replacing("'", with: "'\"'\"'")),
            ("YAML, SQL", secret.replacing("'", with: "''")),
            ("CSV", secret.replacing("\"", with: "\"\"")),
            (
                "XML",
                secret.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            ),
        ]
    }

    @Test("no form of a secret is shown, and nothing else is hidden", arguments: secrets)
    func forms(_ secret: String) throws {
        let mask = SecretMask([secret])
        for (name, text) in try Self.forms(secret) {
            let said = "before [\(text)] after\n"
            let masked = mask.masked(said)
            let hidden = "before [\(String(repeating: "*", count: text.utf8.count))] after\n"
            #expect(masked == hidden, "\(name)")
        }
    }

    @Test("as UTF-16, by itself and in base64, nothing of it is shown", arguments: secrets)
    func wide(_ secret: String) throws {
        let mask = SecretMask([secret])
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian] {
            let wide = try #require(secret.data(using: encoding))
            let masked = mask.masked(Array("a ".utf8) + wide + Array(" b".utf8)).bytes
            #expect(masked == Array("a \(String(repeating: "*", count: wide.count)) b".utf8))
        }
        let encoded = try #require(secret.data(using: .utf16LittleEndian)).base64EncodedString()
        let left = mask.masked(encoded)
        #expect(
            left.utf8.count == encoded.utf8.count && left.prefix { $0 == "*" }.count >= encoded.count - 4, "\(left)")
    }

    @Test("base64 of more than the secret shows nothing of it, wherever it stands in there", arguments: secrets)
    func base64(_ secret: String) {
        let mask = SecretMask([secret])
        for before in ["", "a", "ab", "abc", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                let whole = Data("\(before)\(secret)\(after)".utf8).base64EncodedString()
                for text in [whole, whole.replacing("+", with: "-").replacing("/", with: "_")] {
                    let masked = mask.masked(text)
                    #expect(masked.utf8.count == text.utf8.count)
                    // Undone, what is left holds no four bytes of the secret in a row.
                    let left = masked.replacing("*", with: "A").replacing("-", with: "+").replacing("_", with: "/")
                    let bytes = Array(Data(base64Encoded: left) ?? Data())
                    let own = Array(secret.utf8)
                    for start in 0...(own.count - 4) {
                        let part = own[start..<start + 4]
                        let isThere = bytes.indices.dropLast(3).contains { bytes[$0..<$0 + 4] == part }
                        #expect(!isThere, "\(before)\(secret)\(after): \(masked)")
                    }
                }
            }
        }
    }

    @Test("a secret that comes in pieces is hidden, wherever it is cut", arguments: secrets)
    func pieces(_ secret: String) throws {
        let mask = SecretMask([secret, "another secret"])
        for (name, text) in try Self.forms(secret) {
            let said = Array("he said \(text) and \(text)\n".utf8)
            let whole = mask.masked(said).bytes
            for size in 1...12 {
                var stream = MaskedStream(mask)
                var shown: [UInt8] = []
                for start in stride(from: 0, to: said.count, by: size) {
                    shown += stream.take(Array(said[start..<min(said.count, start + size)]))
                    // What waits is what may still become a secret.
                    #expect(shown == Array(whole.prefix(shown.count)), "\(name) in pieces of \(size)")
                }
                shown += stream.end()
                #expect(shown == whole, "\(name) in pieces of \(size)")
            }
        }
    }

    @Test("the lines of a secret are hidden one by one")
    func lines() {
        let mask = SecretMask(["-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n-----END KEY-----"])
        #expect(mask.masked("> abcdefghijkl\n") == "> ************\n")
        #expect(mask.masked("> mnopqrstuvwx|abc\n") == "> ************|abc\n")
    }

    @Test("without secrets nothing is looked at")
    func none() {
        let mask = SecretMask([])
        #expect(mask.isEmpty)
        #expect(mask.masked("hunter2") == "hunter2")
        var stream = MaskedStream(mask)
        #expect(stream.take([1, 2, 3]) == [1, 2, 3])
    }

    /// Programs that break a secret into lines, bytes and rows.
    static let dumpTools = [
        "base64 -w 64", "base64 -w 76", "base64 -w 5", "xxd", "xxd -p", "xxd -p -c 4", "xxd -g1 -u", "hexdump -C",
        "hexdump",
        "od -tu1", "od -td1", "od -tx4", "od -tu4", "od -td4", "od -to4", "od -tu2", "od -tx8", "od -tu8", "xxd -e",
        "base32", "base32 -w 5", "basenc --base32hex", "rev",
        "python3 -c 'import sys; print(list(sys.stdin.buffer.read()))'",
        "od", "od -x", "od -b", "od -c", "od -tx1", "od -An -tx1 -v", "od -A x -t x1z",
    ]

    @Test("base64 in lines and dumps show nothing of a secret, wherever it stands in them", arguments: dumpTools)
    func dumps(_ tool: String) throws {
        let secret = "Kolibri-47-Tannenzapfen-Xylophon"
        let mask = SecretMask([secret])
        for before in 0..<17 {
            let text = String(repeating: ".", count: before) + secret + "..tail"
            let said = Array(try shell("printf %s '\(text)' | \(tool)", in: "/tmp").output.utf8)
            let whole = mask.masked(said).bytes
            #expect(whole.count == said.count)
            // What is left of the letters, of either order, and of the digits.
            let left = String(decoding: whole, as: UTF8.self)
            for part in ["olib", "anne", "pfen", "loph"] { #expect(!left.contains(part), "\(left)") }
            let stars = whole.count { $0 == 0x2A }
            #expect(stars >= secret.utf8.count, "\(tool) after \(before): \(left)")
            for size in [1, 7, 64] {
                var stream = MaskedStream(mask)
                var shown: [UInt8] = []
                for start in stride(from: 0, to: said.count, by: size) {
                    shown += stream.take(Array(said[start..<min(said.count, start + size)]))
                }
                shown += stream.end()
                #expect(shown == whole, "\(tool) in pieces of \(size)")
            }
        }
    }

    @Test("a secret with some of its characters escaped is hidden, in pieces too", arguments: secrets)
    func escaped(_ secret: String) throws {
        let mask = SecretMask([secret])
        func units(_ scalar: Unicode.Scalar) -> String {
            Character(scalar).utf16.map { String(format: "\\u%04x", $0) }.joined()
        }
        func bytes(_ scalar: Unicode.Scalar, _ format: String) -> String {
            Character(scalar).utf8.map { String(format: format, Int($0)) }.joined()
        }
        let escapes: [(String, (Unicode.Scalar) -> String)] = [
            ("JSON", units), ("Swift", { String(format: "\\u{%x}", $0.value) }), ("C", { bytes($0, "\\x%02x") }),
            ("octal", { bytes($0, "\\%03o") }), ("URL", { bytes($0, "%%%02X") }), ("mail", { bytes($0, "=%02X") }),
            ("entities", { "&#\($0.value);" }), ("hexadecimal entities", { String(format: "&#x%X;", $0.value) }),
            ("colours", { "\u{1B}[1;31m\($0)\u{1B}[0m" }), ("Python", { String(format: "\\U%08x", $0.value) }),
        ]
        for (name, escape) in escapes {
            for step in [1, 2, 3] {
                let text = secret.unicodeScalars.enumerated().map { number, scalar in
                    number % step == 0 ? escape(scalar) : String(scalar)
                }.joined()
                let said = Array("he said \(text) and more\n".utf8)
                let whole = mask.masked(said).bytes
                let left = String(decoding: whole, as: UTF8.self)
                #expect(whole.count == said.count && left.count { $0 == "*" } >= secret.utf8.count, "\(name): \(left)")
                // What looks like a dump is hidden to the end of its row.
                #expect(left.hasPrefix("he said ") && (name == "C" || left.hasSuffix(" and more\n")), "\(left)")
                for size in [1, 5] {
                    var stream = MaskedStream(mask)
                    var shown: [UInt8] = []
                    for start in stride(from: 0, to: said.count, by: size) {
                        shown += stream.take(Array(said[start..<min(said.count, start + size)]))
                    }
                    #expect(shown + stream.end() == whole, "\(name) in pieces of \(size)")
                }
            }
        }
    }

    @Test("what a host makes up to keep the mask busy is looked at in bounded time")
    func bounded() {
        let mask = SecretMask([String(repeating: "ab", count: 200)])
        let start = ContinuousClock.now
        for text in ["61 ", "97 ", "\\u0061", "&#97;", "a\u{1B}[1m", "61\n0000 ", "YWJh\n", "YW Jh", " ", "\n", "a b "]
        {
            _ = mask.masked(Array(String(repeating: text, count: 20_000).utf8))
        }
        #expect(ContinuousClock.now - start < .seconds(60))
    }
}
