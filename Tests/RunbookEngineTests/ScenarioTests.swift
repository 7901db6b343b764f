import RunbookEngine
import RunbookModel
import RunbookSimulation
import RunbookTransport
import Testing

/// A run of a few steps on a site with a flaw, and how it ends: what ran in which order, and every task's word.
struct Scenario: Sendable, CustomTestStringConvertible {
    var claim: String
    var steps: [Step]
    var special: [Answer] = []
    var faults: [Fault] = []
    var people: [OperatorLine] = []
    var outcome: Outcome
    var ran: [String]
    var words: [String: StepState]

    var testDescription: String { claim }
}

private func fails(_ command: String, exit: Int = 1) -> Answer { answer(command) { $0.exit = exit } }

private func fault(_ kind: Fault.Kind, on host: String, from step: String? = nil, times: Int? = nil) -> Fault {
    var fault = Fault(kind, host: host, at: place)
    fault.from = step.map(named)
    fault.times = times
    return fault
}

/// `first`, and `second` that needs it; `aside` needs nothing.
private func chain(_ change: (inout Step) -> Void) -> [Step] {
    [step("first", change: change), step("second", needs: ["first"]), step("aside", on: ["b"])]
}

private func manual(_ id: String, needs: [String] = []) -> Step {
    var step = Step(id: id, name: id, action: .manual(text("look")), at: place)
    step.needs = needs.map(named)
    return step
}

private func waiting(_ id: String, retries: Int, needs: [String] = []) -> Step {
    var step = Step(id: id, name: id, action: .waitFor(check("is \(id)", retries: retries)), at: place)
    step.needs = needs.map(named)
    step.hosts = [named("a")]
    return step
}

private let failure: [Scenario] = [
    Scenario(
        claim: "ask, and nobody there: what waits stays pending, what does not goes on",
        steps: chain { _ in }, special: [fails("start first")],
        outcome: .failed, ran: ["start aside@b", "start first@a"],
        words: ["first@a": .failed, "second@a": .pending, "aside@b": .ok]),
    Scenario(
        claim: "ask, and a person tries again: a second attempt",
        steps: chain { _ in },
        special: [answer("start first") { $0.when = [StateValue(key: "fixed", value: "on")] }, fails("start first")],
        people: [chooses("first", .retry, .retry)],
        outcome: .failed, ran: ["start aside@b", "start first@a", "start first@a", "start first@a"],
        words: ["first@a": .failed, "second@a": .pending, "aside@b": .ok]),
    Scenario(
        claim: "ask, and a person skips it: the rest goes on, with a gap",
        steps: chain { _ in }, special: [fails("start first")],
        people: [chooses("first", .skip, reason: "broken")],
        outcome: .succeededWithGaps, ran: ["start aside@b", "start first@a", "start second@a"],
        words: ["first@a": .skipped, "second@a": .ok, "aside@b": .ok]),
    Scenario(
        claim: "ask, and a person has done it by hand: it counts as done",
        steps: chain { _ in }, special: [fails("start first")], people: [chooses("first", .done)],
        outcome: .succeeded, ran: ["start aside@b", "start first@a", "start second@a"],
        words: ["first@a": .ok, "second@a": .ok, "aside@b": .ok]),
    Scenario(
        claim: "ask, and a person says it is done, but its check does not see it: asked again, and not run again",
        steps: chain {
            $0.verify = check("is first")
            $0.retries = 1
        }, special: [fails("is first")], people: [chooses("first", .done)],
        outcome: .failed, ran: ["start aside@b", "start first@a", "start first@a"],
        words: ["first@a": .failed, "second@a": .pending, "aside@b": .ok]),
    Scenario(
        claim: "ask, and a person stops: nothing new starts",
        steps: chain { _ in }, special: [fails("start first")], people: [chooses("first", .stop)],
        outcome: .failed, ran: ["start aside@b", "start first@a"],
        words: ["first@a": .failed, "second@a": .pending, "aside@b": .ok]),
    Scenario(
        claim: "stop: what is in flight ends, nothing new starts",
        steps: chain { $0.onFailure = .stop } + [step("later", needs: ["aside"], on: ["b"])],
        special: [fails("start first")],
        outcome: .failed, ran: ["start aside@b", "start first@a"],
        words: ["first@a": .failed, "second@a": .pending, "aside@b": .ok, "later@b": .pending]),
    Scenario(
        claim: "continue: what waits for it starts all the same, and the run ends with gaps",
        steps: chain { $0.onFailure = .carryOn }, special: [fails("start first")],
        outcome: .succeededWithGaps, ran: ["start aside@b", "start first@a", "start second@a"],
        words: ["first@a": .failed, "second@a": .ok, "aside@b": .ok]),
    Scenario(
        claim: "retries: that many more attempts, then the question",
        steps: chain { $0.retries = 2 }, special: [fails("start first")],
        outcome: .failed, ran: ["start aside@b", "start first@a", "start first@a", "start first@a"],
        words: ["first@a": .failed, "second@a": .pending, "aside@b": .ok]),
    Scenario(
        claim: "retry: three rounds more, then the question",
        steps: chain { $0.onFailure = .retry }, special: [fails("start first")],
        outcome: .failed,
        ran: ["start aside@b", "start first@a", "start first@a", "start first@a", "start first@a"],
        words: ["first@a": .failed, "second@a": .pending, "aside@b": .ok]),
    Scenario(
        claim: "rollback: what was done is undone, the failed step is left",
        steps: [
            step("base") { $0.verifiedAndUndone() },
            step("first", needs: ["base"]) { $0.onFailure = .rollback(nil) },
        ],
        special: [fails("start first")],
        outcome: .rolledBack, ran: ["start base@a", "start first@a", "stop base@a"],
        words: ["base@a": .undone, "first@a": .failed]),
    Scenario(
        claim: "rollback: of a failed step whose effect is not there, nothing is left to undo",
        steps: [
            step("base") { $0.verifiedAndUndone() }, waiting("ready", retries: 1, needs: ["base"]),
            step("first", needs: ["ready"]) {
                $0.verifiedAndUndone()
                $0.onFailure = .rollback(nil)
            },
        ],
        special: [fails("start first"), answer("is ready")],
        outcome: .rolledBack, ran: ["start base@a", "start first@a", "stop base@a"],
        words: ["base@a": .undone, "ready@a": .pending, "first@a": .undone]),
]

private let checks: [Scenario] = [
    Scenario(
        claim: "a step whose check passes already does not run",
        steps: [step("first") { $0.verify = check("is first") }], special: [answer("is first")],
        outcome: .succeeded, ran: [], words: ["first@a": .already]),
    Scenario(
        claim: "skip_if: never runs it all the same",
        steps: [
            step("first") {
                $0.verify = check("is first")
                $0.skipIf = .never
            }
        ], special: [answer("is first")],
        outcome: .succeeded, ran: ["start first@a"], words: ["first@a": .ok]),
    Scenario(
        claim: "skip_if: a check of its own decides",
        steps: [step("first") { $0.skipIf = .check(check("is up")) }], special: [answer("is up")],
        outcome: .succeeded, ran: [], words: ["first@a": .already]),
    Scenario(
        claim: "a command that ends well and changes nothing has failed its check",
        steps: [step("first") { $0.verify = check("is first", retries: 2) }], special: [fails("is first")],
        outcome: .failed, ran: ["start first@a"], words: ["first@a": .failed]),
    Scenario(
        claim: "a wait passes when the site is ready",
        steps: [step("db"), waiting("db2", retries: 3, needs: ["db"])],
        special: [answer("is db2") { $0.when = [StateValue(key: "db", value: "on")] }],
        outcome: .succeeded, ran: ["start db@a"], words: ["db@a": .ok, "db2@a": .ok]),
    Scenario(
        claim: "a wait that is never over fails",
        steps: [waiting("db2", retries: 3)], special: [fails("is db2")],
        outcome: .failed, ran: [], words: ["db2@a": .failed]),
]

private let people: [Scenario] = [
    Scenario(
        claim: "a manual step that nobody answers waits, and what does not need it goes on",
        steps: [manual("look"), step("first", needs: ["look"]), step("aside")],
        outcome: .waiting, ran: ["start aside@a"],
        words: ["look": .yourTurn, "first@a": .pending, "aside@a": .ok]),
    Scenario(
        claim: "a manual step that is done lets the next one start",
        steps: [manual("look"), step("first", needs: ["look"])],
        people: [chooses("look")],
        outcome: .succeeded, ran: ["start first@a"], words: ["look": .ok, "first@a": .ok]),
    Scenario(
        claim: "a command that hangs is stopped at its timeout",
        steps: [step("first") { $0.timeout = .seconds(30) }], faults: [fault(.hang, on: "a")],
        outcome: .failed, ran: ["start first@a"], words: ["first@a": .failed]),
    Scenario(
        claim: "a connection that is cut in the middle costs nothing",
        steps: [step("first"), step("second", needs: ["first"])], faults: [fault(.drop, on: "a", times: 1)],
        outcome: .succeeded, ran: ["start first@a", "start second@a"], words: ["first@a": .ok, "second@a": .ok]),
    Scenario(
        claim: "no host to be reached, nothing started: that is no failure of a step",
        steps: [step("first")], faults: [fault(.unreachable, on: "a")],
        outcome: .unreachable, ran: [], words: ["first@a": .failed]),
    Scenario(
        claim: "no host lets us in, nothing started: that is no failure of a step either",
        steps: [step("first")], faults: [fault(.refuse, on: "a")],
        outcome: .unreachable, ran: [], words: ["first@a": .failed]),
    Scenario(
        claim: "one host of two is dark: the other is started, what needs both waits",
        steps: [step("first", on: ["a", "b"]), step("second", needs: ["first"])],
        faults: [fault(.unreachable, on: "b")],
        outcome: .failed, ran: ["start first@a"],
        words: ["first@a": .ok, "first@b": .failed, "second@a": .pending]),
    Scenario(
        claim: "a checkpoint is reached when all before it are through",
        steps: [step("first"), checkpoint("core", needs: ["first"])],
        outcome: .succeeded, ran: ["start first@a"], words: ["first@a": .ok, "cp-core": .ok]),
]

@Suite("How a run ends")
struct ScenarioTests {
    private func expect(_ row: Scenario) async throws {
        var lines = row.people
        for index in lines.indices where lines[index].choose.isEmpty { lines[index].answer = .done }
        let run = try SimulatedRun(row.steps, special: row.special, faults: row.faults, operatorLines: lines)
        #expect(try await run.session() == row.outcome)
        #expect(run.ran.sorted() == row.ran.sorted())
        #expect(run.words == row.words)
    }

    @Test("on failure", arguments: failure)
    func onFailure(_ row: Scenario) async throws { try await expect(row) }

    @Test("with checks", arguments: checks)
    func withChecks(_ row: Scenario) async throws { try await expect(row) }

    @Test("with people and faults", arguments: people)
    func withPeople(_ row: Scenario) async throws { try await expect(row) }

    @Test("never more tasks at once than the run and the host allow, and always as many as may be")
    func limits() async throws {
        let steps = (0..<120).map { number in step("s\(number)", on: [["a", "b", "c"][number % 3]]) }
        let run = try SimulatedRun(steps)
        #expect(try await run.session() == .succeeded)
        // Three hosts, four tasks each, three seconds a command: 120 commands take ten rounds.
        #expect(run.ran.count == 120)
        var open: [String: Int] = [:]
        var most: [String: Int] = [:]
        for record in run.storage.records {
            switch record {
            case .attemptIntended(let intent):
                let host = intent.attempt.task.host ?? "local"
                open[host, default: 0] += 1
                most[host] = max(most[host] ?? 0, open[host] ?? 0)
            case .attemptEnded(let end): open[end.attempt.task.host ?? "local", default: 0] -= 1
            default: break
            }
        }
        #expect(most == ["a": 4, "b": 4, "c": 4])
    }

    @Test("of what is ready, the longest way to the end comes first")
    func longestFirst() async throws {
        var steps = (0..<6).map { step("short\($0)") }
        steps.append(step("long"))
        steps.append(step("after", needs: ["long"]))
        let run = try SimulatedRun(steps)
        #expect(try await run.session() == .succeeded)
        #expect(run.ran.first == "start long@a")
    }

    @Test("what was done and no longer holds is said and asked about in the next session")
    func lapsed() async throws {
        let steps = [
            step("first") { $0.verifiedAndUndone() }, manual("look", needs: ["first"]),
            step("second", needs: ["look"]),
        ]
        var skip = chooses("first", .skip, reason: "it is gone")
        skip.answer = nil
        let run = try SimulatedRun(steps, operatorLines: [skip])
        #expect(try await run.session() == .waiting)
        #expect(run.word("first@a") == .ok)
        run.world.change("a", "first", to: nil)
        #expect(try await run.session() == .waiting)
        #expect(run.word("first@a") == .skipped)
        #expect(
            run.storage.records.contains { record in
                if case .asked(let question) = record { question.kind == .lapsed } else { false }
            })
    }

    @Test("halting lets what is in flight end and starts nothing new")
    func halting() throws {
        var dialogue = try Dialogue([step("first"), step("second", needs: ["first"])])
        _ = dialogue.begin()
        dialogue.reply(.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1")))
        #expect(dialogue.tell(.haltRequested(reason: "Ctrl-C")) == ["halted: Ctrl-C"])
        #expect(
            dialogue.reply(.ended(.exited(0))) == [
                "end 1 exited 0", "ok first@a: exit status 0", "closed interrupted", "finish interrupted",
            ])
    }

    @Test("paused, what is in flight ends and nothing new starts, until it goes on")
    func paused() throws {
        var dialogue = try Dialogue([step("first"), step("second", needs: ["first"])])
        _ = dialogue.begin()
        dialogue.reply(.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1")))
        #expect(dialogue.tell(.pauseToggled) == ["paused by tester"])
        #expect(dialogue.reply(.ended(.exited(0))) == ["end 1 exited 0", "ok first@a: exit status 0"])
        #expect(dialogue.tell(.tick) == [])
        #expect(dialogue.tell(.pauseToggled) == ["tester lets it go on", "contact"])
        dialogue.reply(.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1")))
        #expect(dialogue.reply(.ended(.exited(0))).last == "finish succeeded")
    }

    @Test("paused, a retry waits, and a check is repeated all the same")
    func pausedRetry() throws {
        var dialogue = try Dialogue.submitted(
            step("db") {
                $0.retries = 1
                $0.verify = check("is db", retries: 1)
                $0.skipIf = .never
            })
        dialogue.tell(.pauseToggled)
        #expect(dialogue.reply(.ended(.exited(0))) == ["end 1 exited 0", "probe is db"])
        #expect(dialogue.reply(.probe(ProbeAnswer(.exit(.exited(1))))) == ["wait 1000 ms"])
        #expect(dialogue.elapse() == ["probe is db"])
        #expect(dialogue.reply(.probe(ProbeAnswer(.exit(.exited(1))))).last == "wait 1000 ms")
        #expect(dialogue.elapse() == [])
        #expect(dialogue.tell(.pauseToggled) == ["tester lets it go on", "contact"])
    }

    @Test("a session that was killed while it was paused goes on with the next one; a rollback ends a pause")
    func pausedAndKilled() throws {
        var dialogue = try Dialogue.submitted(step("db"))
        dialogue.tell(.pauseToggled)
        dialogue.restart()
        #expect(dialogue.begin() == ["tester lets it go on", "inspect r1/db.a.1"])
        dialogue.tell(.pauseToggled)
        #expect(
            dialogue.tell(.rollbackRequested(target: nil, by: "lead")).prefix(2) == [
                "rollback to start decided by lead", "lead lets it go on",
            ])
    }

    @Test("paused, it can still be stopped")
    func pausedAndHalted() throws {
        var dialogue = try Dialogue.submitted(step("db"))
        dialogue.tell(.pauseToggled)
        #expect(dialogue.tell(.haltRequested(reason: "q")) == ["halted: q"])
        #expect(dialogue.tell(.pauseToggled) == [])
        #expect(dialogue.reply(.ended(.exited(0))).last == "finish interrupted")
    }
}
