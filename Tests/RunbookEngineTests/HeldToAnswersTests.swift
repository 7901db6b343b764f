import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

private let facts = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0))
private let cutUnsent = HostReply.failure(TransportFailure(.lost, sent: false, "reset"))

private func receipt(end: ReceiptStatus.End?, out: Int = 0, alive: Bool = false) -> HostReply {
    .receipt(
        ReceiptStatus(claimed: true, go: .run(boot: "b1"), end: end, alive: alive, boot: "b1", stdoutBytes: out))
}

private func probed(_ result: ProbeAnswer.Result) -> HostReply { .probe(ProbeAnswer(result)) }

@Suite("Nothing is concluded from an answer that did not come")
struct HeldToAnswersTests {
    @Test(
        "once the receipt of an attempt was seen, a connection that breaks before anything is sent does not mean that it never ran",
        arguments: [
            receipt(end: .exit(0), out: 3), receipt(end: nil, alive: true),
        ])
    func seenIsSent(_ seen: HostReply) throws {
        var dialogue = try Dialogue.submitted(step("db"))
        dialogue.restart()
        #expect(dialogue.begin() == ["inspect r1/db.a.1"])
        #expect(dialogue.reply(seen) == ["attach r1/db.a.1 at 0, 0"])
        #expect(dialogue.reply(cutUnsent) == ["wait 500 ms"])
        #expect(dialogue.elapse() == ["inspect r1/db.a.1"])
        #expect(dialogue.reply(receipt(end: .exit(0))).first == "end 1 exited 0")
    }

    @Test("the same of an undo")
    func seenUndo() throws {
        var dialogue = try Self.undoSubmitted()
        dialogue.restart()
        #expect(dialogue.begin() == ["inspect r1/db.a.u1"])
        #expect(dialogue.reply(receipt(end: .exit(0), out: 3)) == ["attach r1/db.a.u1 at 0, 0"])
        #expect(dialogue.reply(cutUnsent) == ["wait 500 ms"])
        #expect(dialogue.elapse() == ["inspect r1/db.a.u1"])
    }

    /// A step that was done, in a session that rolls back: its undo has just been sent.
    private static func undoSubmitted() throws -> Dialogue {
        var dialogue = try Dialogue([
            step("db") {
                $0.verifiedAndUndone()
                $0.skipIf = .never
            }
        ])
        _ = dialogue.begin()
        dialogue.reply(facts)
        dialogue.reply(receipt(end: .exit(0)))
        #expect(dialogue.reply(probed(.exit(.exited(0)))).last == "finish succeeded")
        dialogue.restart()
        #expect(dialogue.tell(.rollbackRequested(target: "start", by: "lead")).last == "contact")
        #expect(dialogue.reply(facts).last == "submit r1/db.a.u1: stop db")
        return dialogue
    }

    @Test(
        "an undo is confirmed by an answer only: a check that hangs, is killed, is missing or can't be asked proves nothing",
        arguments: [
            probed(.timedOut), probed(.exit(.signalled("KILL"))), probed(.exit(.exited(127))),
            probed(.exit(.exited(126))), probed(.exit(.exited(137))), .deadline,
            .failure(TransportFailure(.unreachable, sent: false, "No route to host")),
            .failure(TransportFailure(.unsuitable, sent: true, "no space left")),
        ])
    func undoUnanswered(_ reply: HostReply) throws {
        var dialogue = try Self.undoSubmitted()
        #expect(dialogue.reply(receipt(end: .exit(0))) == ["end 1 exited 0", "probe is db"])
        let said = dialogue.reply(reply)
        #expect(said.first?.hasPrefix("undo unclear db@a: the undo ran, and its effect could not be checked") == true)
        #expect(said.last?.hasPrefix("ask undo") == true)
    }

    @Test("a check that answers no confirms an undo")
    func undoAnswered() throws {
        var dialogue = try Self.undoSubmitted()
        dialogue.reply(receipt(end: .exit(0)))
        #expect(
            dialogue.reply(probed(.exit(.exited(1)))).first?.hasPrefix("undo undone db@a: its effect is gone") == true)
    }

    @Test("whether there is anything to undo is told by an answer only")
    func undoCheckUnanswered() throws {
        var dialogue = try Dialogue([
            step("db") {
                $0.verifiedAndUndone()
                $0.skipIf = .never
            }
        ])
        _ = dialogue.begin()
        dialogue.reply(facts)
        dialogue.reply(receipt(end: .exit(3)))
        dialogue.choose(.stop)
        dialogue.restart()
        #expect(dialogue.tell(.rollbackRequested(target: "start", by: "lead")).last == "probe is db")
        for _ in 0..<2 {
            #expect(dialogue.reply(probed(.timedOut)) == ["wait 1000 ms"])
            #expect(dialogue.elapse() == ["probe is db"])
        }
        let said = dialogue.reply(probed(.timedOut))
        #expect(said.first?.hasPrefix("undo unclear db@a: whether its effect is there could not be checked") == true)
    }

    @Test("a host that can't be asked has not undone what was done there: it stays, and that is on record")
    func unreachableIsNoLapse() async throws {
        let steps = [
            step("first") {
                $0.verifiedAndUndone()
                $0.skipIf = .never
            },
            step("second", needs: ["first"], on: ["b"]) { $0.verifiedAndUndone() },
        ]
        var found = 0
        for crashAt in 1... {
            let run = try SimulatedRun(steps)
            let outcome = try await run.session(crashAt: crashAt)
            if outcome != nil { break }
            let wasDone = run.word("first@a") == .ok
            run.world.reboot("a")
            let second = try await run.session()
            guard wasDone else { continue }
            found += 1
            #expect(second == .succeeded, "killed at append \(crashAt)")
            #expect(run.word("first@a") == .ok)
            #expect(run.ran.filter { $0 == "start first@a" }.count == 1)
            #expect(run.storage.records.contains { if case .notChecked = $0 { true } else { false } })
        }
        #expect(found > 2)
    }

    @Test(
        "what needs a step that lapsed waits for it, whatever its own failure rule says",
        arguments: [true, false], [[], [Choice.retry]])
    func lapseWhileSettling(_ byRule: Bool, _ answers: [Choice]) async throws {
        let steps = [
            step("first") { $0.verifiedAndUndone() },
            step("second", needs: ["first"], on: ["b"]) {
                if byRule { $0.onFailure = .retry } else { $0.retries = 3 }
            },
        ]
        var line = chooses("first")
        line.choose = answers.map { OperatorChoice($0) }
        var found = 0
        for crashAt in 1... {
            let run = try SimulatedRun(
                steps, special: [answer("start second", takes: 3) { $0.exit = 1 }],
                operatorLines: answers.isEmpty ? [] : [line])
            if try await run.session(crashAt: crashAt) != nil { break }
            guard run.folded.tasks[1].open != nil else { continue }
            run.world.change("a", "first", to: nil)
            let before = run.ran.count
            _ = try await run.session()
            found += 1
            let ran = Array(run.ran[before...])
            let starts = ran.indices.filter { ran[$0] == "start second@b" }
            if answers.isEmpty {
                #expect(starts.isEmpty, "\(ran)")
            } else {
                let again = try #require(ran.firstIndex(of: "start first@a"))
                #expect(!starts.isEmpty && starts.allSatisfy { $0 > again }, "\(ran)")
            }
        }
        #expect(found > 0)
    }

    @Test(
        "what a step printed outlives the controller: a later step runs with it, or not at all",
        arguments: [nil, "is (.+)"])
    func printedValues(_ match: String?) async throws {
        let reference = Template.Reference(path: ["steps", "first", "outputs", "pool"], place: place)
        var use = step("second", needs: ["first"])
        use.action = .run(Template([.literal("use "), .reference(reference)], at: place))
        let first = step("first") {
            $0.skipIf = .never
            // Between its end and its last word lies a question to the host, and there a controller can be killed.
            $0.verify = check("is first")
            $0.outputs = [Output(name: "pool", run: nil, match: match, place: place)]
        }
        let printed = match == nil ? "tank01\n" : "the pool is tank01\n"
        for crashAt in 1... {
            let run = try SimulatedRun(
                [first, use],
                special: [
                    answer("start first", takes: 3) { $0.stdout = printed },
                    answer("is first"), answer("use tank01"), answer("use*") { $0.exit = 1 },
                ])
            let outcome = try await run.session(crashAt: crashAt)
            if outcome == nil { #expect(try await run.session() == .succeeded, "killed at append \(crashAt)") }
            #expect(run.ran == ["start first@a", "use tank01@a"], "killed at append \(crashAt)")
            if outcome != nil { break }
        }
    }

    @Test("what is not kept is no value: the step is done, and who needs the value does not run")
    func lostValues() async throws {
        let reference = Template.Reference(path: ["steps", "first", "outputs", "pool"], place: place)
        var use = step("second", needs: ["first"])
        use.action = .run(Template([.literal("use "), .reference(reference)], at: place))
        let first = step("first") {
            $0.skipIf = .never
            // Between its end and its last word lies a question to the host, and there a controller can be killed.
            $0.verify = check("is first")
            $0.outputs = [Output(name: "pool", run: nil, match: nil, place: place)]
        }
        var found = 0
        for crashAt in 1... {
            let run = try SimulatedRun(
                [first, use],
                special: [answer("start first") { $0.stdout = "tank01\n" }, answer("is first"), answer("use*")])
            if try await run.session(crashAt: crashAt) != nil { break }
            let isBetween = run.folded.tasks[0].settlement == nil && run.folded.tasks[0].last != nil
            run.storage.state.withLock { $0.kept = [:] }
            _ = try await run.session()
            guard isBetween else { continue }
            found += 1
            #expect(run.ran == ["start first@a"])
            #expect(run.word("first@a") == .ok && run.word("second@a") == .failed)
        }
        #expect(found > 0)
    }

    @Test("a pattern that can't be looked for in so much output proves nothing")
    func patternBeyondItsBound() throws {
        var dialogue = try Dialogue([
            step("db") {
                $0.verifiedAndUndone()
                $0.skipIf = .never
                $0.verify?.matches = text("[ab]*a[ab]{900}c")
            }
        ])
        _ = dialogue.begin()
        dialogue.reply(facts)
        dialogue.reply(receipt(end: .exit(3)))
        dialogue.choose(.stop)
        dialogue.restart()
        #expect(dialogue.tell(.rollbackRequested(target: "start", by: "lead")).last == "probe is db")
        let long = HostReply.probe(ProbeAnswer(.exit(.exited(0)), stdout: Array(repeating: 0x62, count: 1 << 20)))
        #expect(dialogue.reply(long) == ["wait 1000 ms"])
    }

    @Test(
        "a lapse that nobody answered, or that was stopped at, is asked about again: nothing runs without an answer",
        arguments: [[], [Choice.stop]])
    func lapseStays(_ answers: [Choice]) async throws {
        let steps = [
            step("first") {
                $0.verifiedAndUndone()
                $0.skipIf = .never
            },
            step("second", needs: ["first"], on: ["b"]),
        ]
        var line = chooses("first")
        line.choose = answers.map { OperatorChoice($0) }
        var found = 0
        for crashAt in 1... {
            let run = try SimulatedRun(steps, operatorLines: answers.isEmpty ? [] : [line])
            if try await run.session(crashAt: crashAt) != nil { break }
            guard run.word("first@a") == .ok else { continue }
            run.world.change("a", "first", to: nil)
            for _ in 0..<3 { #expect(try await run.session() == .failed) }
            #expect(run.ran.filter { $0 == "start first@a" }.count == 1, "killed at append \(crashAt)")
            #expect(run.folded.tasks[0].asked == .lapsed)
            found += 1
        }
        #expect(found > 0)
    }

    @Test("a task takes the value of its own host or none: that of another host is about something else")
    func ownValue() async throws {
        let reference = Template.Reference(path: ["steps", "disk", "outputs", "name"], place: place)
        var use = step("wipe", needs: ["disk"], on: ["a", "b"])
        use.action = .run(Template([.literal("wipe "), .reference(reference)], at: place))
        use.onFailure = .carryOn
        let disk = step("disk", on: ["a", "b"]) {
            $0.skipIf = .never
            $0.onFailure = .carryOn
            $0.outputs = [Output(name: "name", run: nil, match: "disk (.+)", place: place)]
        }
        let plan = try plan([disk, use])
        var fixture = site([disk, use])
        var other = FixtureHost(pattern: "b", at: place)
        other.answers = [answer("start disk") { $0.stdout = "disk of-b" }, answer("wipe*")]
        fixture.hosts.insert(other, at: 0)
        let run = SimulatedRun(plan, fixture)
        _ = try await run.session()
        #expect(run.ran.filter { $0.hasPrefix("wipe") } == ["wipe of-b@b"])
        #expect(run.word("wipe@a") == .failed)
    }
}
