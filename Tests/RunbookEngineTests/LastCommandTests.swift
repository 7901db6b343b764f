import RunbookEngine
import RunbookJournal
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

private let contact = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))
private let cut = HostReply.failure(TransportFailure(.lost, sent: true, "reset"))
private let yes = HostReply.probe(ProbeAnswer(.exit(.exited(0))))
private let no = HostReply.probe(ProbeAnswer(.exit(.exited(1))))
private let back = Event.rollbackRequested(target: RollbackPlan.start, by: "lead")

private func receipt(
    _ go: ReceiptStatus.Go = .run(boot: "b1"), end: ReceiptStatus.End? = nil, alive: Bool = false, boot: String = "b1",
    home: String = "h1", stopped: Bool = false, left: Int? = nil
) -> HostReply {
    var status = ReceiptStatus(claimed: true, digest: nil, go: go, end: end, alive: alive, boot: boot)
    status.home = home
    status.wasStopped = stopped
    status.leftRunning = left
    return .receipt(status)
}

/// What is known of the last command of a step is asked of its host, and not of a check: a check says what is there, and not
/// whether something still works on it.
@Suite("What is known of the last command")
struct LastCommandTests {
    private func lost(_ change: (inout Step) -> Void = { _ in }) throws -> Dialogue {
        var dialogue = try Dialogue.submitted(step("db", change: change))
        dialogue.reply(.deadline)
        #expect(dialogue.reply(receipt(alive: true)).last?.hasPrefix("ask unclear") == true)
        return dialogue
    }

    @Test("the next session asks the host again what became of it, and believes what it hears")
    func askedAgain() throws {
        for (reply, last) in [
            (receipt(end: .exit(0)), "finish succeeded"), (receipt(end: .exit(3)), "ask failure: exit status 3"),
            (receipt(alive: true), "attach r1/db.a.1 at 0, 0"),
        ] {
            var dialogue = try lost()
            dialogue.restart()
            #expect(dialogue.begin() == ["reopened action 1", "inspect r1/db.a.1"])
            #expect(dialogue.reply(reply).last == last)
        }
    }

    @Test(
        "a host that is dark still holds the question about it up for no more than a minute, whatever its step may take"
    )
    func darkStill() throws {
        var dialogue = try lost { $0.timeout = .seconds(7_200) }
        dialogue.restart()
        var told = dialogue.begin()
        var waited = 0
        let dark = HostReply.failure(TransportFailure(.unreachable, sent: false, "no route"))
        while told.last?.hasPrefix("ask") != true, waited < 7_200_000 {
            if let wait = told.last, wait.hasPrefix("wait ") {
                waited += wait.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                told = dialogue.elapse()
            } else {
                told = dialogue.reply(dark)
            }
        }
        #expect(told.last?.hasPrefix("ask unclear") == true && (30_000...80_000).contains(waited), "\(waited) \(told)")
    }

    @Test("killed while the host is asked again, the session after it asks too")
    func askedAgainAfterKill() throws {
        var dialogue = try lost()
        dialogue.restart()
        _ = dialogue.begin()
        dialogue.restart()
        #expect(dialogue.begin() == ["inspect r1/db.a.1"])
        #expect(dialogue.reply(receipt(end: .exit(0))).last == "finish succeeded")
    }

    @Test("asked in vain, it counts as one attempt of which nobody knows, however often it was asked about")
    func oneAttempt() throws {
        var dialogue = try lost { ($0.idempotent, $0.retries) = (true, 1) }
        for _ in 0..<3 {
            dialogue.restart()
            _ = dialogue.begin()
            dialogue.reply(receipt(alive: true))
            dialogue.reply(.deadline)
            dialogue.reply(receipt(alive: true))
        }
        #expect(dialogue.engine.state.tasks[0].unknownInARow == 1)
    }

    @Test("a rollback asks the host as well, before it undoes anything")
    func beforeUndo() throws {
        for decided in [true, false] {
            var dialogue = try lost {
                $0.verifiedAndUndone()
                $0.skipIf = .never
            }
            if !decided { dialogue.restart() }
            let told = decided ? dialogue.choose(.rollback, reason: "start") : dialogue.tell(back)
            #expect(told.contains("inspect r1/db.a.1"), "\(told)")
            #expect(dialogue.reply(receipt(end: .exit(0))).last == "probe is db")
        }
    }

    @Test("whoever goes back has not said what became of a command: nothing counts as undone beside it")
    func rollbackAnswered() throws {
        var dialogue = try Dialogue([step("db") { $0.verifiedAndUndone() }], receipts: false)
        _ = dialogue.begin()
        dialogue.reply(no)
        dialogue.reply(contact)
        dialogue.reply(cut)
        #expect(dialogue.reply(no).last?.hasPrefix("ask unclear") == true)
        var told = dialogue.choose(.rollback, reason: "start")
        for _ in 0..<10 where told.last?.hasPrefix("ask") != true {
            told = told.last?.hasPrefix("wait") == true ? dialogue.elapse() : dialogue.reply(no)
        }
        #expect(
            told.last?.hasPrefix("ask undo: ") == true && told.last?.contains("may still be running") == true, "\(told)"
        )
    }

    @Test(
        "of all that a person can answer, only what says how it ended, or begins it anew, settles whether it runs",
        arguments: QuestionKind.allCases)
    func whoDecides(_ kind: QuestionKind) throws {
        let plan = try plan([step("db")])
        let name = AttemptName(task: plan.tasks[0].id, kind: .action, number: 1)
        for choice in Choice.allCases {
            var state = RunState(tasks: 1, approvals: .rehearsal)
            for record in [
                .attemptIntended(AttemptIntent(attempt: name, digest: "", command: "", boot: "")),
                .attemptEnded(AttemptEnd(attempt: name, result: .unknown("?"), mayStillRun: true)),
                .answered(GivenAnswer(task: name.task, kind: kind, choice: choice, reason: nil, by: "t")),
            ] as [Record] { state.evolve(record, plan) }
            let settles =
                switch (kind, choice) {
                case (.failure, .done), (.failure, .failed), (.failure, .retry), (.unclear, .done), (.unclear, .failed),
                    (.unclear, .retry), (.lapsed, .done), (.lapsed, .failed), (.lapsed, .retry), (.undo, .done),
                    (.undo, .retry):
                    true
                default: false
                }
            #expect(state.tasks[0].mayStillRun == !settles, "\(kind) \(choice)")
        }
    }

    @Test("a step that is let be frees its lock, and is still not undone beside its command")
    func letBe() throws {
        var dialogue = try Dialogue(
            ["one", "two"].map { id in
                step(id) {
                    $0.verifiedAndUndone()
                    $0.locks = ["fuse"]
                }
            }, receipts: false)
        _ = dialogue.begin()
        dialogue.reply(no)
        dialogue.reply(contact)
        dialogue.reply(cut)
        #expect(dialogue.reply(no).last?.hasPrefix("ask unclear") == true)
        #expect(dialogue.choose(.skip, reason: "without it").last == "probe is two")
        #expect(dialogue.engine.state.tasks[0].mayStillRun)
    }

    @Test("what a time-out left running is counted again before the step is tried again", arguments: [0, 2])
    func leftovers(_ left: Int) throws {
        var dialogue = try Dialogue.submitted(step("db") { $0.onFailure = .stop })
        dialogue.reply(.deadline)
        #expect(dialogue.reply(receipt(end: .exit(143), stopped: true, left: 1)).last == "finish failed")
        dialogue.restart()
        #expect(dialogue.begin() == ["reopened action 1", "kill r1/db.a.1"])
        let told = dialogue.reply(receipt(end: .exit(143), stopped: true, left: left))
        if left == 0 { #expect(told.last == "contact") } else { #expect(told.last?.hasPrefix("ask unclear") == true) }
    }

    @Test("a step whose command left something running is not tried again by itself", arguments: [true, false])
    func noRetryBeside(byRounds: Bool) throws {
        var dialogue = try Dialogue.submitted(
            step("db") {
                if byRounds { $0.onFailure = .retry } else { $0.retries = 3 }
            })
        dialogue.reply(.deadline)
        let told = dialogue.reply(receipt(end: .exit(143), stopped: true, left: 1))
        #expect(told.last?.hasPrefix("ask unclear") == true, "\(told)")
    }

    @Test("in another home, another boot id does not show that it has stopped: it may be another machine's")
    func otherMachine() throws {
        var dialogue = try Dialogue.submitted(step("db") { $0.idempotent = true })
        dialogue.restart()
        #expect(dialogue.begin() == ["inspect r1/db.a.1"])
        #expect(dialogue.reply(receipt(.none, boot: "b2", home: "h2")).last?.hasPrefix("ask unclear") == true)
    }

    @Test("a check that passes does not free the lock of what may still run: a person is asked")
    func lock() throws {
        var dialogue = try Dialogue(
            ["one", "two"].map { id in
                step(id) {
                    $0.locks = ["fuse"]
                    $0.verify = check("is \(id)")
                }
            }, receipts: false)
        _ = dialogue.begin()
        dialogue.reply(no)
        dialogue.reply(contact)
        #expect(dialogue.reply(cut).last == "probe is one")
        #expect(dialogue.reply(yes).last?.contains("it holds the lock `fuse`") == true)
        let told = dialogue.choose(.done, reason: "it has ended")
        #expect(told.contains("probe is one") && told.contains("probe is two"), "\(told)")
    }

    @Test("that its effect is gone proves no undo that may still run, and the one before it does not begin")
    func undo() throws {
        var dialogue = try Dialogue(
            [step("a") { $0.verifiedAndUndone() }, step("b", needs: ["a"]) { $0.verifiedAndUndone() }], receipts: false)
        _ = dialogue.begin()
        for _ in 0..<2 {
            dialogue.reply(no)
            dialogue.reply(contact)
            dialogue.reply(.ended(.exited(0)))
            dialogue.reply(yes)
        }
        dialogue.restart()
        dialogue.tell(back)
        dialogue.reply(contact)
        #expect(dialogue.reply(cut).last == "probe is b")
        #expect(dialogue.reply(no).last?.hasPrefix("ask undo: ") == true)
        #expect(!dialogue.said.contains { $0.hasPrefix("undo undone") || $0 == "contact" })
    }

    @Test("nothing is undone beside a command that may still run, though its check passes")
    func undoBeside() throws {
        var dialogue = try Dialogue([step("db") { $0.verifiedAndUndone() }], receipts: false)
        _ = dialogue.begin()
        dialogue.reply(no)
        dialogue.reply(contact)
        dialogue.reply(cut)
        #expect(dialogue.reply(yes).last == "finish succeeded")
        dialogue.restart()
        #expect(dialogue.tell(back).last == "ask undo: its command may still be running")
    }

    @Test("where the check passes without the step as well, it proves nothing of a command whose end nobody knows")
    func restart() throws {
        var dialogue = try Dialogue.submitted(
            step("db") {
                $0.verifiedAndUndone()
                $0.skipIf = .never
            })
        #expect(dialogue.reply(receipt(end: .lost)).last?.hasPrefix("ask unclear") == true)
        // Nor that there is something to undo.
        dialogue.restart()
        #expect(dialogue.tell(back).last?.hasPrefix("ask undo: nobody knows whether it ran") == true)
    }
}
