import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookTransport
import Testing

private let facts = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))

private func ended(_ code: Int, out: Int = 0) -> HostReply {
    .receipt(
        ReceiptStatus(
            claimed: true, go: .run(boot: "b1"), end: .exit(code), alive: false, boot: "b1", stdoutBytes: out))
}

private func said(_ text: String, exit code: Int = 0, isCut: Bool = false, isMasked: Bool = false) -> ProbeAnswer {
    var answer = ProbeAnswer(.exit(.exited(code)), stdout: Array(text.utf8), isCut: isCut)
    answer.isMasked = isMasked
    return answer
}

private func page(_ status: Int, _ text: String = "", isCut: Bool = false) -> ProbeAnswer {
    ProbeAnswer(.http(status: status, ""), stdout: Array(text.utf8), isCut: isCut)
}

/// One answer to a check, and what it is good for at every place where a check is asked.
struct Shown: Sendable, CustomTestStringConvertible {
    enum Before: Sendable { case acts, asks, done }
    enum After: Sendable { case ok, failed, unclear }
    enum Later: Sendable { case stands, lapses, notChecked }
    enum Undo: Sendable { case undone, failed, unclear }

    let testDescription: String
    let check: Check
    let answer: ProbeAnswer
    let before: Before
    let after: After
    let later: Later
    let undo: Undo

    init(
        _ testDescription: String, _ check: Check, _ answer: ProbeAnswer, _ before: Before, _ after: After,
        _ later: Later, _ undo: Undo
    ) {
        (self.testDescription, self.check, self.answer) = (testDescription, check, answer)
        (self.before, self.after, self.later, self.undo) = (before, after, later, undo)
    }

    /// It says yes; it says no, and that nothing is there; it says no; nothing came from the network; nothing was learnt.
    static func yes(_ what: String, _ check: Check, _ answer: ProbeAnswer) -> Shown {
        Shown(what, check, answer, .done, .ok, .stands, .failed)
    }
    static func gone(_ what: String, _ check: Check, _ answer: ProbeAnswer) -> Shown {
        Shown(what, check, answer, .acts, .failed, .lapses, .undone)
    }
    static func notReady(_ what: String, _ check: Check, _ answer: ProbeAnswer) -> Shown {
        Shown(what, check, answer, .acts, .failed, .lapses, .unclear)
    }
    static func dark(_ what: String, _ check: Check, _ answer: ProbeAnswer) -> Shown {
        Shown(what, check, answer, .acts, .failed, .notChecked, .unclear)
    }
    static func nothing(_ what: String, _ check: Check, _ answer: ProbeAnswer) -> Shown {
        Shown(what, check, answer, .asks, .unclear, .notChecked, .unclear)
    }

    private static let status = Check(.run(text("is db")), at: place)
    private static let file = Check(
        .copied(CopyFile(source: named("db"), target: text("/etc/db"), mode: nil)), at: place)
    private static let port = Check(.tcp(text("10.0.0.1:5432")), at: place)
    private static let url = Check(.http(text("http://10.0.0.1/")), at: place)

    private static func looking(
        _ check: Check, contains: String? = nil, matches: String? = nil, equals: String? = nil
    ) -> Check {
        var check = check
        (check.contains, check.matches, check.equals) = (contains.map(text), matches.map(text), equals.map(text))
        return check
    }

    static let rows: [Shown] = [
        yes("exit status 0", status, said("")),
        gone("exit status 1", status, said("", exit: 1)),
        nothing("timeout's own status", status, said("", exit: 124)),
        nothing("env's own status", status, said("", exit: 125)),
        nothing("not executable", status, said("", exit: 126)),
        nothing("not found", status, said("", exit: 127)),
        nothing("git's own status", status, said("", exit: 128)),
        nothing("ssh's own status", status, said("", exit: 255)),
        nothing("no end in time", status, ProbeAnswer(.timedOut)),
        nothing("ended by a signal", status, ProbeAnswer(.exit(.signalled("KILL")))),
        nothing("an answer about something else", status, ProbeAnswer(.unreached("x"))),
        yes("exit status 0, with too much output that is not looked at", status, said("x", isCut: true)),
        yes("found in what was kept", looking(status, contains: "online"), said("online", isCut: true)),
        nothing("not found in what was kept", looking(status, contains: "online"), said("off", isCut: true)),
        nothing("the same as what was kept", looking(status, equals: "online"), said("online  ", isCut: true)),
        nothing("matched in what was kept", looking(status, matches: "online$"), said("online", isCut: true)),
        gone("not in a whole answer", looking(status, contains: "online"), said("off")),
        nothing("not found beside a secret", looking(status, contains: "online"), said("******", isMasked: true)),
        nothing("stars found where a secret was", looking(status, contains: "**"), said("****", isMasked: true)),
        nothing("matched beside a secret", looking(status, matches: "^.+$"), said("****", isMasked: true)),
        yes("found beside a secret", looking(status, contains: "online"), said("online ****", isMasked: true)),
        yes("the file", file, said("")),
        gone("another file or none", file, said("", exit: 1)),
        nothing("a shell that gave up over the file", file, said("", exit: 2)),
        nothing("a file that can't be looked at", file, said("can't read /etc/db", exit: 126)),
        yes("an open port", port, ProbeAnswer(.open(true, ""))),
        gone("a refused connection", port, ProbeAnswer(.open(false, "Connection refused"))),
        dark("no route", port, ProbeAnswer(.unreached("No route to host"))),
        dark("no connection in time", port, ProbeAnswer(.timedOut)),
        yes("the page", url, page(200)),
        gone("a refused connection for a page", url, ProbeAnswer(.http(status: nil, "Connection refused"))),
        gone("not found by its server", url, page(404)),
        gone("gone by its server's word", url, page(410)),
        notReady("not ready", url, page(503)),
        notReady("a broken server", url, page(500)),
        notReady("a proxy without an answer", url, page(504)),
        notReady("not for us", url, page(403)),
        notReady("somewhere else", url, page(302)),
        notReady("asked too often", url, page(429)),
        dark("no page in time", url, ProbeAnswer(.timedOut)),
        dark("another protocol", url, ProbeAnswer(.unreached("the answer is not HTTP"))),
        nothing("a page that can't be asked for", url, ProbeAnswer(.unasked("https is not supported yet"))),
        gone("another text on a whole page", looking(url, contains: "ready"), page(200, "starting")),
        nothing("another text on a page that broke off", looking(url, contains: "ready"), page(200, "re", isCut: true)),
    ]
}

@Suite("Only a whole answer that was looked at proves anything")
struct EvidenceTests {
    private static func step(_ row: Shown, _ change: (inout Step) -> Void = { _ in }) -> Step {
        RunbookEngineTests.step("db") {
            $0.verify = row.check
            $0.undo = .run(text("stop db"), timeout: .seconds(60), verify: nil)
            // What would begin it again by itself.
            ($0.retries, $0.onFailure) = (0, .ask)
            change(&$0)
        }
    }

    private static func isProbe(_ said: [String]) -> Bool { said.last?.hasPrefix("probe") == true }

    @Test("before a step: it is done, it is begun, or a person is asked whether to", arguments: Shown.rows)
    func before(_ row: Shown) throws {
        var dialogue = try Dialogue([Self.step(row)])
        #expect(Self.isProbe(dialogue.begin()))
        let told = dialogue.reply(.probe(row.answer))
        switch row.before {
        case .done: #expect(told.first?.hasPrefix("already db@a: verified: ") == true, "\(told)")
        case .acts: #expect(told == ["contact"])
        case .asks:
            #expect(
                told.last?.hasPrefix("ask danger: Whether it is done already could not be checked: ") == true, "\(told)"
            )
            #expect(Self.isProbe(dialogue.choose(.confirm)))
            #expect(dialogue.reply(.probe(row.answer)) == ["contact"])
        }
    }

    @Test("what does no harm when it is done twice is begun where that can't be told", arguments: Shown.rows)
    func idempotent(_ row: Shown) throws {
        var dialogue = try Dialogue([Self.step(row) { $0.idempotent = true }])
        _ = dialogue.begin()
        let told = dialogue.reply(.probe(row.answer))
        if row.before != .done { #expect(told == ["contact"]) }
    }

    @Test("a copy looks for itself before it changes anything: it is begun")
    func copied() throws {
        let copy = CopyFile(source: named("db"), target: text("/etc/db"), mode: nil)
        var dialogue = try Dialogue([
            RunbookEngineTests.step("db") {
                $0.action = .copy(copy)
                $0.verify = Check(.copied(copy), at: place)
            }
        ])
        #expect(Self.isProbe(dialogue.begin()))
        #expect(dialogue.reply(.probe(said("can't read /etc/db", exit: 126))) == ["contact"])
    }

    @Test("who confirmed what harm it may do has not said that it may be done twice")
    func twice() throws {
        var dialogue = try Dialogue([
            RunbookEngineTests.step("db") {
                ($0.verify, $0.danger, $0.retries) = (check("is db"), text("formats the disk"), 1)
            }
        ])
        _ = dialogue.begin()
        #expect(dialogue.reply(.probe(said("", exit: 1))).last == "ask danger: formats the disk")
        dialogue.choose(.confirm)
        dialogue.reply(.probe(said("", exit: 1)))
        dialogue.reply(facts)
        _ = dialogue.reply(ended(1))
        #expect(Self.isProbe(dialogue.elapse()))
        let told = dialogue.reply(.probe(said("", exit: 255)))
        #expect(
            told.last?.hasPrefix("ask danger: formats the disk\nWhether it is done already could not be checked: ")
                == true, "\(told)")
        #expect(Self.isProbe(dialogue.choose(.confirm)))
        #expect(dialogue.reply(.probe(said("", exit: 255))) == ["contact"])
    }

    private static func ran(_ row: Shown, _ change: (inout Step) -> Void = { _ in }) throws -> Dialogue {
        var dialogue = try Dialogue([
            step(row) {
                $0.skipIf = .never
                change(&$0)
            }
        ])
        _ = dialogue.begin()
        dialogue.reply(facts)
        #expect(isProbe(dialogue.reply(ended(0))))
        return dialogue
    }

    @Test(
        "after a step: it is done, it has failed, or it is unclear and not begun again by itself", arguments: Shown.rows
    )
    func after(_ row: Shown) throws {
        var dialogue = try Self.ran(row) {
            ($0.retries, $0.idempotent) = (row.after == .unclear ? 3 : 0, row.after == .unclear)
        }
        let told = dialogue.reply(.probe(row.answer))
        switch row.after {
        case .ok: #expect(told.first?.hasPrefix("ok db@a: verified: ") == true, "\(told)")
        case .failed: #expect(told.first == "asked failure", "\(told)")
        case .unclear:
            #expect(told.first?.hasPrefix("unclear db@a: it ran, and its check gave no answer: ") == true, "\(told)")
            #expect(told.last?.hasPrefix("ask unclear") == true)
            // Nor by the next session.
            dialogue.restart()
            #expect(Self.isProbe(dialogue.begin()))
            #expect(dialogue.reply(.probe(row.answer)).last?.hasPrefix("ask unclear") == true)
        }
    }

    private static func done(_ row: Shown) throws -> Dialogue {
        var dialogue = try ran(row)
        let yes = Shown.rows.first { $0.after == .ok && $0.check == row.check }
        let text =
            (row.check.contains ?? row.check.equals ?? row.check.matches.map { _ in RunbookEngineTests.text("online") })?
            .text { _ in "" } ?? ""
        var answer = yes?.answer ?? said(text)
        if case .http = row.check.probe { answer = page(200, text) }
        #expect(dialogue.reply(.probe(answer)).last == "finish succeeded")
        dialogue.restart()
        return dialogue
    }

    @Test("when a run is resumed: it stands, it has lapsed, or it could not be checked", arguments: Shown.rows)
    func later(_ row: Shown) throws {
        var dialogue = try Self.done(row)
        #expect(Self.isProbe(dialogue.begin()))
        var told = dialogue.reply(.probe(row.answer))
        while told.last?.hasPrefix("wait") == true {
            _ = dialogue.elapse()
            told = dialogue.reply(.probe(row.answer))
        }
        switch row.later {
        case .stands: #expect(told == ["closed succeeded", "finish succeeded"])
        case .lapses: #expect(told.last?.hasPrefix("ask lapsed: it was done, but no longer holds: ") == true, "\(told)")
        case .notChecked: #expect(told.first?.hasPrefix("not checked db@a") == true, "\(told)")
        }
    }

    @Test("after an undo: it is undone, it has failed, or a person is asked", arguments: Shown.rows)
    func undo(_ row: Shown) throws {
        var dialogue = try Self.done(row)
        #expect(dialogue.tell(.rollbackRequested(target: "start", by: "lead")).last == "contact")
        dialogue.reply(facts)
        #expect(Self.isProbe(dialogue.reply(ended(0))))
        let told = dialogue.reply(.probe(row.answer)).first ?? ""
        switch row.undo {
        case .undone: #expect(told.hasPrefix("undo undone db@a: its effect is gone: "), "\(told)")
        case .failed:
            #expect(told.hasPrefix("undo failed db@a: the undo ran, but its effect is still there: "), "\(told)")
        case .unclear: #expect(told.hasPrefix("undo unclear db@a: the undo ran, and its effect "), "\(told)")
        }
    }

    @Test("whether there is anything to undo: yes, no, or a person is asked", arguments: Shown.rows)
    func undoOfFailed(_ row: Shown) throws {
        var dialogue = try Dialogue([Self.step(row) { $0.skipIf = .never }])
        _ = dialogue.begin()
        dialogue.reply(facts)
        dialogue.reply(ended(3))
        dialogue.choose(.stop)
        dialogue.restart()
        #expect(Self.isProbe(dialogue.tell(.rollbackRequested(target: "start", by: "lead"))))
        var told = dialogue.reply(.probe(row.answer))
        while told.last?.hasPrefix("wait") == true {
            _ = dialogue.elapse()
            told = dialogue.reply(.probe(row.answer))
        }
        switch row.undo {
        case .undone: #expect(told.first?.hasPrefix("undo undone db@a: its effect is not there: ") == true, "\(told)")
        case .failed: #expect(told == ["contact"])
        case .unclear:
            #expect(
                told.first?.hasPrefix("undo unclear db@a: whether its effect is there could not be checked: ") == true,
                "\(told)")
        }
    }
}
