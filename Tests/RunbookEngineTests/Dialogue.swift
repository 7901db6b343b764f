import RunbookEngine
import RunbookModel
import RunbookPlan
import RunbookTransport

/// The pure engine, spoken to directly: what it is told is an event, what it wants is a line of text.
struct Dialogue {
    private(set) var engine: Engine
    private(set) var said: [String] = []
    /// Where the next reply goes.
    private var awaited: (task: Int, token: Int)?
    /// The questions that are open, by task.
    private(set) var questions: [TaskID: (task: Int, token: Int, question: Question)] = [:]
    private(set) var digest = ""
    /// Of what was sent last.
    private(set) var isWithheld = false

    init(_ steps: [Step], receipts: Bool = true, hold: SiteHold? = nil) throws {
        let plan = try plan(steps, receipts: receipts)
        engine = Engine(
            plan: plan, run: RunFacts(id: "r1", by: "tester", mark: "m1", isRehearsal: true), hold: hold)
    }

    /// The same run in the next session: all that was not on record is forgotten.
    mutating func restart() {
        engine = Engine(plan: engine.plan, run: engine.run, state: engine.state)
        awaited = nil
    }

    @discardableResult
    mutating func tell(_ event: Event) -> [String] {
        let decision = engine.handle(event)
        said = decision.records.map(Self.words) + decision.effects.compactMap { words($0) }
        return said
    }

    mutating func begin() -> [String] { tell(.began) }

    /// Answers what was asked last.
    @discardableResult
    mutating func reply(_ reply: HostReply, output: AttemptOutput? = nil) -> [String] {
        guard let awaited else { return ["nothing was asked"] }
        return tell(.replied(task: awaited.task, token: awaited.token, reply, output: output))
    }

    mutating func elapse() -> [String] {
        guard let awaited else { return ["nothing was asked"] }
        return tell(.elapsed(task: awaited.task, token: awaited.token))
    }

    @discardableResult
    mutating func choose(_ choice: Choice, reason: String? = nil) -> [String] {
        guard let awaited else { return ["nothing was asked"] }
        return tell(.answered(task: awaited.task, token: awaited.token, .choice(choice, reason: reason, by: "tester")))
    }

    /// Answers what is asked about one task, whatever was asked since.
    @discardableResult
    mutating func choose(_ choice: Choice, about task: TaskID) -> [String] {
        guard let asked = questions[task] else { return ["nothing was asked"] }
        return tell(.answered(task: asked.task, token: asked.token, .choice(choice, reason: nil, by: "tester")))
    }

    /// Nobody is there to answer what was asked last.
    @discardableResult
    mutating func nobody() -> [String] {
        guard let awaited else { return ["nothing was asked"] }
        return tell(.answered(task: awaited.task, token: awaited.token, .nobody))
    }

    /// A one-step run whose command has just been sent; the host said that its boot is `b1`.
    static func submitted(_ step: Step, receipts: Bool = true) throws -> Dialogue {
        var dialogue = try Dialogue([step], receipts: receipts)
        _ = dialogue.begin()
        dialogue.reply(.contact(HostFacts(boot: "b1", clockOffset: 0, home: "h1")))
        return dialogue
    }

    private mutating func words(_ effect: Effect) -> String? {
        switch effect {
        case .send(let task, let token, let request):
            awaited = (task, token)
            isWithheld = request.isWithheld
            return words(request.operation)
        case .wait(let task, let token, let delay):
            awaited = (task, token)
            return "wait \(delay.wholeMilliseconds) ms"
        case .hold(let step, let delay): return "hold \(step) for \(delay.wholeMilliseconds) ms"
        case .ask(let task, let token, let question):
            awaited = (task, token)
            questions[question.task] = (task, token, question)
            return "ask \(question.kind.rawValue): \(question.text)"
        case .withdraw(let task): return "withdraw \(task)"
        case .recall(let task, let token, _):
            awaited = (task, token)
            return "recall"
        case .tidy(let request): return "tidy \(request.host)"
        case .seal: return nil
        case .finish(let outcome): return "finish \(outcome.rawValue)"
        }
    }

    private mutating func words(_ operation: HostRequest.Operation) -> String {
        switch operation {
        case .contact, .arrive: return "contact"
        case .survey: return "survey"
        case .probe(let probe):
            guard case .run(let command, _) = probe.probe else { return "probe" }
            return "probe \(command)"
        case .submit(let submission, _):
            digest = submission.digest
            return "submit \(submission.receipt.path): \(submission.command)"
        case .attach(let id, let out, let err, _): return "attach \(id.path) at \(out), \(err)"
        case .inspect(let id): return "inspect \(id.path)"
        case .fence(let id): return "fence \(id.path)"
        case .markLost(let id): return "mark lost \(id.path)"
        case .kill(let id, _): return "kill \(id.path)"
        case .tidy: return "tidy"
        case .heads: return "heads"
        case .witness: return "witness"
        }
    }

    private static func words(_ record: Record) -> String {
        switch record {
        case .hostSeen(let sighting): "seen \(sighting.host) \(sighting.boot)"
        case .attemptIntended(let intent): "intent \(intent.attempt.kind.rawValue) \(intent.attempt.number)"
        case .attemptEnded(let end): "end \(end.attempt.number) \(words(end.result))"
        case .attemptReopened(let attempt): "reopened \(attempt.kind.rawValue) \(attempt.number)"
        case .taskSettled(let settled):
            "\(settled.state.rawValue) \(settled.task): \(settled.reason)\(settled.tolerated ? " (tolerated)" : "")"
        case .notChecked(let unchecked): "not checked \(unchecked.task): \(unchecked.reason)"
        case .undoSettled(let settled): "undo \(settled.state.rawValue) \(settled.task): \(settled.reason)"
        case .asked(let question): "asked \(question.kind.rawValue)"
        case .answered(let answer): "answered \(answer.choice.rawValue)"
        case .valueRead(let value): "value \(value.name): \(value.value)"
        case .checkpointReached(_, let name): "checkpoint \(name)"
        case .rollbackDecided(let decision): "rollback to \(decision.target) decided by \(decision.by)"
        case .rollbackBegun(let rollback):
            "rollback to \(rollback.target): \(rollback.tasks.map(\.description).joined(separator: ", "))"
        case .rollbackEnded(let complete): complete ? "rollback complete" : "rollback incomplete"
        case .rollbackAbandoned(let by): "\(by) abandons the rollback"
        case .paused(let by): "paused by \(by)"
        case .wentOn(let by): "\(by) lets it go on"
        case .halted(let reason): "halted: \(reason)"
        case .closed(let outcome): "closed \(outcome.rawValue)"
        }
    }

    private static func words(_ result: AttemptEnd.Result) -> String {
        switch result {
        case .exited(let code): "exited \(code)"
        case .signalled(let name): "signalled \(name)"
        case .neverRan(let why): "never ran: \(why)"
        case .timedOut(let status): "timed out, \(status)"
        case .unknown(let why): "unknown: \(why)"
        }
    }
}
