/// A step on one host; a step of the controller itself has no host.
package struct TaskID: Hashable, Sendable {
    package var step: String
    package var host: String?

    package init(step: String, host: String?) {
        self.step = step
        self.host = host
    }
}

extension TaskID: CustomStringConvertible {
    /// `step@host`, or `step`.
    package var description: String { host.map { "\(step)@\($0)" } ?? step }
}

/// The state words people see. The raw value is the one in files and JSON; ``word`` the one on a screen.
package enum StepState: String, Hashable, Sendable, CaseIterable {
    case pending
    case yourTurn = "your-turn"
    case running
    case ok
    case already
    case skipped
    case failed
    case undone
    case unclear

    package var word: String { rawValue.uppercased() }

    /// The state of a step from the states of its tasks: what most needs attention wins.
    package static func combined(_ states: some Sequence<StepState>) -> StepState {
        let order: [StepState] = [.failed, .unclear, .yourTurn, .running, .pending, .skipped, .undone, .ok, .already]
        let present = Set(states)
        return order.first { present.contains($0) } ?? .pending
    }
}

/// How a session of a run ended. The raw value is the one in files and JSON.
package enum Outcome: String, Hashable, Sendable, CaseIterable {
    case succeeded
    /// Finished with skips or tolerated failures.
    case succeededWithGaps = "succeeded-with-gaps"
    /// A step failed and the run stopped.
    case failed
    /// Hosts could not be reached and nothing was started.
    case unreachable
    /// A person is needed and none is there.
    case waiting
    case rolledBack = "rolled-back"
    /// Another run holds a machine, or somebody else carries this run on: stopped before touching it. Resumable.
    case elsewhere
    /// Stopped on request; resumable.
    case interrupted

    package var exitCode: Int32 {
        switch self {
        case .succeeded: 0
        case .failed: 2
        case .succeededWithGaps: 3
        case .unreachable: 4
        case .waiting: 5
        case .rolledBack: 6
        case .elsewhere: 8
        case .interrupted: 130
        }
    }

    /// Whether the run is over: nothing is left to resume.
    package var isFinal: Bool {
        switch self {
        case .succeeded, .succeededWithGaps, .rolledBack: true
        case .failed, .unreachable, .waiting, .elsewhere, .interrupted: false
        }
    }
}
