import RunbookEngine
import RunbookJournal
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

/// A run whose hosts look into another home, or that somebody else carries on: nothing runs twice.
@Suite("Another home, other hands")
struct OtherHandsTests {
    /// Nothing that could be looked at instead: only receipts tell.
    private func steps() -> [Step] {
        [step("one", on: ["a", "b"]), step("two", needs: ["one"], on: ["b"]), step("three", needs: ["two"])]
    }

    private func isOnce(_ run: SimulatedRun) -> Bool { Set(run.ran).count == run.ran.count }

    @Test("killed at any moment and resumed in another home, no command runs twice", arguments: [false, true])
    func otherHome(losesLast: Bool) async throws {
        var unclear = 0
        for crashAt in 1... {
            let run = try SimulatedRun(steps())
            guard try await run.session(crashAt: crashAt, losesLast: losesLast) == nil else { break }
            for host in ["a", "b"] { run.world.moveHome(of: host) }
            _ = try await run.session()
            #expect(isOnce(run), "killed at append \(crashAt): \(run.ran)")
            if run.words.values.contains(.unclear) { unclear += 1 }
        }
        #expect(unclear > 0)
    }

    @Test("in the same home, every command still runs exactly once")
    func sameHome() async throws {
        for crashAt in 1... {
            let run = try SimulatedRun(steps())
            guard try await run.session(crashAt: crashAt) == nil else { break }
            #expect(try await run.session() == .succeeded)
            #expect(run.ran.sorted() == ["start one@a", "start one@b", "start three@a", "start two@b"])
        }
    }

    @Test("of two copies of a run one goes on; the other stops at the first command that was sent before it")
    func forkedCopies() async throws {
        var stopped = 0
        for crashAt in 1... {
            let run = try SimulatedRun(steps())
            guard try await run.session(crashAt: crashAt) == nil else { break }
            let copy = run.forked()
            let first = try await run.session()
            #expect(first == .succeeded)
            let second = try await copy.session()
            #expect(isOnce(run), "forked at append \(crashAt): \(run.ran)")
            if second == .elsewhere {
                stopped += 1
                #expect(
                    copy.storage.records.contains {
                        if case .halted(let why) = $0 {
                            why.contains("somebody else is carrying on this run")
                        } else {
                            false
                        }
                    })
            }
        }
        #expect(stopped > 3)
    }

    /// `b` and `c` are on one host; `b` can be undone.
    private func undoable() -> [Step] {
        [step("b") { $0.verifiedAndUndone() }, step("c", needs: ["b"]), step("d", needs: ["c"])]
    }

    private let back = Event.rollbackRequested(target: RollbackPlan.start, by: "lead")

    @Test("of two copies, one that rolls back and one that goes on meet at the host: the second changes nothing")
    func oneGoesBack() async throws {
        for forwardFirst in [true, false] {
            for crashAt in 1... {
                let run = try SimulatedRun(undoable())
                guard try await run.session(crashAt: crashAt) == nil else { break }
                guard run.ran.contains("start b@a"), run.folded.tasks[0].actions > 0 else { continue }
                let copy = run.forked()
                let atFork = run.ran
                _ = try await run.session(forwardFirst ? .began : back)
                // Where nothing was done, nothing is missed.
                guard run.ran != atFork else { continue }
                let before = run.ran
                let second = try await copy.session(forwardFirst ? back : .began)
                #expect(run.ran == before, "forked at append \(crashAt): \(run.ran)")
                #expect(second != .succeeded && second != .rolledBack, "forked at append \(crashAt)")
            }
        }
    }

    /// Nothing comes after `b` that would go to its host: only looking at it can tell that somebody else was there.
    private func nothingAfter(_ checked: Bool) -> [Step] {
        [
            step("b") {
                if checked {
                    $0.verifiedAndUndone()
                } else {
                    $0.undo = .run(text("stop b"), timeout: .seconds(60), verify: nil)
                }
            }, checkpoint("end", needs: ["b"]),
        ]
    }

    @Test(
        "a copy takes its turn on a host before it believes what that remembers, and says of nothing that it is done or undone",
        arguments: [false, true])
    func turnBeforeBelief(checked: Bool) async throws {
        var looked = 0
        for (first, other) in [(Event.began, back), (back, .forwardRequested(by: "lead"))] {
            for crashAt in 1... {
                let run = try SimulatedRun(nothingAfter(checked))
                if case .rollbackRequested = first { #expect(try await run.session() == .succeeded) }
                guard try await run.session(first, crashAt: crashAt) == nil else { break }
                let copy = run.forked()
                let atFork = run.ran
                _ = try await run.session(other)
                guard run.ran != atFork else { continue }
                looked += 1
                let before = run.ran
                let second = try await copy.session()
                #expect(run.ran == before, "forked at append \(crashAt): \(run.ran)")
                #expect(second == .elsewhere, "forked at append \(crashAt): \(copy.words)")
            }
        }
        #expect(looked > 0)
    }

    @Test("two names of one machine are one place: its receipts are known under either")
    func twoNames() throws {
        let plan = try plan([step("b", on: ["a"]), step("c", needs: ["b"], on: ["b"])])
        var state = RunState(tasks: plan.tasks.count, approvals: .rehearsal)
        let name = AttemptName(task: TaskID(step: "b", host: "a"), kind: .action, number: 1)
        for record in [
            .hostSeen(HostSighting(host: "a", boot: "b1", clockOffset: 0, home: "h1")),
            .attemptIntended(AttemptIntent(attempt: name, digest: "", command: "", boot: "b1")),
            .attemptEnded(AttemptEnd(attempt: name, result: .exited(0))),
            .taskSettled(TaskSettlement(task: name.task, state: .ok, reason: "")),
        ] as [Record] { state.evolve(record, plan) }
        var engine = Engine(
            plan: plan,
            run: RunFacts(
                id: "r1", by: "t", mark: "m1", isRehearsal: true, session: RunningSession("s2", after: ["s1"])),
            state: state)
        var decision = engine.handle(.began)
        var outcomes: [Outcome] = []
        for _ in 0..<12 {
            guard case .send(let task, let token, let request)? = decision.effects.first else { break }
            let reply: HostReply =
                switch request.operation {
                case .arrive(let arrival) where arrival.turn?.after == "":
                    .contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1", session: "s1"))
                case .arrive: .contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1", session: "s2"))
                case .heads: .heads([ReceiptHead(receipt: "b.a.1", sequence: 1, hash: "00")])
                default: .ended(.exited(0))
                }
            decision = engine.handle(.replied(task: task, token: token, reply, output: nil))
            outcomes += decision.effects.compactMap { if case .finish(let outcome) = $0 { outcome } else { nil } }
        }
        #expect(outcomes == [.succeeded])
    }

    @Test("a copy that was made before the last session went on is too old to go back or on")
    func olderCopy() async throws {
        for first in [back, .began] {
            let run = try SimulatedRun(undoable())
            #expect(try await run.session() == .succeeded)
            // The copy knows of each session, and not of all that they did.
            let copy = run.forked()
            copy.storage.state.withLock { state in
                let end = state.records.firstIndex { if case .taskSettled = $0 { true } else { false } }
                state.records.removeSubrange(((end ?? 0) + 1)...)
            }
            let before = run.ran
            #expect(try await copy.session(first) == .elsewhere)
            #expect(run.ran == before)
        }
    }

    @Test("once the other is called dead, the copy goes on, and so do its later sessions")
    func calledDead() throws {
        let plan = try plan([step("b")])
        func engine(_ session: RunningSession) -> Engine {
            Engine(plan: plan, run: RunFacts(id: "r1", by: "t", mark: "m1", isRehearsal: true, session: session))
        }
        func facts(_ session: String) -> HostReply {
            .contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1", session: session))
        }
        func told(_ engine: inout Engine, _ first: Decision, _ reply: HostReply) -> Decision? {
            for case .send(let task, let token, _) in first.effects {
                return engine.handle(.replied(task: task, token: token, reply, output: nil))
            }
            return nil
        }
        var stopped = engine(RunningSession("s3", after: ["s1"]))
        let begun = stopped.handle(.began)
        #expect(told(&stopped, begun, facts("s2"))?.effects.contains(.finish(.elsewhere)) == true)
        var dead = engine(RunningSession("s3", after: ["s1"], isLast: true))
        let arrived = dead.handle(.began)
        guard let again = told(&dead, arrived, facts("s2")),
            case .send(_, _, let request) = again.effects.first, case .arrive(let arrival) = request.operation
        else {
            Issue.record("it did not take its turn")
            return
        }
        #expect(arrival.turn == Turn(session: "s3", after: "s2", mark: "m1"))
        #expect(
            told(&dead, again, facts("s3"))?.records.contains { if case .attemptIntended = $0 { true } else { false } }
                == true)
    }
}
