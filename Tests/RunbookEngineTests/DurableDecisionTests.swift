import RunbookEngine
import RunbookJournal
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

private func fails(_ command: String) -> Answer { answer(command) { $0.exit = 1 } }

/// Something to undo, something that takes long beside it, and a step that fails meanwhile.
private func steps(_ rule: FailureRule) -> [Step] {
    [
        step("base") { $0.verifiedAndUndone() },
        step("slow", needs: ["base"], on: ["b"]) { $0.undo = .nothing },
        step("bad", needs: ["base"]) { $0.onFailure = rule },
        step("last", needs: ["bad", "slow"]),
    ]
}

private let slow = answer("start slow", takes: 60)

@Suite("A rollback that was decided on")
struct DurableDecisionTests {
    @Test(
        "killed at any moment, and again, it is carried out: what failed is not tried again, and nothing new starts",
        arguments: [false, true], [false, true])
    func everyMoment(byRule: Bool, losesLast: Bool) async throws {
        var moments = 0
        for crashAt in 1... {
            var isOver = false
            for again in [1, 2, 3, 1_000] {
                let run = try SimulatedRun(
                    steps(byRule ? .rollback(nil) : .ask), special: [slow, fails("start bad")],
                    operatorLines: [chooses("bad", .rollback, .rollback, .rollback)])
                if try await run.session(crashAt: crashAt, losesLast: losesLast) != nil {
                    isOver = true
                    break
                }
                var outcome = try await run.session(crashAt: again, losesLast: losesLast)
                if outcome == nil { outcome = try await run.session() }
                let at = "killed at append \(crashAt), then \(again)"
                #expect(outcome == .rolledBack, "\(at): \(run.words)")
                #expect(byRule == false || run.ran.filter { $0 == "start bad@a" }.count == 1, "\(at): \(run.ran)")
                #expect(!run.ran.contains("start last@a"), "\(at)")
                #expect(run.ran.filter { $0 == "stop base@a" }.count == 1, "\(at): \(run.ran)")
                moments += 1
            }
            if isOver { break }
        }
        #expect(moments > 20)
    }

    @Test("the decision comes before whatever goes with it: a power loss may leave only the first of its lines")
    func first() async throws {
        for rule in [FailureRule.rollback(nil), .ask] {
            let run = try SimulatedRun(
                steps(rule), special: [slow, fails("start bad")], operatorLines: [chooses("bad", .rollback)])
            #expect(try await run.session() == .rolledBack)
            let records = run.storage.records
            let decided = records.firstIndex { if case .rollbackDecided = $0 { true } else { false } }
            let others = records.indices.filter { index in
                switch records[index] {
                case .answered: true
                case .taskSettled(let settled): settled.state == .failed
                default: false
                }
            }
            #expect(try #require(decided) < others.min() ?? 0, "\(records)")
        }
    }

    @Test("the command to roll back stays, whoever goes on")
    func command() async throws {
        var found = 0
        for crashAt in 1... {
            let run = try SimulatedRun(steps(.ask), special: [slow])
            // `slow` is on its way.
            _ = try await run.session(crashAt: 12)
            let first = Event.rollbackRequested(target: RollbackPlan.start, by: "lead")
            if try await run.session(first, crashAt: crashAt) != nil { break }
            let before = run.ran.filter { $0.hasPrefix("start") }
            #expect(run.folded.goal == RollbackPlan.start || run.folded.rollbackEnded)
            #expect(try await run.session() == .rolledBack, "killed at append \(crashAt)")
            #expect(run.ran.filter { $0.hasPrefix("start") } == before)
            found += 1
        }
        #expect(found > 2)
    }

    @Test("what can't be undone is confirmed once: by nobody it stays asked, by stop the rollback is dropped")
    func irreversible() async throws {
        let steps = [
            step("base") {
                $0.verifiedAndUndone()
                $0.irreversible = "it is shredded"
                $0.undo = nil
            },
            step("bad", needs: ["base"]) { $0.onFailure = .rollback(nil) },
        ]
        let nobody = try SimulatedRun(steps, special: [fails("start bad")])
        for _ in 0..<3 { #expect(try await nobody.session() == .failed) }
        #expect(nobody.folded.rollbackDecided?.isConfirmed == false)
        #expect(nobody.ran.filter { $0 == "start bad@a" }.count == 1)
        // Who has seen what it can't undo, and asks for it, has confirmed it.
        #expect(
            try await nobody.session(.rollbackRequested(target: RollbackPlan.start, by: "lead")) == .rolledBack)
        let stopped = try SimulatedRun(
            steps, special: [fails("start bad")], operatorLines: [chooses("base", .stop)])
        #expect(try await stopped.session() == .failed)
        #expect(stopped.folded.goal == nil)
    }

    @Test("given up before it has begun, the run goes on from what stands")
    func givenUp() async throws {
        var found = 0
        for crashAt in 1... {
            let run = try SimulatedRun(
                steps(.rollback(nil)), special: [slow, answer("start bad") { $0.exit = 1 }])
            if try await run.session(crashAt: crashAt) != nil { break }
            guard run.folded.rollbackDecided != nil else { continue }
            found += 1
            let outcome = try await run.session(.forwardRequested(by: "lead"))
            #expect(run.storage.records.contains(.rollbackAbandoned(by: "lead")))
            // It fails again, and the runbook wants a rollback again.
            #expect(outcome == .rolledBack)
            #expect(run.ran.filter { $0 == "start bad@a" }.count == 2)
        }
        #expect(found > 0)
    }

    @Test("a rollback that the runbook wants does not end a person's pause: nothing is undone until it goes on")
    func paused() throws {
        var dialogue = try Dialogue([
            step("base") { $0.verifiedAndUndone() },
            step("bad", needs: ["base"]) { $0.onFailure = .rollback(nil) },
        ])
        let contact = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))
        let no = HostReply.probe(ProbeAnswer(.exit(.exited(1))))
        _ = dialogue.begin()
        for reply in [no, contact, .ended(.exited(0)), .probe(ProbeAnswer(.exit(.exited(0)))), contact] {
            dialogue.reply(reply)
        }
        dialogue.tell(.pauseToggled)
        let said = dialogue.reply(.ended(.exited(1)))
        #expect(said.contains("rollback to start decided by the runbook"), "\(said)")
        #expect(!said.contains("tester lets it go on") && !said.contains("contact"), "\(said)")
        #expect(dialogue.tell(.tick) == [])
        let gone = dialogue.tell(.pauseToggled)
        #expect(gone.first == "tester lets it go on" && gone.last == "contact", "\(gone)")
    }

    @Test("a session that goes back asks about nothing that lapsed", arguments: [true, false])
    func lapsed(isRequested: Bool) throws {
        let plan = try plan([step("base") { $0.verifiedAndUndone() }, step("next", needs: ["base"])])
        var state = RunState(tasks: 2, approvals: .rehearsal)
        let base = plan.tasks[0].id
        var records: [Record] = [
            .attemptIntended(
                AttemptIntent(
                    attempt: AttemptName(task: base, kind: .action, number: 1), digest: "", command: "", boot: "b1")),
            .attemptEnded(
                AttemptEnd(attempt: AttemptName(task: base, kind: .action, number: 1), result: .exited(0))),
            .taskSettled(TaskSettlement(task: base, state: .ok, reason: "")),
            .taskSettled(TaskSettlement(task: base, state: .pending, reason: "it lapsed")),
            .asked(AskedQuestion(task: base, kind: .lapsed, text: "it lapsed")),
        ]
        if !isRequested {
            records.append(.rollbackBegun(RollbackPlan(target: RollbackPlan.start, tasks: [base], by: "lead")))
        }
        for record in records { state.evolve(record, plan) }
        var engine = Engine(plan: plan, run: RunFacts(id: "r1", by: "t", mark: "m1", isRehearsal: true), state: state)
        let event = isRequested ? Event.rollbackRequested(target: RollbackPlan.start, by: "lead") : .began
        let decision = engine.handle(event)
        // Its effect is looked at, as an undo does.
        #expect(
            decision.effects.contains { if case .send = $0 { true } else { false } }
                && !decision.effects.contains { if case .ask = $0 { true } else { false } }, "\(decision)")
    }
}

@Suite("A rollback given up while its undos are in flight")
struct UndoInFlightTests {
    private func steps() -> [Step] {
        [
            step("db") { $0.verifiedAndUndone() }, step("web", on: ["b"]) { $0.verifiedAndUndone() },
            step("app", needs: ["db", "web"]),
        ]
    }

    @Test("each ends before the run goes on, and no step counts as done that was undone", arguments: [false, true])
    func everyMoment(losesLast: Bool) async throws {
        var found = 0
        for crashAt in 1... {
            let late = [
                answer("stop db", takes: 20) { $0.set = [StateValue(key: "db", value: nil)] },
                answer("stop web", takes: 40) { $0.set = [StateValue(key: "web", value: nil)] },
            ]
            let run = try SimulatedRun(steps(), special: late)
            #expect(try await run.session() == .succeeded)
            let first = Event.rollbackRequested(target: RollbackPlan.start, by: "lead")
            if try await run.session(first, crashAt: crashAt, losesLast: losesLast) != nil { break }
            guard run.folded.isTurningBack || run.folded.rollbackEnded else { continue }
            let flying = run.folded.tasks.contains { $0.open?.attempt.kind == .undo }
            if flying { found += 1 }
            let at = "killed at append \(crashAt)"
            let outcome = try await run.session(.forwardRequested(by: "lead"))
            #expect(outcome == .succeeded || run.folded.rollbackEnded, "\(at): \(run.words)")
            guard outcome == .succeeded else { continue }
            for task in ["db@a", "web@b"] {
                let (started, stopped) = (run.ran.count("start \(task)"), run.ran.count("stop \(task)"))
                #expect(started == 1 + stopped, "\(at): \(run.ran)")
                #expect(run.word(task) == .ok || run.word(task) == .already, "\(at): \(run.words)")
            }
            let records = run.storage.records
            let end = try #require(records.firstIndex { if case .rollbackAbandoned = $0 { true } else { false } })
            let late2 = records[end...].contains { record in
                switch record {
                case .undoSettled: true
                case .attemptEnded(let end): end.attempt.kind == .undo
                default: false
                }
            }
            #expect(!late2, "\(at)")
            #expect(run.folded.tasks.allSatisfy { $0.undo == nil }, "\(at)")
            // A later rollback takes back what was done again.
            #expect(try await run.session(first) == .rolledBack)
            #expect(run.ran.count("stop db@a") == run.ran.count("start db@a"), "\(at): \(run.ran)")
        }
        #expect(found > 0)
    }

    @Test("the late end of an undo in a journal of an older version leaves its step unclear")
    func older() throws {
        let plan = try plan([step("db") { $0.verifiedAndUndone() }])
        let db = plan.tasks[0].id
        var state = RunState(tasks: 1, approvals: .rehearsal)
        for record in [
            .taskSettled(TaskSettlement(task: db, state: .ok, reason: "")),
            .rollbackBegun(RollbackPlan(target: RollbackPlan.start, tasks: [db], by: "lead")),
            .rollbackAbandoned(by: "lead"),
            .undoSettled(UndoSettlement(task: db, state: .undone, reason: "")),
        ] as [Record] { state.evolve(record, plan) }
        #expect(state.word(0) == .unclear && state.tasks[0].undo == nil)
    }
}

extension [String] {
    fileprivate func count(_ word: String) -> Int { count { $0 == word } }
}
