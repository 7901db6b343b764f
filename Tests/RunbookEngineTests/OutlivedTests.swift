import RunbookEngine
import RunbookJournal
import RunbookModel
import RunbookPlan
import RunbookSimulation
import RunbookTransport
import Testing

private let contact = HostReply.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1"))
private let yes = HostReply.probe(ProbeAnswer(.exit(.exited(0))))
private let no = HostReply.probe(ProbeAnswer(.exit(.exited(1))))
private let back = Event.rollbackRequested(target: RollbackPlan.start, by: "lead")

private func ended(_ code: Int, printing text: String? = nil) -> HostReply {
    var status = ReceiptStatus(
        claimed: true, digest: nil, go: .run(boot: "b1"), end: .exit(code), alive: false, boot: "b1",
        stdoutBytes: text?.utf8.count ?? 0)
    status.home = "h1"
    return .receipt(status)
}

private func output(_ text: String) -> AttemptOutput {
    let bytes = Array(text.utf8)
    let digest = OutputDigest(bytes: Int64(bytes.count), sha256: "00")
    return AttemptOutput(
        stdout: digest, stderr: OutputDigest(bytes: 0, sha256: "00"), tail: bytes, text: bytes, milliseconds: 1)
}

/// What was true of one attempt, or of one moment, is not taken for true of the next; and what a person said is not lost.
@Suite("What outlives an attempt, and what does not")
struct OutlivedTests {
    @Test("a condition is decided anew once the step runs again whose value it looked at")
    func condition() throws {
        let mode = Template.Reference(path: ["steps", "a", "outputs", "mode"], place: place)
        var dialogue = try Dialogue([
            step("a") {
                $0.verify = check("is a")
                $0.outputs = [Output(name: "mode", run: nil, match: nil, place: place)]
            },
            step("b", needs: ["a"]) { $0.when = .equal(.reference(mode), .literal("standby")) },
            step("c", needs: ["b"]),
        ])
        _ = dialogue.begin()
        dialogue.reply(no)
        dialogue.reply(contact)
        dialogue.reply(ended(0, printing: "primary"), output: output("primary"))
        #expect(dialogue.reply(yes).contains { $0.hasPrefix("skipped b@a") })
        // It lapses before the next session, which does it again.
        dialogue.restart()
        _ = dialogue.begin()
        while dialogue.questions.isEmpty {
            dialogue.reply(no)
            if dialogue.questions.isEmpty { _ = dialogue.elapse() }
        }
        dialogue.choose(.retry, about: TaskID(step: "a", host: "a"))
        dialogue.reply(no)
        dialogue.reply(contact)
        dialogue.reply(ended(0, printing: "standby"), output: output("standby"))
        dialogue.reply(yes)
        #expect(dialogue.reply(contact).contains("submit r1/b.a.1: start b"))
    }

    @Test("that a step may do harm is confirmed for one attempt, and not for the next")
    func danger() throws {
        for retries in [0, 1] {
            var dialogue = try Dialogue([
                step("wipe") {
                    $0.danger = text("it wipes the disk")
                    $0.retries = retries
                }
            ])
            #expect(dialogue.begin().last == "ask danger: it wipes the disk")
            #expect(dialogue.choose(.confirm).last == "contact")
            dialogue.reply(contact)
            #expect(dialogue.reply(ended(1)).last == (retries > 0 ? "wait 1000 ms" : "ask failure: exit status 1"))
            let again = retries > 0 ? dialogue.elapse() : dialogue.choose(.retry)
            #expect(again.last == "ask danger: it wipes the disk")
        }
    }

    @Test("confirmed and never sent, it need not be confirmed again")
    func dangerNeverSent() throws {
        var dialogue = try Dialogue([step("wipe") { $0.danger = text("it wipes the disk") }])
        _ = dialogue.begin()
        dialogue.choose(.confirm)
        dialogue.restart()
        #expect(dialogue.begin().last == "contact")
    }

    @Test("killed after a person said that it is done, the next session asks its check, and begins nothing")
    func saidDone() throws {
        let manual = step("by-hand") {
            $0.action = .manual(text("do it"))
            $0.verify = check("is by-hand")
        }
        let failing = step("by-hand") {
            $0.verify = check("is by-hand")
            $0.skipIf = .never
        }
        for (one, failed) in [(manual, false), (failing, true)] {
            var dialogue = try Dialogue([one])
            _ = dialogue.begin()
            dialogue.reply(failed ? contact : no)
            if failed { dialogue.reply(ended(1)) }
            #expect(dialogue.choose(.done, reason: "did it").last == "probe is by-hand")
            dialogue.restart()
            #expect(dialogue.begin().last == "probe is by-hand")
            #expect(dialogue.reply(no).last?.hasPrefix("ask failure: it was done by hand, but ") == true)
        }
    }

    @Test("a person's word that it is undone is asked of its check, also after a kill")
    func saidUndone() throws {
        for isKilled in [false, true] {
            var dialogue = try Dialogue([step("db") { $0.verifiedAndUndone() }])
            _ = dialogue.begin()
            dialogue.reply(no)
            dialogue.reply(contact)
            dialogue.reply(ended(0))
            dialogue.reply(yes)
            dialogue.restart()
            dialogue.tell(back)
            dialogue.reply(contact)
            #expect(dialogue.reply(ended(1)).last == "ask undo: exit status 1")
            #expect(dialogue.choose(.done, reason: "did it").last == "probe is db")
            if isKilled {
                dialogue.restart()
                #expect(dialogue.begin().last == "probe is db")
            }
            #expect(dialogue.reply(yes).last?.hasPrefix("ask undo: it was undone by hand, but its effect is") == true)
        }
    }

    @Test("what was done again after a checkpoint stood there before: a rollback to it leaves that alone")
    func stoodThere() throws {
        let dialogue = try Dialogue([
            step("x") { $0.verifiedAndUndone() }, checkpoint("core", needs: ["x"]), step("y", needs: ["cp-core"]),
            step("z", on: ["b"]) { $0.verifiedAndUndone() },
        ])
        // `core` does not rest on `z`, which is done before it.
        var state = dialogue.engine.state
        let plan = dialogue.engine.plan
        func settled(_ step: String, _ state: StepState) -> Record {
            let host = plan.tasks.first { $0.id.step == step }?.id.host
            return .taskSettled(TaskSettlement(task: TaskID(step: step, host: host), state: state, reason: ""))
        }
        func ran(_ step: String, _ host: String, _ number: Int) -> [Record] {
            let name = AttemptName(task: TaskID(step: step, host: host), kind: .action, number: number)
            return [
                .attemptIntended(AttemptIntent(attempt: name, digest: "", command: "", boot: "")),
                .attemptEnded(AttemptEnd(attempt: name, result: .exited(0))),
            ]
        }
        let records =
            ran("z", "b", 1) + [settled("z", .ok)] + ran("x", "a", 1)
            + [settled("x", .ok), .checkpointReached(step: "cp-core", name: "core"), settled("z", .pending)]
            + ran("z", "b", 2) + [settled("z", .ok)] + ran("y", "a", 1) + [settled("y", .failed)]
        for record in records { state.evolve(record, plan) }
        let engine = Engine(plan: plan, run: dialogue.engine.run, state: state)
        #expect(engine.tasksSince("core").map { plan.tasks[$0].id.step } == ["y"])
        #expect(engine.tasksSince(RollbackPlan.start).map { plan.tasks[$0].id.step } == ["x", "y", "z"])
    }

    @Test("what `skip_if` sees after an own attempt proves nothing: the step's check has to pass, or a person decides")
    func skipIf() throws {
        for hasVerify in [true, false] {
            var dialogue = try Dialogue([
                step("pool") {
                    $0.skipIf = .check(check("has pool"))
                    $0.verify = hasVerify ? check("is pool") : nil
                    $0.retries = 1
                }
            ])
            #expect(dialogue.begin() == ["probe has pool"])
            dialogue.reply(no)
            dialogue.reply(contact)
            #expect(dialogue.reply(ended(1)).last == "wait 1000 ms")
            #expect(dialogue.elapse() == ["probe has pool"])
            let told = dialogue.reply(yes)
            if hasVerify {
                #expect(told == ["probe is pool"])
            } else {
                #expect(told.last?.hasPrefix("ask danger") == true)
            }
        }
    }

    @Test("the first failure while a rollback waits does not widen it, as long as the step may be tried again")
    func draining() throws {
        var dialogue = try Dialogue([
            step("base"), checkpoint("core", needs: ["base"]),
            step("late", needs: ["cp-core"], on: ["b"]) {
                $0.retries = 5
                $0.onFailure = .rollback(named(RollbackPlan.start))
            },
        ])
        _ = dialogue.begin()
        dialogue.reply(contact)
        dialogue.reply(ended(0))
        dialogue.reply(contact)
        dialogue.tell(.rollbackRequested(target: "core", by: "lead"))
        #expect(!dialogue.reply(ended(1)).contains { $0.hasPrefix("rollback to start") })
    }

    @Test("what a command with a secret printed is not shown by a later session, which can't know what the secret was")
    func secretOutput() throws {
        for hasSecret in [true, false] {
            let one = step("db") {
                let secret = Template.Reference(path: ["secrets", "pin"], place: place)
                let value = hasSecret ? Template([.reference(secret)], at: place) : text("x")
                $0.environment = [EnvironmentValue(name: "PIN", value: value)]
                $0.outputs = [Output(name: "pool", run: nil, match: nil, place: place)]
            }
            var dialogue = try Dialogue.submitted(one)
            dialogue.restart()
            _ = dialogue.begin()
            let ended = ended(0, printing: "hunter2")
            #expect(dialogue.reply(ended) == ["attach r1/db.a.1 at 0, 0"])
            #expect(dialogue.isWithheld == hasSecret)
            let told = dialogue.reply(ended, output: output(hasSecret ? "" : "hunter2"))
            #expect(told.contains("value pool: hunter2") == !hasSecret, "\(told)")
            #expect(dialogue.engine.state.tasks[0].last?.isOutputCut == hasSecret)
        }
    }

    @Test("an approval that was not given in time is not asked for again: an answer that lies there comes too late")
    func approvalTime() throws {
        let roles = [Named("lead", at: place)]
        for (waited, first) in [
            (Duration.seconds(3), "ask approval"), (.seconds(4), "ask failure: it was not approved"),
        ] {
            let plan = try plan([
                step("go", on: []) {
                    $0.action = .approval(Approval(roles: roles, count: 1, message: nil, timeout: .seconds(4)))
                }
            ])
            var state = RunState(tasks: 1, approvals: .rehearsal)
            state.tasks[0].waitedForApproval = waited
            var engine = Engine(
                plan: plan, run: RunFacts(id: "r1", by: "tester", mark: "m1", isRehearsal: true), state: state)
            let asked = engine.handle(.began).effects.compactMap { effect -> String? in
                if case .ask(_, _, let question) = effect {
                    "ask \(question.kind.rawValue): \(question.text)"
                } else {
                    nil
                }
            }
            #expect(asked.count == 1 && asked[0].hasPrefix(first), "\(asked)")
        }
    }
}
