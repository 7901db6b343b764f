internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport
internal import Synchronization

/// Answers given beforehand, each used once, in order; what they do not cover goes on to `next`.
final class PreparedDesk: OperatorDesk {
    private let answers: Mutex<[PreparedAnswer]>
    private let by: String
    private let next: any OperatorDesk
    private let clock: any RunClock
    private let warn: @Sendable (String) -> Void

    /// - Parameter warn: told of an answer that was given for a task and does not answer what is asked about it.
    init(
        _ answers: [PreparedAnswer], by: String, clock: any RunClock, next: any OperatorDesk,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.answers = Mutex(answers)
        self.by = by
        self.clock = clock
        self.next = next
        self.warn = warn
    }

    func ask(_ question: Question, reply: @escaping @Sendable (OperatorReply) -> Void) {
        let (found, unfit) = answers.withLock { answers in
            (Self.take(&answers, question), answers.first { Self.fits($0, question) && $0.value == nil })
        }
        guard let found else {
            if let unfit { warn(unfit.objection(to: question)) }
            return next.ask(question, reply: reply)
        }
        let by = by
        clock.schedule(after: .zero) {
            reply(.choice(found.choice, reason: found.reason, by: by, values: found.values))
        }
    }

    /// The first answer that fits. Values that a manual step asks for come with it; all of them together mean `done`.
    private static func take(
        _ answers: inout [PreparedAnswer], _ question: Question
    ) -> (choice: Choice, reason: String?, values: [NamedValue])? {
        var values: [NamedValue] = []
        for wanted in question.values {
            if let given = answers.first(where: { fits($0, question) && $0.value == wanted.name }) {
                values.append(NamedValue(name: wanted.name, value: given.reason ?? ""))
            }
        }
        let isWhole = values.count == question.values.count
        let index = answers.firstIndex { answer in
            fits(answer, question) && answer.value == nil && answer.isEnough(for: question)
                && (answer.choice != .done || isWhole)
        }
        if let index {
            let found = answers.remove(at: index)
            return (found.choice, found.reason, found.choice == .done ? values : [])
        }
        return question.values.isEmpty || !isWhole ? nil : (.done, nil, values)
    }

    private static func fits(_ answer: PreparedAnswer, _ question: Question) -> Bool {
        answer.step == question.task.step && (answer.host == nil || answer.host == question.task.host)
    }

    func withdraw(_ task: TaskID) { next.withdraw(task) }
}

/// No one is there.
final class EmptyDesk: OperatorDesk {
    private let clock: any RunClock

    init(clock: any RunClock) { self.clock = clock }

    func ask(_ question: Question, reply: @escaping @Sendable (OperatorReply) -> Void) {
        clock.schedule(after: .zero) { reply(.nobody) }
    }

    func withdraw(_ task: TaskID) {}
}

/// The person at the terminal: one question at a time, in the order in which they came.
final class TerminalDesk: OperatorDesk {
    private struct Open {
        var question: Question
        var reply: @Sendable (OperatorReply) -> Void
    }

    private struct Queue {
        var waiting: [Open] = []
        var isReading = false
    }

    private let queue = Mutex(Queue())
    private let questions: QuestionText
    private let console: Console
    private let by: String
    /// Has the terminal while no question is open.
    private let keys: KeyReader?

    init(_ questions: QuestionText, console: Console, by: String, keys: KeyReader?) {
        self.questions = questions
        self.console = console
        self.by = by
        self.keys = keys
    }

    func ask(_ question: Question, reply: @escaping @Sendable (OperatorReply) -> Void) {
        let starts = queue.withLock { queue -> Bool in
            queue.waiting.append(Open(question: question, reply: reply))
            guard !queue.isReading else { return false }
            queue.isReading = true
            return true
        }
        if starts { startReading() }
    }

    func withdraw(_ task: TaskID) {
        queue.withLock { queue in queue.waiting.removeAll { $0.question.task == task } }
    }

    /// Reading blocks, so it has a thread of its own, which ends when no question is open.
    private func startReading() {
        let body = ThreadBody { [self] in
            keys?.stepAside()
            while let open = queue.withLock({ queue -> Open? in
                if queue.waiting.isEmpty {
                    queue.isReading = false
                    keys?.comeBack()
                }
                return queue.waiting.first
            }) {
                let answer = converse(open.question)
                let isOpen = queue.withLock { queue -> Bool in
                    guard let index = queue.waiting.firstIndex(where: { $0.question == open.question }) else {
                        return false
                    }
                    queue.waiting.remove(at: index)
                    return true
                }
                if isOpen {
                    open.reply(answer)
                } else {
                    console.hide(saying: "This question no longer needs an answer.\n")
                }
                console.show()
            }
        }
        body.start()
    }

    /// Talks until there is an answer.
    private func converse(_ question: Question) -> OperatorReply {
        console.hide(saying: questions.opening(question))
        for _ in 0..<100 {
            guard let line = answer(questions.prompt(question)) else {
                console.hide(saying: "\nNobody answers: the input has ended.\n")
                return .nobody
            }
            let menu = ChoiceMenu(question)
            switch menu.read(line) {
            case .unknown: console.hide(saying: menu.complaint)
            case .details: console.hide(saying: questions.details(question))
            case .choice(.rollback) where question.kind != .irreversible:
                if let goal = goal() { return .choice(.rollback, reason: goal, by: by) }
                console.hide(saying: "Nothing was undone.\n")
            case .choice(.confirm):
                let name = question.task.step
                guard let typed = answer("  Type \(name) to go on: ") else { return .nobody }
                if typed == name { return .choice(.confirm, reason: nil, by: by) }
                console.hide(saying: "That is another name. Nothing was done.\n")
            case .choice(.done) where !question.values.isEmpty:
                switch values(question.values) {
                case .given(let values): return .choice(.done, reason: nil, by: by, values: values)
                case .failed(let why): return .choice(.failed, reason: why, by: by)
                case .inputEnded: return .nobody
                }
            case .choice(let choice):
                guard let wanted = question.kind.reasonPrompt(for: choice) else {
                    return .choice(choice, reason: nil, by: by)
                }
                switch TypedText.askReason(wanted, say: console.hide(saying:), ask) {
                case .given(let reason): return .choice(choice, reason: reason, by: by)
                case .back: continue
                case .inputEnded: return .nobody
                }
            }
        }
        return .nobody
    }

    private enum Readings {
        case given([NamedValue])
        case failed(String)
        case inputEnded
    }

    /// What the person reads off, each asked for until it fits, or is said not to.
    private func values(_ wanted: [ValueQuestion]) -> Readings {
        var values: [NamedValue] = []
        for question in wanted {
            var fault: String?
            while values.last?.name != question.name {
                guard let typed = answer("  \(TerminalText.shown(question.prompt)): ") else { return .inputEnded }
                if let fault, typed.lowercased() == Choice.failed.rawValue { return .failed(fault) }
                fault = question.fault(in: typed)
                if let fault {
                    let said = Wrapping.lines(
                        "  Invalid answer: \(fault).", columns: questions.columns, indent: 2)
                    console.hide(
                        saying: said.joined(separator: "\n") + "\n  Look again; type failed if it is so.\n")
                } else {
                    values.append(NamedValue(name: question.name, value: typed))
                }
            }
        }
        return .given(values)
    }

    /// Asked for until it is an answer; nil once the input has ended.
    private func answer(_ prompt: String) -> String? {
        TypedText.ask(prompt, say: console.hide(saying:), ask)
    }

    private func ask(_ prompt: String) -> String? {
        console.prompt(prompt)
        defer { console.prompted() }
        return readLine(strippingNewline: true)
    }

    private func goal() -> String? {
        guard let offer = questions.rollbackOffer, let first = offer.goals.first else {
            console.hide(saying: "The journal can't be read just now.\n")
            return nil
        }
        return offer.choose(from: first, columns: questions.columns, say: console.hide(saying:), ask: ask)
    }
}
