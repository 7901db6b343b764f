import Foundation
import RunbookJournal
import TestTools
import Testing

/// `BLACKSTART_FORGERIES` tells how many random ones, `BLACKSTART_SEED` which.
@Suite("Lines that somebody with valid keys forges: verify-journal.sh says what we say")
struct ForgeryTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["BLACKSTART_FORGERIES"].flatMap(Int.init) ?? 40
    private static let stamp = #""ts":"2026-01-15T03:00:00.123Z","up":5"#
    private static let shells = ["dash", "bash", "busybox ash", "mksh"]

    private let scratch: Scratch
    private let forger: ForgedJournal
    private let bob: Ed25519Key
    private let trust: AllowedSigners

    init() throws {
        scratch = try Scratch()
        forger = try ForgedJournal()
        bob = try Sample.bob()
        try scratch.write("verify-journal.sh", Array(VerifyScript.text.utf8))
        let signers = [forger.alice, bob].map {
            AllowedSigners.line(
                principal: $0.principal, namespaces: [Seal.namespace, ApprovalSignature.namespace], key: $0.publicKey)
        }
        try scratch.write("trusted", Array(signers.joined().utf8))
        trust = try AllowedSigners(path: "\(scratch.path)/trusted")
    }

    // MARK: A journal of which each line is a text

    private var opening: String {
        #""t":"run.open","approvals":["go 1 bob@ops,bob","wipe 2 alice@ops bob@ops"],\#(forger.opening),"mode":"live",\#(forger.next),"run":"R1",\#(Self.stamp)}"#
    }
    private static let asked =
        #""t":"question.asked","kind":"approval","step":"go","text":"May \"it\"?",\#(stamp)}"#
    private static let approval =
        #""t":"approval","by":"bob@ops","choice":"approve","covers":3,"key":"KEY","ns":"blackstart-approval","sig":"SIGNATURE","step":"go",\#(stamp)}"#
    private static let done =
        #""t":"step.done","reason":"approved","state":"ok","step":"go","tolerated":false,\#(stamp)}"#
    private static let value =
        #""t":"step.value","name":"v","step":"x",\#(stamp),"value":{"b64":"/w=="},"z":[1,{"a":"é","b":[]}]}"#
    private static let closed = #""t":"run.close","outcome":"succeeded",\#(stamp)}"#

    private func journal(
        opening: String? = nil, asked: String = asked, approval: String? = approval, more: [String] = [],
        done: String = done, value: String = value
    ) throws -> [UInt8] {
        var parts: [ForgedJournal.Part] = [.line(asked)]
        if let approval { parts.append(.approval(bob, covers: 3, fields: approval)) }
        parts += more.map(ForgedJournal.Part.line)
        parts += [.line(done), .line(value), .line(Self.closed)]
        return try forger.bytes(opening: opening ?? self.opening, parts)
    }

    private func verdicts(_ bytes: [UInt8], shell sh: String) throws -> (ours: JournalBroken?, script: ShellResult) {
        try scratch.write("journal.jsonl", bytes)
        return (
            JournalVerifier.verify(bytes, trust: trust).broken,
            try shell("\(sh) ./verify-journal.sh journal.jsonl trusted", in: scratch.path)
        )
    }

    private func agree(_ bytes: [UInt8], stands: Bool? = nil, shell sh: String = "sh", _ what: String) throws {
        let (ours, script) = try verdicts(bytes, shell: sh)
        if let stands { #expect((ours == nil) == stands, "\(what): \(String(describing: ours))") }
        #expect(script.status == (ours == nil ? 0 : 7), "\(what): \(String(describing: ours)), \(script.output)")
    }

    @Test("as the writer would have written it, it stands, in every shell", arguments: shells)
    func plain(_ sh: String) throws { try agree(journal(), stands: true, shell: sh, "plain") }

    // MARK: What once passed

    struct Forgery: CustomTestStringConvertible, Sendable {
        var name: String
        var opening: String?
        var asked = ForgeryTests.asked
        var approval: String? = ForgeryTests.approval
        var more: [String] = []
        var done = ForgeryTests.done
        var value = ForgeryTests.value
        var stands = false
        var testDescription: String { name }
    }

    private static func named(_ name: String, _ change: (inout Forgery) -> Void) -> Forgery {
        var forgery = Forgery(name: name)
        change(&forgery)
        return forgery
    }

    static let forgeries: [Forgery] =
        [
            named("no approval, and a skip that is tolerated") {
                $0.approval = nil
                $0.done = #""t":"step.done","reason":"r","state":"skipped","step":"go","tolerated":true,\#(stamp)}"#
            },
            named("the step that is passed stands behind one inside of another field") {
                $0.approval = nil
                $0.done =
                    #""t":"step.done","a":{"step":"other"},"reason":"r","state":"ok","step":"go","tolerated":false,\#(stamp)}"#
            },
            named("the state that it has stands behind another") {
                $0.approval = nil
                $0.done =
                    #""t":"step.done","a":{"state":"pending"},"reason":"r","state":"ok","step":"go","tolerated":false,\#(stamp)}"#
            },
            named("the approval is one in another field's words") {
                $0.approval = nil
                $0.more = [
                    #""t":"question.answered","choice":"approve","kind":"approval","reason":"x","step":"go",\#(stamp)}"#
                ]
            },
            named("an answer whose kind stands behind another") {
                $0.approval = nil
                $0.more = [
                    #""t":"question.answered","a":{"kind":"manual"},"choice":"approve","kind":"approval","step":"go",\#(stamp)}"#
                ]
                $0.done = closed
            },
            named("a name with an escape, which is the same to a reader of JSON") {
                $0.approval = nil
                $0.done = #""t":"step.done","reason":"r","state":"ok","st\u0065p":"go","tolerated":false,\#(stamp)}"#
            },
            named("a step with an escape in its name") {
                $0.approval = nil
                $0.done = #""t":"step.done","reason":"r","state":"ok","step":"g\u006f","tolerated":false,\#(stamp)}"#
            },
            named("two fields of one name") {
                $0.approval = nil
                $0.done = #""t":"step.done","state":"ok","step":"other","step":"go","tolerated":false,\#(stamp)}"#
            },
            named("fields that are out of order") {
                $0.approval = nil
                $0.done = #""t":"step.done","step":"go","state":"ok","tolerated":false,\#(stamp)}"#
            },
            named("a mode inside of another field makes no dry run") {
                $0.opening = #"MODE"#
                $0.approval = nil
            },
            named("approvals inside of another field are none") {
                $0.opening = #"NESTED"#
                $0.approval = nil
            },
            named("two terms for one step") { $0.opening = #"TWICE"# },
            named("terms of the former form, with a condition") { $0.opening = #"CONDITION"# },
            named("terms that are no list") { $0.opening = #"TEXT"# },
            named("a question that is none of the types that ask") {
                $0.asked = #""t":"step.value","kind":"approval","name":"v","step":"go",\#(stamp),"value":"x"}"#
            },
            named("decoys in fields that nobody reads, around a valid approval") {
                $0.done =
                    #""t":"step.done","a":{"state":"failed","step":"other","tolerated":true},"reason":"\",\"step\":\"other","state":"ok","step":"go","tolerated":false,\#(stamp)}"#
                $0.stands = true
            },
            named("names with dots and digits, and a letter beyond ASCII") {
                $0.value = #""t":"step.value","0":1,"a.b":"ü","a.b.c":"日本",\#(stamp),"z":"😀"}"#
                $0.stands = true
            },
        ] + behind

    private static func intent(_ step: String) -> String {
        #""t":"step.intent","attempt":1,"boot":"b","cmd":"00","step":"\#(step)","text":"x",\#(stamp)}"#
    }

    /// The opening says that `a` and `b` rest on `go`.
    private static let behind: [Forgery] =
        [
            ("a step behind an approval begins before it", intent("a"), value, #""go a b""#, false),
            (
                "what somebody did by hand behind an approval is entered before it",
                #""t":"step.done","reason":"r","state":"already","step":"b","tolerated":false,\#(stamp)}"#, value,
                #""go a b""#, true
            ),
            ("it begins after it", value, intent("a"), #""go a b""#, true),
            ("another step begins before it", intent("c"), value, #""go a b""#, true),
            ("behind a step that is no approval", value, value, #""x a""#, false),
            ("behind one approval, twice", value, value, #""go a","go b""#, false),
            ("behind it with two blanks", value, value, #""go  a""#, false),
            ("nothing is behind it", value, intent("a"), #""go""#, true),
        ].map { name, before, after, behind, stands in
            named(name) {
                $0.opening = "BEHIND \(behind)"
                $0.more = [before]
                $0.value = after
                $0.stands = stands
            }
        }

    @Test("each of these is refused or stands, by both", arguments: forgeries)
    func forged(_ forgery: Forgery) throws {
        let opening =
            switch forgery.opening {
            case let text? where text.hasPrefix("BEHIND "):
                self.opening.replacing(
                    #"bob@ops"],"#, with: #"bob@ops"],"approvals_behind":[\#(text.dropFirst(7))],"#)
            case "MODE":
                self.opening.replacing(#""mode":"live""#, with: #""m":{"mode":"dry-run"},"mode":"live""#)
            case "NESTED":
                self.opening.replacing(
                    #""approvals":["#, with: #""a":{"approvals":["go 1 nobody"]},"approvals":["#)
            case "TWICE":
                self.opening.replacing(#""go 1 bob@ops,bob""#, with: #""go 1 alice@ops","go 1 bob@ops,bob""#)
            case "CONDITION": self.opening.replacing("go 1 ", with: "go 1? ")
            case "TEXT": self.opening.replacing(#"["go 1 bob@ops,bob","wipe 2 alice@ops bob@ops"]"#, with: #""go""#)
            default: self.opening
            }
        let bytes = try journal(
            opening: opening, asked: forgery.asked, approval: forgery.approval, more: forgery.more, done: forgery.done,
            value: forgery.value)
        try agree(bytes, stands: forgery.stands, forgery.name)
    }

    // MARK: Random ones

    private static let words = [
        #""ok""#, #""already""#, #""skipped""#, #""failed""#, #""pending""#, #""approve""#, #""approval""#, #""go""#,
        #""wipe""#, #""bob@ops""#, #""bob""#, #""alice@ops""#, #""manual""#, "true", "false", "3", "-3", "0", "01",
        "1.0",
        "-0", "9007199254740991", "9007199254740992", "null", "[]", "{}", #"{"b64":"/w=="}"#, #"{"b64":"/x=="}"#,
        #"{"b64":"/w==","c":1}"#, #"["go 1 bob@ops"]"#, #"["go 1 bob@ops,"]"#, #"["go 0 bob@ops"]"#, #"["go 1"]"#,
        #"["go 1  bob@ops"]"#, #"["go\u0020 1 bob@ops"]"#, #""\u202e""#, #""\u000a""#, #""\u0041""#, #""\n""#, #""\/""#,
        #""é""#, "\"\u{202E}\"", "\"\u{9F}\"", #""live""#, #""dry-run""#, #""2026-02-29T03:00:00.123Z""#,
        #""2024-02-29T23:59:59.999Z""#, #""2026-04-31T03:00:00.123Z""#,
        String(repeating: "[", count: 14) + String(repeating: "]", count: 14),
        String(repeating: "[", count: 15) + String(repeating: "]", count: 15),
        String(repeating: "[", count: 16) + String(repeating: "]", count: 16),
    ]
    private static let names = [
        "a", "approvals", "approvals_behind", "approvals_unasked", "by", "choice", "covers", "kind", "mode", "n", "ns",
        "prev", "seq",
        "state",
        "step", "st\\u0065p", "t", "tolerated", "ts", "up", "zz", "a.b", "A", "",
    ]

    /// Of the fields of a line, each `"name":value`.
    private static func changed(_ line: String, _ random: inout Random) -> String {
        // Good enough for lines of ours: a comma before a quoted name separates fields of the line itself.
        var fields = line.dropLast().components(separatedBy: ",\"").enumerated().map { $0 == 0 ? $1 : "\"" + $1 }
        let at = Int(random.next() % UInt64(fields.count))
        let other = Int(random.next() % UInt64(fields.count))
        let word = words[Int(random.next() % UInt64(words.count))]
        let name = names[Int(random.next() % UInt64(names.count))]
        switch random.next() % 8 {
        case 0: fields.swapAt(at, other)
        case 1: fields.remove(at: at)
        case 2: fields.insert(fields[at], at: other)
        case 3: fields.insert("\"\(name)\":\(word)", at: other)
        case 4:
            let place = fields.firstIndex { $0 > "\"\(name)\"" && !$0.hasPrefix("\"t\"") } ?? fields.count
            fields.insert("\"\(name)\":\(word)", at: place)
        case 5, 6:
            if let colon = fields[at].firstIndex(of: ":") { fields[at] = fields[at][...colon] + word }
        default: fields[at].insert(" ", at: fields[at].index(after: fields[at].startIndex))
        }
        return fields.joined(separator: ",") + "}"
    }

    @Test("random changes of the form, of names, values and their order")
    func random() throws {
        var random = Random(seed: Self.environment["BLACKSTART_SEED"].flatMap(UInt64.init) ?? 1)
        var standing = 0
        for number in 0..<Self.count {
            var texts = [opening, Self.asked, Self.approval, Self.done, Self.value]
            for _ in 0...(random.next() % 2) {
                let which = Int(random.next() % UInt64(texts.count))
                texts[which] = Self.changed(texts[which], &random)
            }
            let bytes = try journal(
                opening: texts[0], asked: texts[1], approval: random.next() % 6 == 0 ? nil : texts[2], done: texts[3],
                value: texts[4])
            if JournalVerifier.verify(bytes, trust: trust).broken == nil { standing += 1 }
            let sh = Self.shells[number % Self.shells.count]
            try agree(bytes, shell: sh, "forgery \(number) in \(sh): \(texts)")
        }
        print("forgeries: \(Self.count), \(standing) of them stand")
    }
}

/// The same row for the same seed (splitmix64).
private struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
