import RunbookEngine
import RunbookJournal
import RunbookModel
import RunbookPlan
import RunbookTransport
import Testing

private let facts = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))
private let ended = HostReply.receipt(
    ReceiptStatus(claimed: true, go: .run(boot: "b1"), end: .exit(0), alive: false, boot: "b1"))

private func probed(_ code: Int) -> HostReply { .probe(ProbeAnswer(.exit(.exited(code)))) }

@Suite("A step waits for all that it rests on, also through others")
struct NeedsMetTests {
    private static let last: [@Sendable () -> Step] = [
        { step("last", needs: ["second"]) }, { step("last", needs: ["second"], on: ["c"]) },
        {
            step("last", needs: ["second"], on: ["b"]) { $0.skipIf = .never }
        },
        { checkpoint("last", needs: ["second"]) },
        {
            var wait = Step(id: "last", name: "last", action: .waitFor(check("is last")), at: place)
            (wait.needs, wait.hosts) = ([named("second")], [named("b")])
            return wait
        },
        {
            var manual = Step(id: "last", name: "last", action: .manual(text("look")), at: place)
            manual.needs = [named("second")]
            return manual
        },
        {
            let approval = Approval(roles: [named("lead")], count: 1, message: nil, timeout: nil)
            var step = Step(id: "last", name: "last", action: .approval(approval), at: place)
            step.needs = [named("second")]
            return step
        },
    ]

    /// A run that was stopped once `first`, and `second` that needs it, were done; then `first` lapsed.
    private static func lapsed(_ last: Step) throws -> Dialogue {
        let steps = [
            step("first") {
                $0.verify = check("is first")
                $0.skipIf = .never
            }, step("second", needs: ["first"], on: ["b"]), last,
        ]
        var dialogue = try Dialogue(steps)
        _ = dialogue.begin()
        dialogue.reply(facts)
        dialogue.reply(ended)
        #expect(dialogue.reply(probed(0)).last == "contact")
        dialogue.reply(facts)
        dialogue.tell(.haltRequested(reason: "enough"))
        #expect(dialogue.reply(ended).contains("ok second@b: exit status 0"))
        dialogue.restart()
        #expect(dialogue.begin() == ["probe is first"])
        for _ in 0..<2 {
            dialogue.reply(probed(1))
            _ = dialogue.elapse()
        }
        return dialogue
    }

    @Test("nothing starts behind what lapsed, also where the step in between is done", arguments: last.indices)
    func behindALapse(_ row: Int) throws {
        var dialogue = try Self.lapsed(Self.last[row]())
        let why = "it was done, but no longer holds: the check exited with 1, not 0"
        #expect(
            dialogue.reply(probed(1)) == ["pending first@a: \(why)", "asked lapsed", "ask lapsed: \(why)"])
        // Then it is tried again, and while it runs nothing behind it starts either.
        #expect(dialogue.choose(.retry).suffix(2) == ["pending first@a: to be tried again", "contact"])
        #expect(dialogue.reply(facts).last == "submit r1/first.a.2: start first")
        #expect(dialogue.reply(ended) == ["end 2 exited 0", "probe is first"])
        let said = dialogue.reply(probed(0))
        #expect(said.first == "ok first@a: verified: `is first` exited with 0")
        #expect(said.count > 1, "what waited for it starts now")
    }

    @Test("what lapsed and is skipped holds nothing back")
    func skipped() throws {
        var dialogue = try Self.lapsed(step("last", needs: ["second"]))
        dialogue.reply(probed(1))
        #expect(dialogue.choose(.skip, reason: "not needed today").last == "contact")
    }

    /// Always the same numbers.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33 | state << 31
        }
    }

    @Test("what is counted step by step is what a look at everything finds", arguments: 1...40)
    func model(_ seed: UInt64) throws {
        var dice = Dice(state: seed)
        let steps = (0..<30).map { number in
            let needs = (0..<number).filter { _ in Int.random(in: 0..<number, using: &dice) < 2 }
            return step(
                "s\(number)", needs: needs.map { "s\($0)" }, on: Bool.random(using: &dice) ? ["a", "b"] : ["a"])
        }
        let plan = try plan(steps)
        var state = RunState(tasks: plan.tasks.count, approvals: .rehearsal)
        var needs = NeedsMet(plan, state)
        var reported: Set<Int> = []
        for _ in 0..<600 {
            let before = plan.tasksOfStep.indices.map { needs.areMet($0) }
            let task = Int.random(in: plan.tasks.indices, using: &dice)
            let word: StepState =
                [.ok, .ok, .already, .skipped, .pending, .unclear, .failed].randomElement(using: &dice) ?? .ok
            state.evolve(
                .taskSettled(TaskSettlement(task: plan.tasks[task].id, state: word, reason: "", by: nil)), plan)
            needs.update(task, plan, state)
            reported = Set(needs.takeMet())
            for step in plan.tasksOfStep.indices {
                let rests = plan.ancestors(ofStep: plan.runbook.steps[step].id)
                let isMet = rests.allSatisfy { state.isThrough($0) }
                #expect(needs.areMet(step) == isMet)
                if isMet, !before[step] { #expect(reported.contains(step)) }
            }
            #expect((0..<30).allSatisfy { NeedsMet(plan, state).areMet($0) == needs.areMet($0) })
        }
    }

    @Test("a run from its start to its end looks at each need once, however long the chains are")
    func cost() throws {
        let count = 600
        // Each step needs the five before it: a closure of all of them would be hundreds of times larger.
        let steps = (0..<count).map { number in
            step("s\(number)", needs: (max(0, number - 5)..<number).map { "s\($0)" })
        }
        let plan = try plan(steps)
        var state = RunState(tasks: plan.tasks.count, approvals: .rehearsal)
        var needs = NeedsMet(plan, state)
        func settle(_ task: Int, _ word: StepState) {
            state.evolve(
                .taskSettled(TaskSettlement(task: plan.tasks[task].id, state: word, reason: "", by: nil)), plan)
            needs.update(task, plan, state)
        }
        for task in plan.tasks.indices { settle(task, .ok) }
        let edges = plan.stepNeeds.reduce(0) { $0 + $1.count }
        #expect(needs.looks == edges)
        // All of them lapse, the last first and then the first first: what lies behind a lapse already is not looked at.
        for task in plan.tasks.indices.reversed() { settle(task, .pending) }
        #expect(needs.looks <= 2 * edges)
        for task in plan.tasks.indices { settle(task, .ok) }
        for task in plan.tasks.indices { settle(task, .pending) }
        #expect(needs.looks <= 4 * edges)
    }
}
