import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

private func on(_ key: String) -> StateValue { StateValue(key: key, value: "on") }

/// A start that fails half-way: what it does is there, and its exit status says otherwise.
private func halfStart(_ step: String) -> Answer {
    answer("start \(step)", takes: 3) {
        $0.exit = 1
        $0.set = [on(step)]
    }
}

private func fails(_ command: String) -> Answer { answer(command) { $0.exit = 1 } }

@Suite("How far a rollback reaches")
struct RollbackReachTests {
    @Test(
        "what failed and was then skipped is looked at, and undone where its effect is there", arguments: [true, false])
    func skippedAfterFailure(_ isThere: Bool) async throws {
        let steps = [
            step("base") { $0.verifiedAndUndone() },
            step("first", needs: ["base"]) {
                $0.verifiedAndUndone()
                $0.skipIf = .never
            },
            step("last", needs: ["first"]) { $0.onFailure = .rollback(nil) },
        ]
        let run = try SimulatedRun(
            steps, special: [isThere ? halfStart("first") : fails("start first"), fails("start last")],
            operatorLines: [chooses("first", .skip, reason: "it is broken")])
        #expect(try await run.session() == .rolledBack)
        #expect(run.ran.contains("stop first@a") == isThere)
        #expect(run.words == ["base@a": .undone, "first@a": .undone, "last@a": .failed])
    }

    @Test("what was tried, skipped and can't be checked is named, and the rollback does not say that all is undone")
    func skippedWithoutCheck() async throws {
        let steps = [
            step("first") { $0.undo = .run(text("stop first"), timeout: .seconds(60), verify: nil) },
            step("last", needs: ["first"]) { $0.onFailure = .rollback(nil) },
        ]
        let run = try SimulatedRun(
            steps, special: [halfStart("first"), fails("start last")],
            operatorLines: [chooses("first", .skip, reason: "it is broken")])
        #expect(try await run.session() == .rolledBack)
        #expect(!run.ran.contains("stop first@a"))
        let left = run.storage.records.compactMap { if case .undoSettled(let undo) = $0 { undo } else { nil } }
        #expect(
            left.first { $0.task.step == "first" }?.reason
                == "it was tried, then skipped, and has no check: it may be done in part")
        #expect(run.storage.records.contains(.rollbackEnded(complete: false)))
    }

    @Test("what was skipped without a try is left alone")
    func skippedUntried() async throws {
        let steps = [
            step("first") {
                $0.verifiedAndUndone()
                $0.danger = text("It wipes the disk.")
            },
            step("last", needs: ["first"]) { $0.onFailure = .rollback(nil) },
        ]
        let run = try SimulatedRun(
            steps, special: [fails("start last")], operatorLines: [chooses("first", .skip, reason: "not tonight")])
        #expect(try await run.session() == .rolledBack)
        #expect(run.words == ["first@a": .skipped, "last@a": .failed])
    }

    @Test("a checkpoint that was not reached is no target: the failure is asked about instead, and nothing is undone")
    func unreachedByRule() async throws {
        let steps = [
            step("base") { $0.verifiedAndUndone() },
            step("first", needs: ["base"]) { $0.onFailure = .rollback(named("core")) },
            step("other", needs: ["base"], on: ["b"]), checkpoint("core", needs: ["first", "other"]),
        ]
        let run = try SimulatedRun(steps, special: [fails("start first")])
        #expect(try await run.session() == .failed)
        #expect(run.folded.rollback == nil && run.word("base@a") == .ok)
        let asked = run.storage.records.compactMap { if case .asked(let question) = $0 { question.text } else { nil } }
        #expect(
            asked == [
                "exit status 1; the runbook wants a rollback, but checkpoint \"core\" has not been reached"
            ])
    }

    private static func tiers() -> [Step] {
        [
            step("storage") { $0.verifiedAndUndone() }, checkpoint("core", needs: ["storage"]),
            step("db", needs: ["cp-core"], on: ["a", "b"]) { $0.verifiedAndUndone() },
            checkpoint("data", needs: ["db"]), step("app", needs: ["cp-data"], on: ["b"]) { $0.verifiedAndUndone() },
        ]
    }

    @Test("an interrupted rollback goes further back when a wider target is named, at whatever moment it was killed")
    func widened() async throws {
        var moments = 0
        for crashAt in 1... {
            let run = try SimulatedRun(Self.tiers())
            #expect(try await run.session() == .succeeded)
            let first = try await run.session(.rollbackRequested(target: "core", by: "lead"), crashAt: crashAt)
            if first != nil { break }
            guard run.folded.isRollingBack else { continue }
            moments += 1
            #expect(try await run.session(.rollbackRequested(target: "start", by: "lead")) == .rolledBack)
            let stops = run.ran.filter { $0.hasPrefix("stop") }
            #expect(
                stops.sorted() == ["stop app@b", "stop db@a", "stop db@b", "stop storage@a"],
                "killed at append \(crashAt)")
            #expect(stops.first == "stop app@b" && stops.last == "stop storage@a")
            #expect(run.folded.rollback?.target == "start")
        }
        #expect(moments > 5)
    }

    @Test("an interrupted rollback does not stop short of its target")
    func narrowed() async throws {
        let run = try SimulatedRun(Self.tiers())
        #expect(try await run.session() == .succeeded)
        #expect(try await run.session(.rollbackRequested(target: "core", by: "lead"), crashAt: 3) == nil)
        #expect(run.folded.isRollingBack)
        #expect(try await run.session(.rollbackRequested(target: "data", by: "lead")) == .failed)
        #expect(run.folded.halted == "a rollback to \"core\" is under way, which goes further back than \"data\"")
        #expect(try await run.session() == .rolledBack)
    }

    @Test("of two rollbacks that steps want at the same time, the one that goes further back is done")
    func twoRules() async throws {
        let steps = [
            step("base") { $0.verifiedAndUndone() }, checkpoint("one", needs: ["base"]),
            step("mid", needs: ["cp-one"]) { $0.verifiedAndUndone() }, checkpoint("two", needs: ["mid"]),
            step("near", needs: ["cp-two"]) { $0.onFailure = .rollback(named("two")) },
            step("far", needs: ["cp-two"], on: ["b"]) { $0.onFailure = .rollback(named("one")) },
        ]
        let run = try SimulatedRun(
            steps, special: [fails("start near"), answer("start far", takes: 5) { $0.exit = 1 }])
        #expect(try await run.session() == .rolledBack)
        #expect(run.word("mid@a") == .undone && run.word("base@a") == .ok)
    }
}

@Suite("A pause holds")
struct PauseTests {
    private let facts = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))

    @Test("what had been contacted when the pause came is not started, and has its turn when it ends")
    func contacted() throws {
        var dialogue = try Dialogue([step("first")])
        #expect(dialogue.begin() == ["contact"])
        #expect(dialogue.tell(.pauseToggled) == ["paused by tester"])
        #expect(dialogue.reply(facts) == ["seen a b1"])
        #expect(dialogue.tell(.tick) == [])
        #expect(dialogue.tell(.pauseToggled) == ["tester lets it go on", "contact"])
        #expect(dialogue.reply(facts) == ["intent action 1", "submit r1/first.a.1: start first"])
    }

    @Test("what was looked at when the pause came is not started either")
    func looked() throws {
        var dialogue = try Dialogue([step("first") { $0.verify = check("is first") }])
        #expect(dialogue.begin() == ["probe is first"])
        dialogue.tell(.pauseToggled)
        #expect(dialogue.reply(.probe(ProbeAnswer(.exit(.exited(1))))) == [])
        #expect(dialogue.tell(.pauseToggled) == ["tester lets it go on", "probe is first"])
    }

    @Test("an attempt that never ran is not begun again while the run is paused")
    func fenced() throws {
        var dialogue = try Dialogue.submitted(step("db"))
        dialogue.tell(.pauseToggled)
        var status = ReceiptStatus(claimed: true, go: .fenced, boot: "b1")
        status.home = "h1"
        #expect(dialogue.reply(.receipt(status)) == ["end 1 never ran: the command had not started", "contact"])
        #expect(dialogue.reply(facts) == [])
        #expect(dialogue.tell(.pauseToggled) == ["tester lets it go on", "contact"])
    }

    @Test("an undo that had been contacted waits as well")
    func undo() throws {
        var dialogue = try Dialogue([step("db") { $0.undo = .run(text("stop db"), timeout: .seconds(9), verify: nil) }])
        _ = dialogue.begin()
        dialogue.reply(facts)
        dialogue.reply(.ended(.exited(0)))
        dialogue.restart()
        #expect(dialogue.tell(.rollbackRequested(target: "start", by: "lead")).last == "contact")
        dialogue.tell(.pauseToggled)
        #expect(dialogue.reply(facts) == [])
        #expect(dialogue.tell(.pauseToggled) == ["tester lets it go on", "contact"])
        #expect(dialogue.reply(facts) == ["intent undo 1", "submit r1/db.a.u1: stop db"])
    }
}
