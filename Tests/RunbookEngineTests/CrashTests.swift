import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookSimulation
import Testing

/// The shape of a real restart: two tiers over several hosts, a checkpoint, things that can be checked and undone.
private func tiers() -> [Step] {
    [
        step("storage") { $0.verifiedAndUndone() },
        step("dns", needs: ["storage"], on: ["a", "b"]) { $0.undo = .nothing },
        checkpoint("core", needs: ["dns"]),
        step("db", needs: ["cp-core"], on: ["a", "b", "c"]) { $0.verifiedAndUndone() },
        step("cache", needs: ["cp-core"], on: ["c"]) { $0.verifiedAndUndone() },
        step("app", needs: ["db", "cache"], on: ["b", "c"]) { $0.verifiedAndUndone() },
    ]
}

@Suite("A controller that is killed at any moment")
struct CrashTests {
    /// Plays sessions until one is not killed; the first is killed at append `crashAt`, the second at `again`.
    private func play(_ run: SimulatedRun, _ first: Event, crashAt: Int, again: Int, losesLast: Bool) async throws
        -> (Outcome?, crashed: Bool)
    {
        var outcome = try await run.session(first, crashAt: crashAt, losesLast: losesLast)
        guard outcome == nil else { return (outcome, false) }
        outcome = try await run.session(crashAt: again, losesLast: losesLast)
        if outcome == nil { outcome = try await run.session() }
        return (outcome, true)
    }

    @Test(
        "resumes and runs every command exactly once, dependencies first, at every pair of moments",
        arguments: [false, true])
    func everyMoment(losesLast: Bool) async throws {
        var moments = 0
        for crashAt in 1... {
            var isOver = false
            for again in [1, 2, 3, 5, 8, 1_000] {
                let run = try SimulatedRun(tiers())
                let (outcome, crashed) = try await play(
                    run, .began, crashAt: crashAt, again: again, losesLast: losesLast)
                #expect(outcome == .succeeded, "killed at append \(crashAt), then \(again)")
                let expected = [
                    "start storage@a", "start dns@a", "start dns@b", "start db@a", "start db@b", "start db@c",
                    "start cache@c", "start app@b", "start app@c",
                ]
                #expect(run.ran.sorted() == expected.sorted(), "killed at append \(crashAt), then \(again)")
                #expect(isInOrder(run), "killed at append \(crashAt), then \(again): \(run.ran)")
                isOver = !crashed
                moments += 1
            }
            if isOver { break }
        }
        #expect(moments > 60)
    }

    /// Every command came after all commands of the steps that its step needs.
    private func isInOrder(_ run: SimulatedRun) -> Bool {
        let steps = run.world.ran.map(\.step)
        for step in run.plan.runbook.steps {
            guard let first = steps.firstIndex(of: step.id) else { continue }
            for need in allNeeds(step, run.plan.runbook) {
                if let last = steps.lastIndex(of: need), last > first { return false }
            }
        }
        return true
    }

    private func allNeeds(_ step: Step, _ runbook: Runbook) -> [String] {
        step.needs.flatMap { need in
            [need.name] + (runbook.steps.first { $0.id == need.name }.map { allNeeds($0, runbook) } ?? [])
        }
    }

    @Test(
        "goes on with a rollback that was killed at any moment: each undo runs once, in reverse order, and the end is the same",
        arguments: [false, true])
    func rollback(losesLast: Bool) async throws {
        var moments = 0
        for crashAt in 1... {
            let run = try SimulatedRun(tiers())
            #expect(try await run.session() == .succeeded)
            let before = run.ran.count
            let (outcome, crashed) = try await play(
                run, .rollbackRequested(target: "core", by: "tester"), crashAt: crashAt, again: 3, losesLast: losesLast)
            // Killed before the wish to roll back was on record, a plain resume has nothing to do.
            if run.folded.rollback == nil {
                #expect(outcome == .succeeded)
                #expect(run.ran.count == before)
            } else {
                let undone = Array(run.ran[before...])
                let expected = ["stop app@b", "stop app@c", "stop cache@c", "stop db@a", "stop db@b", "stop db@c"]
                #expect(outcome == .rolledBack, "killed at append \(crashAt)")
                #expect(undone.sorted() == expected, "killed at append \(crashAt)")
                #expect(Set(undone.prefix(2)) == ["stop app@b", "stop app@c"], "killed at append \(crashAt)")
                #expect(run.word("db@a") == .undone)
                #expect(run.word("storage@a") == .ok)
            }
            moments += 1
            if !crashed { break }
        }
        #expect(moments > 8)
    }

    @Test("a host that is rebooted while its command runs, and the controller killed: unclear, never twice")
    func reboot() async throws {
        var unclear = 0
        for crashAt in 1...6 {
            let run = try SimulatedRun([step("db"), step("app", needs: ["db"]) { $0.verifiedAndUndone() }])
            let outcome = try await run.session(crashAt: crashAt)
            let wasRunning = run.folded.tasks[0].open != nil
            run.world.reboot("a")
            run.world.pass(.seconds(120))
            let second = try await run.session()
            #expect(run.ran.filter { $0 == "start db@a" }.count <= 1, "killed at append \(crashAt)")
            if outcome == nil, wasRunning {
                #expect(second == .waiting)
                #expect(run.word("db@a") == .unclear)
                #expect(run.ran.contains("start app@a") == false)
                unclear += 1
            }
        }
        #expect(unclear > 0)
    }
}
