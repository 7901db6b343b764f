import RunbookEngine
import RunbookModel
import RunbookTransport
import Testing

/// What a host says of an attempt, and what the engine makes of it.
struct Verdict: Sendable, CustomTestStringConvertible {
    let situation: String
    let reply: HostReply
    let expected: [String]

    init(_ situation: String, _ reply: HostReply, _ expected: String...) {
        self.situation = situation
        self.reply = reply
        self.expected = expected
    }

    var testDescription: String { situation }
}

private func receipt(
    _ go: ReceiptStatus.Go = .none, end: ReceiptStatus.End? = nil, alive: Bool = false, boot: String = "b1",
    claimed: Bool = true, digest: String? = nil, refused: ReceiptStatus.Refusal? = nil, home: String = "h1",
    run: String? = nil, wasStopped: Bool = false, left: Int? = 0
) -> HostReply {
    var status = ReceiptStatus(
        claimed: claimed, digest: digest, go: go, end: end, alive: alive, boot: boot, refused: refused)
    (status.home, status.run, status.wasStopped, status.leftRunning) = (home, run, wasStopped, left)
    return .receipt(status)
}

private let failed = "asked failure"
private let elsewhere =
    "the host keeps no trace of it, but its receipts are in another folder now (another user or home)"
private let twin =
    "db@a was already sent by another controller: somebody else is carrying on this run. "
    + "Find out who, let only one go on, then resume"
private let done = ["ok db@a: exit status 0", "closed succeeded", "finish succeeded"]

@Suite("What becomes of an attempt is told by its receipt")
struct VerdictTests {
    @Test("the command that begins a task is on record before it is sent")
    func intent() throws {
        var dialogue = try Dialogue([step("db")])
        #expect(dialogue.begin() == ["contact"])
        #expect(
            dialogue.reply(.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1")))
                == ["seen a b1", "intent action 1", "submit r1/db.a.1: start db"])
    }

    @Test(
        "the answer to a submission",
        arguments: [
            Verdict(
                "it ended well", receipt(.run(boot: "b1"), end: .exit(0)), "end 1 exited 0", done[0], done[1], done[2]),
            Verdict(
                "it was told to stop in an earlier session, and ended with 0",
                receipt(.run(boot: "b1"), end: .exit(0), wasStopped: true),
                "end 1 unknown: it ran longer than 5 minutes, was told to stop and ended with exit status 0",
                "unclear db@a: it ran longer than 5 minutes, was told to stop and ended with exit status 0",
                "asked unclear",
                "ask unclear: it ran longer than 5 minutes, was told to stop and ended with exit status 0"),
            Verdict(
                "it was told to stop in an earlier session, and failed",
                receipt(.run(boot: "b1"), end: .exit(143), wasStopped: true), "end 1 timed out, 143", failed,
                "ask failure: it did not end within 5 minutes and was stopped (exit status 143)"),
            Verdict(
                "it ended badly", receipt(.run(boot: "b1"), end: .exit(3)), "end 1 exited 3", failed,
                "ask failure: exit status 3"),
            Verdict(
                "an end counts whatever else is said",
                receipt(.run(boot: "b0"), end: .exit(0), alive: true, boot: "b9"),
                "end 1 exited 0", done[0], done[1], done[2]),
            Verdict("it runs on", receipt(.run(boot: "b1"), alive: true), "attach r1/db.a.1 at 0, 0"),
            Verdict("it died without a word", receipt(.run(boot: "b1")), "mark lost r1/db.a.1"),
            Verdict("it ran before the host went down", receipt(.run(boot: "b1"), boot: "b2"), "mark lost r1/db.a.1"),
            Verdict(
                "its number is in use again after a restart", receipt(.run(boot: "b1"), alive: true, boot: "b2"),
                "mark lost r1/db.a.1"),
            Verdict(
                "it is known as lost", receipt(.run(boot: "b1"), end: .lost),
                "end 1 unknown: it was running and died without an exit status",
                "unclear db@a: it was running and died without an exit status", "asked unclear",
                "ask unclear: it was running and died without an exit status"),
            Verdict(
                "it was fenced", receipt(.fenced), "end 1 never ran: the command had not started", "contact"),
            Verdict("it was claimed and did not start", receipt(), "fence r1/db.a.1"),
            Verdict("there is no trace of it", receipt(claimed: false), "fence r1/db.a.1"),
            Verdict(
                "there is no trace of it, and the host was restarted", receipt(boot: "b2", claimed: false),
                "end 1 unknown: the host was restarted, and no receipt is left",
                "unclear db@a: the host was restarted, and no receipt is left", "asked unclear",
                "ask unclear: the host was restarted, and no receipt is left"),
            Verdict(
                "the host was restarted before it was taken", receipt(boot: "b2", claimed: false, refused: .boot),
                "end 1 never ran: the host was restarted just before", "contact"),
            Verdict(
                "another command has its receipt", receipt(.run(boot: "b1"), alive: true, refused: .conflict),
                "end 1 never ran: another run has a receipt of this name there", "contact"),
            Verdict(
                "another run's receipt is not taken for its own",
                receipt(.run(boot: "b1"), end: .exit(0), digest: "another"),
                "end 1 never ran: another run has a receipt of this name there", "contact"),
            Verdict(
                "there is no trace of it, in another home", receipt(claimed: false, home: "h2"),
                "end 1 unknown: \(elsewhere)", "unclear db@a: \(elsewhere)", "asked unclear",
                "ask unclear: \(elsewhere)"),
            Verdict(
                "there is no trace of it, nor of the run", receipt(claimed: false, home: ""),
                "end 1 unknown: \(elsewhere)", "unclear db@a: \(elsewhere)", "asked unclear",
                "ask unclear: \(elsewhere)"),
            Verdict(
                "the home was replaced before it was taken", receipt(claimed: false, refused: .home, home: "h2"),
                "end 1 never ran: the folder of its receipts was replaced just before", "contact"),
            Verdict(
                "somebody else has sent it", receipt(.run(boot: "b1"), alive: true, refused: .taken),
                "halted: \(twin)", "closed elsewhere", "finish elsewhere"),
            Verdict(
                "somebody else has sent another command of this run",
                receipt(.run(boot: "b1"), end: .exit(0), digest: "another", run: "m1"),
                "halted: \(twin)", "closed elsewhere", "finish elsewhere"),
            Verdict("it did not end in time", .deadline, "kill r1/db.a.1"),
            Verdict(
                "nothing of it was sent", .failure(TransportFailure(.unreachable, sent: false, "no route to host")),
                "end 1 never ran: no route to host", failed, "ask failure: no route to host"),
            Verdict(
                "the connection broke after it was sent", .failure(TransportFailure(.lost, sent: true, "reset")),
                "wait 500 ms"),
        ])
    func afterSubmission(_ row: Verdict) throws {
        var dialogue = try Dialogue.submitted(step("db"))
        #expect(dialogue.reply(row.reply) == row.expected)
    }

    @Test("its own receipt is known by its digest")
    func own() throws {
        var dialogue = try Dialogue.submitted(step("db"))
        let digest = dialogue.digest
        #expect(digest.utf8.count == 64)
        #expect(
            dialogue.reply(receipt(.run(boot: "b1"), end: .exit(0), digest: digest)) == ["end 1 exited 0"] + done)
    }

    @Test("after a cut the host is asked again and again, longer each time, until it answers")
    func afterCut() throws {
        var dialogue = try Dialogue.submitted(step("db"))
        let cut = HostReply.failure(TransportFailure(.lost, sent: true, "reset"))
        var waits = [dialogue.reply(cut)]
        for _ in 0..<4 {
            #expect(dialogue.elapse() == ["inspect r1/db.a.1"])
            waits.append(dialogue.reply(cut))
        }
        #expect(waits == [["wait 500 ms"], ["wait 500 ms"], ["wait 1000 ms"], ["wait 2000 ms"], ["wait 4000 ms"]])
        _ = dialogue.elapse()
        #expect(dialogue.reply(receipt(.run(boot: "b1"), end: .exit(0))) == ["end 1 exited 0"] + done)
    }

    @Test("a host that never comes back leaves it unclear, not failed")
    func goneForGood() throws {
        var dialogue = try Dialogue.submitted(step("db") { $0.timeout = .seconds(60) })
        let cut = HostReply.failure(TransportFailure(.lost, sent: true, "reset"))
        var rounds = 0
        while dialogue.reply(cut).first?.hasPrefix("wait") == true, rounds < 100 {
            _ = dialogue.elapse()
            rounds += 1
        }
        #expect(dialogue.said.first == "end 1 unknown: the host could not be asked: reset")
        #expect(rounds < 20)
    }

    @Test(
        "what a fence, a mark and a kill come back with",
        arguments: [
            ("fence", receipt(.fenced), ["end 1 never ran: the command had not started", "contact"]),
            ("fence", receipt(.run(boot: "b1"), alive: true), ["attach r1/db.a.1 at 0, 0"]),
            ("fence", receipt(.run(boot: "b1"), end: .exit(0)), ["end 1 exited 0"] + done),
            (
                "mark", receipt(.run(boot: "b1"), end: .lost),
                [
                    "end 1 unknown: it was running and died without an exit status",
                    "unclear db@a: it was running and died without an exit status", "asked unclear",
                    "ask unclear: it was running and died without an exit status",
                ]
            ),
            ("mark", receipt(.run(boot: "b1"), end: .exit(0)), ["end 1 exited 0"] + done),
            ("kill", receipt(.fenced), ["end 1 never ran: it had not started within 1 minute", "contact"]),
            (
                "kill", receipt(.run(boot: "b1"), end: .exit(143), wasStopped: true),
                [
                    "end 1 timed out, 143", "asked failure",
                    "ask failure: it did not end within 1 minute and was stopped (exit status 143)",
                ]
            ),
            ("kill", receipt(.run(boot: "b1"), end: .exit(0)), ["end 1 exited 0"] + done),
            (
                "kill", receipt(.run(boot: "b1"), end: .exit(143), wasStopped: true, left: 2),
                [
                    "end 1 timed out, 143",
                    "unclear db@a: it did not end within 1 minute and was stopped (exit status 143); "
                        + "2 processes that it started are still running",
                    "asked unclear",
                    "ask unclear: it did not end within 1 minute and was stopped (exit status 143); "
                        + "2 processes that it started are still running",
                ]
            ),
            (
                "kill", receipt(.run(boot: "b1"), end: .exit(0), wasStopped: true),
                [
                    "end 1 unknown: it ran longer than 1 minute, was told to stop and ended with exit status 0",
                    "unclear db@a: it ran longer than 1 minute, was told to stop and ended with exit status 0",
                    "asked unclear",
                    "ask unclear: it ran longer than 1 minute, was told to stop and ended with exit status 0",
                ]
            ),
            (
                "kill", receipt(.fenced, home: "h2"),
                [
                    "end 1 unknown: it ran longer than 1 minute and could not be stopped; it may still be running",
                    "unclear db@a: it ran longer than 1 minute and could not be stopped; it may still be running",
                    "asked unclear",
                    "ask unclear: it ran longer than 1 minute and could not be stopped; it may still be running",
                ]
            ),
            (
                "kill", receipt(.run(boot: "b1"), alive: true),
                [
                    "end 1 unknown: it ran longer than 1 minute and could not be stopped; it may still be running",
                    "unclear db@a: it ran longer than 1 minute and could not be stopped; it may still be running",
                    "asked unclear",
                    "ask unclear: it ran longer than 1 minute and could not be stopped; it may still be running",
                ]
            ),
        ] as [(String, HostReply, [String])])
    func afterward(_ question: String, _ reply: HostReply, _ expected: [String]) throws {
        var dialogue = try Dialogue.submitted(step("db") { $0.timeout = .seconds(60) })
        let first: HostReply =
            switch question {
            case "fence": receipt()
            case "mark": receipt(.run(boot: "b1"))
            default: .deadline
            }
        #expect(dialogue.reply(first).first?.hasPrefix(question) == true)
        #expect(dialogue.reply(reply) == expected)
    }

    @Test("unclear is settled by the step's own check first, then by a new attempt where that does no harm")
    func unclear() throws {
        let lost = receipt(.run(boot: "b1"), end: .lost)
        var checked = try Dialogue([step("db") { $0.verify = check("is db") }])
        #expect(checked.begin() == ["probe is db"])
        checked.reply(.probe(ProbeAnswer(.exit(.exited(1)))))
        checked.reply(.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1")))
        #expect(
            checked.reply(lost) == ["end 1 unknown: it was running and died without an exit status", "probe is db"])
        #expect(
            checked.reply(.probe(ProbeAnswer(.exit(.exited(0)))))
                == [
                    "ok db@a: verified: `is db` exited with 0 (it was running and died without an exit status)",
                    "closed succeeded", "finish succeeded",
                ])

        var again = try Dialogue.submitted(step("db") { $0.idempotent = true })
        #expect(
            again.reply(lost) == [
                "end 1 unknown: it was running and died without an exit status",
                "pending db@a: it was running and died without an exit status; it may run again", "contact",
            ])
        #expect(
            again.reply(.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1")))
                == ["intent action 2", "submit r1/db.a.2: start db"])
    }

    @Test(
        "a host without receipts: what ended is known, a cut or a late end is unclear",
        arguments: [
            Verdict("it ended well", .ended(.exited(0)), "end 1 exited 0", done[0], done[1], done[2]),
            Verdict(
                "it was ended by a signal", .ended(.signalled("KILL")), "end 1 signalled KILL", failed,
                "ask failure: ended by signal KILL"),
            Verdict(
                "the connection broke", .failure(TransportFailure(.lost, sent: true, "reset")),
                "end 1 unknown: reset", "unclear db@a: reset", "asked unclear", "ask unclear: reset"),
            Verdict(
                "it is late", .deadline, "end 1 unknown: it did not end in time, and the host keeps no receipt",
                "unclear db@a: it did not end in time, and the host keeps no receipt", "asked unclear",
                "ask unclear: it did not end in time, and the host keeps no receipt"),
        ])
    func withoutReceipts(_ row: Verdict) throws {
        var dialogue = try Dialogue.submitted(step("db"), receipts: false)
        #expect(dialogue.reply(row.reply) == row.expected)
    }

    @Test("a question whose answer makes no sense is asked again, three times in a row at most")
    func askedAgain() throws {
        let cut = HostReply.failure(TransportFailure(.lost, sent: true, "garbage"))
        var dialogue = try Dialogue([step("db")])
        _ = dialogue.begin()
        for pause in [500, 1_000, 2_000] {
            #expect(dialogue.reply(cut) == ["wait \(pause) ms"])
            #expect(dialogue.elapse() == ["contact"])
        }
        #expect(dialogue.reply(cut) == [failed, "ask failure: garbage"])
    }

    @Test("a question that never reached its host is asked again as long as the step may take")
    func networkGone() throws {
        let cut = HostReply.failure(TransportFailure(.lost, sent: false, "reset"))
        var dialogue = try Dialogue([step("db") { $0.timeout = .seconds(60) }])
        _ = dialogue.begin()
        for pause in [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000] {
            #expect(dialogue.reply(cut) == ["wait \(pause) ms"])
            #expect(dialogue.elapse() == ["contact"])
        }
        #expect(dialogue.reply(cut) == [failed, "ask failure: reset"])
    }

    @Test("a check over which the connection breaks has not failed")
    func checkAskedAgain() throws {
        let cut = HostReply.failure(TransportFailure(.lost, sent: true, "reset"))
        var dialogue = try Dialogue.submitted(
            step("db") {
                $0.verify = check("is db"); $0.skipIf = .never
            })
        #expect(dialogue.reply(receipt(.run(boot: "b1"), end: .exit(0))) == ["end 1 exited 0", "probe is db"])
        #expect(dialogue.reply(cut) == ["wait 500 ms"])
        #expect(dialogue.elapse() == ["probe is db"])
        #expect(
            dialogue.reply(.probe(ProbeAnswer(.exit(.exited(0))))).first == "ok db@a: verified: `is db` exited with 0")
    }

    @Test("an answer to a question that is over changes nothing")
    func stale() throws {
        var dialogue = try Dialogue.submitted(step("db"))
        #expect(dialogue.tell(.replied(task: 0, token: 0, receipt(end: .exit(0)), output: nil)) == [])
        #expect(dialogue.tell(.replied(task: 99, token: 1, receipt(end: .exit(0)), output: nil)) == [])
        #expect(dialogue.tell(.answered(task: 0, token: 1, .nobody)) == [])
    }
}
