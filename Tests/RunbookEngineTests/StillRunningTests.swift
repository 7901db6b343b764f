import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

private let contact = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))
private let cut = HostReply.failure(TransportFailure(.lost, sent: true, "reset"))

private let died: HostReply = {
    var status = ReceiptStatus(claimed: true, digest: nil, go: .run(boot: "b1"), end: .lost, alive: false, boot: "b1")
    status.home = "h1"
    return .receipt(status)
}()

@Suite("What may still run")
struct StillRunningTests {
    @Test(
        "an idempotent step of which nobody knows runs again as often as it may be tried, then a person is asked",
        arguments: [(0, 1), (1, 1), (3, 3)])
    func bounded(_ row: (retries: Int, again: Int)) throws {
        var dialogue = try Dialogue.submitted(
            step("db") {
                $0.idempotent = true
                $0.retries = row.retries
            })
        for _ in 0..<row.again {
            #expect(dialogue.reply(died).last == "contact")
            dialogue.reply(contact)
        }
        #expect(dialogue.reply(died).last?.hasPrefix("ask unclear") == true)
        // The count is on record: another session does not begin it anew.
        dialogue.restart()
        #expect(dialogue.begin().last?.hasPrefix("ask unclear") == true)
        #expect(dialogue.choose(.retry).last == "contact")
    }

    @Test(
        "it never runs beside itself: where nothing shows that it has stopped, a person is asked",
        arguments: [true, false])
    func besideItself(isUndo: Bool) throws {
        let one = step("db") {
            $0.idempotent = true
            $0.undo = .run(text("stop db"), timeout: .seconds(60), verify: nil)
        }
        var dialogue = try Dialogue.submitted(one, receipts: false)
        if isUndo {
            dialogue.reply(.ended(.exited(0)))
            dialogue.restart()
            dialogue.tell(.rollbackRequested(target: RollbackPlan.start, by: "lead"))
            dialogue.reply(contact)
        }
        #expect(dialogue.reply(cut).last == "ask \(isUndo ? "undo" : "unclear"): reset")
    }

    @Test("an undo of which nobody knows runs again no more often than its step")
    func boundedUndo() throws {
        var dialogue = try Dialogue.submitted(
            step("db") {
                $0.idempotent = true
                $0.undo = .run(text("stop db"), timeout: .seconds(60), verify: nil)
            })
        dialogue.reply(.ended(.exited(0)))
        dialogue.restart()
        dialogue.tell(.rollbackRequested(target: RollbackPlan.start, by: "lead"))
        dialogue.reply(contact)
        #expect(dialogue.reply(died).last == "contact")
        dialogue.reply(contact)
        #expect(dialogue.reply(died).last?.hasPrefix("ask undo") == true)
    }

    private let no = HostReply.probe(ProbeAnswer(.exit(.exited(1))))

    @Test("what a person said is done is not begun again by itself where its check says no")
    func byHand() throws {
        var dialogue = try Dialogue.submitted(
            step("db") {
                $0.skipIf = .never
                $0.verify = check("is db")
                $0.onFailure = .retry
            }, receipts: false)
        #expect(dialogue.reply(cut).last?.hasPrefix("ask unclear") == true)
        #expect(dialogue.choose(.done, reason: "looked at it").last == "probe is db")
        #expect(dialogue.reply(no).last?.hasPrefix("ask failure: it was done by hand, but ") == true)
    }

    @Test("that its effect is not there proves nothing of an undo while the command may still run: a person is asked")
    func undoWhileRunning() throws {
        var dialogue = try Dialogue([step("db") { $0.verifiedAndUndone() }], receipts: false)
        _ = dialogue.begin()
        dialogue.reply(no)
        dialogue.reply(contact)
        dialogue.reply(cut)
        dialogue.reply(no)
        dialogue.restart()
        var told = dialogue.tell(.rollbackRequested(target: RollbackPlan.start, by: "lead"))
        for _ in 0..<10 where told.last?.hasPrefix("ask") != true {
            told = told.last?.hasPrefix("wait") == true ? dialogue.elapse() : dialogue.reply(no)
        }
        #expect(told.last?.hasPrefix("ask undo: ") == true, "\(told)")
        #expect(told.last?.contains("its command may still be running") == true, "\(told)")
        #expect(!dialogue.said.contains { $0.contains("undo undone") })
    }

    private func locked() -> [Step] {
        ["one", "two"].map { id in step(id) { $0.locks = ["fuse"] } }
    }

    @Test("its lock is held until somebody decides, also in the next session")
    func lock() throws {
        var dialogue = try Dialogue(locked(), receipts: false)
        #expect(dialogue.begin() == ["contact"])
        dialogue.reply(contact)
        #expect(dialogue.reply(cut).last?.hasPrefix("ask unclear") == true)
        dialogue.restart()
        #expect(dialogue.begin().last?.hasPrefix("ask unclear") == true)
        #expect(dialogue.choose(.done).last == "contact")
    }

    @Test("where nobody is there to decide, the run waits for a person, and does not hang")
    func nobody() throws {
        var dialogue = try Dialogue(locked(), receipts: false)
        _ = dialogue.begin()
        dialogue.reply(contact)
        dialogue.reply(cut)
        #expect(dialogue.nobody().last == "finish waiting")
    }

    @Test("a host of which nobody knows keeps the next batch back, and nobody there ends the session")
    func batch() throws {
        var dialogue = try Dialogue(
            [step("db", on: ["a", "b"]) { $0.serial = [.count(1)] }], receipts: false)
        _ = dialogue.begin()
        dialogue.reply(contact)
        dialogue.reply(cut)
        #expect(dialogue.nobody().last == "finish waiting")
    }
}

@Suite("Stagger")
struct StaggerTests {
    @Test("confirming several hosts at once starts them one after another")
    func danger() throws {
        let plan = try plan([
            step("db", on: ["a", "b"]) {
                $0.stagger = .seconds(10)
                $0.danger = text("It reboots.")
            }
        ])
        var engine = Engine(plan: plan, run: RunFacts(id: "r1", by: "t", mark: "m1", isRehearsal: true))
        var asked: [(task: Int, token: Int)] = []
        for effect in engine.handle(.began).effects {
            if case .ask(let task, let token, _) = effect { asked.append((task, token)) }
        }
        #expect(asked.count == 2)
        func sends(_ decision: Decision) -> Int {
            decision.effects.count { if case .send = $0 { true } else { false } }
        }
        let yes = OperatorReply.choice(.confirm, reason: nil, by: "t")
        let first = engine.handle(.answered(task: asked[0].task, token: asked[0].token, yes))
        #expect(sends(first) == 1)
        #expect(sends(engine.handle(.answered(task: asked[1].task, token: asked[1].token, yes))) == 0)
        guard
            case .send(let task, let token, _) = first.effects.first(where: {
                if case .send = $0 { true } else { false }
            })
        else { return }
        let begun = engine.handle(.replied(task: task, token: token, contact, output: nil))
        #expect(begun.effects.contains(.hold(step: 0, .seconds(10))))
        #expect(sends(engine.handle(.tick)) == 0)
        #expect(sends(engine.handle(.released(step: 0))) == 1)
    }

    @Test("it holds across a kill", arguments: [false, true])
    func resumed(losesLast: Bool) async throws {
        for crashAt in 1... {
            let run = try SimulatedRun([step("db", on: ["a", "b", "c"]) { $0.stagger = .seconds(60) }])
            if try await run.session(crashAt: crashAt, losesLast: losesLast) != nil { break }
            #expect(try await run.session() == .succeeded)
            let times = run.world.ran.map(\.at)
            for (one, next) in zip(times, times.dropFirst()) {
                #expect(next - one >= 60_000, "killed at append \(crashAt): \(times)")
            }
        }
    }
}

@Suite("The time that people have to approve")
struct ApprovalTimeTests {
    private func plan() throws -> Plan {
        var runbook = Runbook(path: "r.yaml", name: "r", inventory: "i.yaml")
        var go = Step(
            id: "go", name: "go",
            action: .approval(
                Approval(roles: [named("lead")], count: 2, message: nil, timeout: .seconds(60))), at: place)
        go.delay = .seconds(1)
        runbook.steps = [go]
        return try Planner.plan(
            PlanSource(
                runbook: runbook, runbookBytes: [1], inventory: Inventory(path: "i.yaml", name: "i"),
                inventoryBytes: [2]))
    }

    private func waits(_ decision: Decision) -> [Duration] {
        decision.effects.compactMap { if case .wait(_, _, let time) = $0 { time } else { nil } }
    }

    private func asked(_ decision: Decision) -> (task: Int, token: Int)? {
        for case .ask(let task, let token, _) in decision.effects { return (task, token) }
        return nil
    }

    @Test("it does not begin anew with an answer that is not enough, nor with the next session")
    func once() throws {
        let plan = try plan()
        let facts = RunFacts(id: "r1", by: "t", mark: "m1", isRehearsal: true)
        var engine = Engine(plan: plan, run: facts)
        let first = engine.handle(.began)
        #expect(waits(first) == [.seconds(60)])
        let open = try #require(asked(first))
        let reply = OperatorReply.choice(.approve, reason: nil, by: "lead")
        let second = engine.handle(.answered(task: open.task, token: open.token, reply))
        #expect(asked(second) != nil && waits(second) == [])
        // The time that began with the first question ends the second one.
        let over = engine.handle(.elapsed(task: open.task, token: open.token))
        #expect(over.records.contains { if case .asked(let asked) = $0 { asked.kind == .failure } else { false } })
        for waited in [0, 59, 60, 300] {
            var state = engine.state
            state.evolve(.taskSettled(TaskSettlement(task: plan.tasks[0].id, state: .pending, reason: "")), plan)
            state.tasks[0].waitedForApproval = .seconds(waited)
            var next = Engine(plan: plan, run: facts, state: state)
            let begun = next.handle(.began)
            #expect(waits(begun) == (waited < 60 ? [.seconds(60 - waited)] : []))
            // Once it is over, nothing that lies there already is heard.
            let kinds = begun.effects.compactMap {
                if case .ask(_, _, let question) = $0 { question.kind } else { nil }
            }
            #expect(kinds == [waited < 60 ? .approval : .failure])
        }
    }
}
