package import RunbookModel
internal import RunbookPlan
package import RunbookTransport

/// Is told what a run does, and changes nothing.
package protocol RunObserver: Sendable {
    /// These records are durable; `engine` stands after them. Also called when nothing was recorded but something moved.
    func recorded(_ records: [Record], by engine: borrowing Engine, at moment: Moment)
    /// A host printed something. Any thread.
    func printed(_ chunk: OutputChunk, by task: TaskID)
}

/// What a task is doing just now, for people who watch.
package enum Activity: Hashable, Sendable {
    case connecting
    case running
    /// Waiting for a host that is being restarted.
    case rebooting
    /// Looking at whether something holds; `attempt` counts from 1.
    case checking(attempt: Int, of: Int)
    /// A pause before the next look or the next attempt.
    case pausing(attempt: Int, of: Int)
    /// Finding out what became of it.
    case settling
    case asking(QuestionKind)
}

extension Engine {
    /// The tasks that have something under way, in reading order.
    package var activities: [(task: Int, activity: Activity)] {
        underWay.sorted().compactMap { task in activity(of: task).map { (task, $0) } }
    }

    private func activity(of task: Int) -> Activity? {
        var tries: (attempt: Int, of: Int) { (work[task].checkTries + 1, checkRetries(of: task) + 1) }
        switch work[task].phase {
        case .idle: return nil
        case .contacting, .comparing: return .connecting
        case .submitting, .following: return .running
        case .inspecting, .fencing, .marking, .killing, .settling, .rechecking: return .settling
        case .rebooting: return .rebooting
        case .skipCheck, .undoCheck, .gathering, .recalling: return .checking(attempt: 1, of: 1)
        case .verifying, .waitingFor, .confirming: return .checking(attempt: tries.attempt, of: tries.of)
        case .pausing(let next):
            switch next {
            case .verifying, .waitingFor, .confirming: return .pausing(attempt: tries.attempt, of: tries.of)
            case .inspecting, .fencing, .marking, .killing, .settling, .rechecking: return .settling
            case .rebooting: return .rebooting
            default:
                return .pausing(attempt: work[task].retriesUsed + 1, of: plan.step(of: task).retries + 1)
            }
        case .asking(let kind): return .asking(kind)
        }
    }

    private func checkRetries(of task: Int) -> Int {
        let step = plan.step(of: task)
        if work[task].kind == .undo { return undoCheckToConfirm(step)?.check.retries ?? 0 }
        if case .waitFor(let check) = step.action, work[task].phase != .verifying { return check.retries }
        return step.verify?.retries ?? 0
    }
}
