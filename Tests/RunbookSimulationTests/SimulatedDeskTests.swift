import RunbookModel
import RunbookSimulation
import RunbookTransport
import Testing

@Suite("The fixture's operator, and what it expects")
struct SimulatedDeskTests {
    private func line(
        _ step: String, host: String? = nil, answer: Choice? = nil, choose: [OperatorChoice] = [],
        reason: String? = nil,
        after: Duration = .zero
    ) -> OperatorLine {
        var line = OperatorLine(step: named(step))
        line.host = host
        line.answer = answer
        line.choose = choose
        line.reason = reason
        line.after = after
        return line
    }

    private func fixture(_ lines: [OperatorLine]) -> Fixture {
        var fixture = siteFixture()
        fixture.operatorLines = lines
        return fixture
    }

    private func ask(
        _ desk: SimulatedDesk, _ clock: VirtualClock, _ kind: QuestionKind, _ step: String, host: String? = nil,
        choices: [Choice] = Choice.allCases
    ) async -> OperatorReply? {
        let heard = Lock<OperatorReply?>(nil)
        desk.ask(Question(kind, task: TaskID(step: step, host: host), text: "", choices: choices)) { reply in
            heard.withLock { $0 = reply }
        }
        _ = await clock.idle { heard.withLock { $0 != nil } }
        return heard.withLock { $0 }
    }

    private func says(_ choice: Choice, _ reason: String? = nil) -> OperatorReply {
        .choice(choice, reason: reason, by: "fixture operator")
    }

    @Test("a manual step is done when there is a line for it, after the time it says")
    func manual() async {
        let clock = SimulatedWorld(fixture([line("a", after: .seconds(240)), line("b", answer: .failed)]))
            .openSession()
        let desk = SimulatedDesk(clock)
        #expect(await ask(desk, clock, .manual, "a") == says(.done))
        #expect(clock.now().uptime == 240_000)
        #expect(await ask(desk, clock, .manual, "b") == says(.failed))
        #expect(await ask(desk, clock, .manual, "c") == .nobody)
    }

    @Test("choices are used up in turn, across kinds of question, hosts and crashes")
    func inTurn() async {
        let world = SimulatedWorld(
            fixture([
                line(
                    "a", choose: [.init(.retry), .init(.skip), .init(.rollback), .init(.rollback, to: named("core"))],
                    reason: "broken PSU")
            ]))
        let clock = world.openSession()
        let desk = SimulatedDesk(clock)
        #expect(await ask(desk, clock, .failure, "a", host: "hv1") == says(.retry, "broken PSU"))
        #expect(await ask(desk, clock, .unclear, "a", host: "hv2") == says(.skip, "broken PSU"))
        world.crash(clock)
        let next = world.openSession()
        let nextDesk = SimulatedDesk(next)
        #expect(await ask(nextDesk, next, .lapsed, "a") == says(.rollback))
        #expect(await ask(nextDesk, next, .irreversible, "a") == says(.rollback, "core"))
        #expect(await ask(nextDesk, next, .failure, "a") == .nobody)
    }

    @Test("a line for a host answers for that host alone")
    func perHost() async {
        let clock = SimulatedWorld(
            fixture([line("a", host: "hv1", choose: [.init(.stop)]), line("a", choose: [.init(.skip)])])
        ).openSession()
        let desk = SimulatedDesk(clock)
        #expect(await ask(desk, clock, .failure, "a", host: "hv2") == says(.skip))
        #expect(await ask(desk, clock, .failure, "a", host: "hv1") == says(.stop))
        #expect(await ask(desk, clock, .failure, "a", host: "hv1") == .nobody)
    }

    @Test("a choice that is not offered is no answer")
    func notOffered() async {
        let clock = SimulatedWorld(fixture([line("a", choose: [.init(.retry)])])).openSession()
        #expect(await ask(SimulatedDesk(clock), clock, .irreversible, "a", choices: [.rollback, .stop]) == .nobody)
    }

    @Test("a withdrawn question is never answered")
    func withdrawn() async {
        let clock = SimulatedWorld(fixture([line("a", after: .seconds(10))])).openSession()
        let desk = SimulatedDesk(clock)
        let heard = Lock(0)
        for step in ["a", "b"] {
            desk.ask(Question(.manual, task: TaskID(step: step, host: nil), text: "", choices: Choice.allCases)) { _ in
                heard.withLock { $0 += 1 }
            }
        }
        desk.withdraw(TaskID(step: "a", host: nil))
        #expect(await clock.idle { false } == false)
        #expect(heard.withLock { $0 } == 1)
    }

    @Test("what does not hold is said, a sentence each")
    func expectation() {
        var expectation = Expectation(at: place)
        expectation.outcome = "succeeded"
        expectation.order = [named("a"), named("b"), named("x"), named("c")]
        expectation.steps = [
            ExpectedState(step: named("a"), state: .ok), ExpectedState(step: named("b"), state: .ok),
            ExpectedState(step: named("y"), state: .ok),
        ]
        expectation.maxDuration = .seconds(7_200)
        #expect(
            checkExpectation(
                expectation, outcome: "failed", began: ["b", "a", "c", "b"], states: ["a": .ok, "b": .failed],
                duration: .seconds(7_260)) == [
                    "the run ended as `failed`; the fixture expects `succeeded`",
                    "step `b` began before `a`; the fixture expects it after",
                    "step `x` did not begin; the fixture expects it to",
                    "step `b` ended as `failed`; the fixture expects `ok`",
                    "step `y` is not part of the run; the fixture expects it to be `ok`",
                    "the run took 2h1m; the fixture allows 2h",
                ])
        #expect(
            checkExpectation(
                expectation, outcome: "succeeded", began: ["a", "z", "b", "x", "c"],
                states: ["a": .ok, "b": .ok, "y": .ok], duration: .seconds(7_200)
            ).isEmpty)
        #expect(
            checkExpectation(Expectation(at: place), outcome: "failed", began: [], states: [:], duration: .zero).isEmpty
        )
    }
}
