package import RunbookModel
package import RunbookTransport

/// The person of a fixture: answers what its `operator` lines say, after as long as they say. Who asks on finds each
/// line's next choice, also after a crash: the world remembers how far it got.
package final class SimulatedDesk: OperatorDesk {
    private let clock: VirtualClock
    private let lines: [OperatorLine]
    private let open = Lock(OpenQuestions())

    private struct OpenQuestions {
        var count = 0
        /// Questions not yet answered or withdrawn, by number.
        var waiting: [Int: TaskID] = [:]
    }

    package init(_ clock: VirtualClock) {
        self.clock = clock
        lines = clock.world.core.withLock { $0.site.fixture.operatorLines }
    }

    package func ask(_ question: Question, reply: @escaping @Sendable (OperatorReply) -> Void) {
        let (answer, after) = decide(question)
        let number = open.withLock { open in
            open.count += 1
            open.waiting[open.count] = question.task
            return open.count
        }
        clock.schedule(after: after) { [open] in
            if open.withLock({ $0.waiting.removeValue(forKey: number) }) != nil { reply(answer) }
        }
    }

    package func withdraw(_ task: TaskID) {
        open.withLock { open in open.waiting = open.waiting.filter { $0.value != task } }
    }

    /// The first line for this step and host that has something to say to it. A choice that is not offered is no answer.
    private func decide(_ question: Question) -> (OperatorReply, Duration) {
        for (index, line) in lines.enumerated()
        where line.step.name == question.task.step && (line.host == nil || line.host == question.task.host) {
            if question.kind == .approval { return (approval(line, at: index), line.after) }
            let given: OperatorChoice?
            switch question.kind {
            case .manual: given = OperatorChoice(line.answer ?? .done)
            case .approval: given = nil
            case .danger, .failure, .unclear, .lapsed, .undo, .irreversible: given = nextChoice(of: line, at: index)
            }
            guard let given else { continue }
            guard question.choices.contains(given.choice) else { return (.nobody, line.after) }
            // The reason of a rollback is where it goes to.
            let reason = given.choice == .rollback ? given.target?.name : line.reason
            let values = given.choice == .done ? line.values : []
            return (.choice(given.choice, reason: reason, by: "fixture operator", values: values), line.after)
        }
        return (.nobody, .zero)
    }

    /// The next of those who approve; the role itself where nobody is named.
    private func approval(_ line: OperatorLine, at index: Int) -> OperatorReply {
        let by = clock.world.core.withLock { core -> String? in
            let used = core.choicesUsed[index]
            guard used < max(1, line.approvers.count) else { return nil }
            core.choicesUsed[index] = used + 1
            return line.approvers.isEmpty ? "fixture operator" : line.approvers[used]
        }
        return by.map { .choice(line.isApproved ? .approve : .failed, reason: line.reason, by: $0) } ?? .nobody
    }

    private func nextChoice(of line: OperatorLine, at index: Int) -> OperatorChoice? {
        clock.world.core.withLock { core in
            let used = core.choicesUsed[index]
            guard used < line.choose.count else { return nil }
            core.choicesUsed[index] = used + 1
            return line.choose[used]
        }
    }
}
