import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookSimulation
import Testing

/// Something before the checkpoint; behind it what can be undone, a wait for it, a checkpoint and more behind that.
private func site() -> [Step] {
    [
        step("storage") { $0.verifiedAndUndone() },
        checkpoint("core", needs: ["storage"]),
        step("db", needs: ["cp-core"], on: ["a", "b"]) { $0.verifiedAndUndone() },
        step("ready", needs: ["db"]) { $0.action = .waitFor(check("is db")) },
        checkpoint("data", needs: ["ready"]),
        step("app", needs: ["cp-data"], on: ["b", "c"]) { $0.verifiedAndUndone() },
    ]
}

@Suite("A rollback that is given up")
struct AbandonmentTests {
    @Test(
        "killed at any moment, and again while it is given up: the run goes on to its end, and starts again just what was undone",
        arguments: [false, true])
    func everyMoment(losesLast: Bool) async throws {
        var moments = 0
        for crashAt in 1... {
            var isOver = false
            for again in [1, 2, 3, 4, 6, 1_000] {
                let run = try SimulatedRun(site())
                #expect(try await run.session() == .succeeded)
                let at = "killed at append \(crashAt), then \(again)"
                let first = try await run.session(
                    .rollbackRequested(target: "core", by: "tester"), crashAt: crashAt, losesLast: losesLast)
                if first != nil {
                    isOver = true
                    break
                }
                var outcome = try await run.session(
                    .forwardRequested(by: "tester"), crashAt: again, losesLast: losesLast)
                if outcome == nil { outcome = try await run.session(.forwardRequested(by: "tester")) }
                if run.folded.rollbackEnded {
                    #expect(outcome == .rolledBack, "\(at)")
                    continue
                }
                #expect(outcome == .succeeded, "\(at): \(run.words)")
                #expect(run.folded.rollback == nil, "\(at)")
                for task in ["db@a", "db@b", "app@b", "app@c", "storage@a"] {
                    let started = run.ran.filter { $0 == "start \(task)" }.count
                    let stopped = run.ran.filter { $0 == "stop \(task)" }.count
                    #expect(stopped <= 1, "\(at): \(run.ran)")
                    #expect(started == 1 + stopped, "\(at): \(task): \(run.ran)")
                    #expect(run.word(task) == .ok || run.word(task) == .already, "\(at): \(run.words)")
                }
                moments += 1
            }
            if isOver { break }
        }
        #expect(moments > 40)
    }

    @Test(
        "what was undone, and what only said that it was there, is pending again; what was not touched is what it was")
    func pending() async throws {
        let run = try SimulatedRun(site())
        #expect(try await run.session() == .succeeded)
        for crashAt in 1...100 where run.word("app@b") != .undone || run.word("app@c") != .undone {
            _ = try await run.session(
                run.folded.isRollingBack ? .began : .rollbackRequested(target: "core", by: "tester"), crashAt: crashAt)
        }
        var state = run.folded
        #expect(state.isRollingBack)
        state.evolve(.rollbackAbandoned(by: "tester"), run.plan)
        let words = Dictionary(
            uniqueKeysWithValues: run.plan.tasks.indices.map { (run.plan.tasks[$0].id.description, state.word($0)) })
        #expect(words["app@b"] == .pending)
        #expect(words["storage@a"] == .ok)
        #expect(state.isRollingBack == false)
        #expect(state.checkpoints.contains { $0.name == "core" })
        let engine = Engine(
            plan: run.plan, run: RunFacts(id: "r1", by: "tester", mark: "m1", isRehearsal: true), state: state)
        // A rollback after that does not look at what is not there.
        #expect(engine.tasksSince("core").contains { run.plan.tasks[$0].id.step == "app" } == false)
    }

    @Test("an undo that failed leaves its task unclear: its check settles it before anything starts")
    func failedUndo() async throws {
        let run = try SimulatedRun(site(), special: [answer("stop app") { $0.exit = 1 }])
        #expect(try await run.session() == .succeeded)
        _ = try await run.session(.rollbackRequested(target: "core", by: "tester"))
        #expect(run.folded.isRollingBack)
        #expect(run.word("app@b") == .failed)
        #expect(try await run.session(.forwardRequested(by: "tester")) == .succeeded)
        #expect(run.word("app@b") == .ok)
        #expect(run.ran.filter { $0 == "start app@b" }.count == 1)
    }

    @Test("without a rollback under way there is nothing to give up: the session goes on as any other")
    func nothing() throws {
        var dialogue = try Dialogue([step("db")])
        #expect(dialogue.tell(.forwardRequested(by: "tester")) == ["contact"])
    }

    @Test("an undo that failed and was let be leaves its step unclear, and nothing starts over it")
    func leftHalfUndone() async throws {
        let steps = [
            step("storage") { $0.verifiedAndUndone() },
            step("db", needs: ["storage"]) {
                $0.undo = .run(text("stop db"), timeout: .seconds(60), verify: nil)
            },
            step("app", needs: ["db"], on: ["b"]),
        ]
        var found = 0
        for crashAt in 1... {
            let run = try SimulatedRun(
                steps, special: [answer("stop db") { $0.exit = 1 }],
                operatorLines: [chooses("db", .skip, reason: "let it be")])
            #expect(try await run.session() == .succeeded)
            if try await run.session(.rollbackRequested(target: "start", by: "lead"), crashAt: crashAt) != nil { break }
            guard run.folded.isRollingBack, run.folded.tasks[1].undo?.state == .left else { continue }
            found += 1
            // Without undo, `app` was left; `db` was half taken down under it.
            _ = try await run.session(.forwardRequested(by: "lead"))
            #expect(run.word("db@a") == .unclear, "killed at append \(crashAt)")
            #expect(run.ran.filter { $0 == "start db@a" }.count == 1)
        }
        #expect(found > 0)
    }
}
