/// A site that answers: what each host says to which command, what breaks, what the operator does, and how it must end.
package struct Fixture: Hashable, Sendable {
    package var path: String
    package var name: String
    /// Wall-clock start of the simulation, milliseconds since 1970 UTC.
    package var clock: Int64
    package var seed: UInt64
    /// In file order; the first whose pattern matches a host's name answers for it.
    package var hosts: [FixtureHost] = []
    package var faults: [Fault] = []
    package var operatorLines: [OperatorLine] = []
    /// What stands for the runbook's secrets in a dry run.
    package var secrets: [NamedValue] = []
    package var expectation: Expectation?

    package init(path: String, name: String, clock: Int64, seed: UInt64) {
        self.path = path
        self.name = name
        self.clock = clock
        self.seed = seed
    }
}

package struct FixtureHost: Hashable, Sendable {
    /// A host name, or a glob (`*`, `?`).
    package var pattern: String
    /// How long this host takes from power-on (or reboot) to answering SSH.
    package var boot = Duration.zero
    package var sudo = Sudo.free
    package var state: [StateValue] = []
    package var answers: [Answer] = []
    package var place: SourcePlace

    package init(pattern: String, at place: SourcePlace) {
        self.pattern = pattern
        self.place = place
    }
}

/// What a host says to those who want to act as root.
package enum Sudo: Hashable, Sendable {
    /// It wants no password.
    case free
    /// It lets nobody.
    case refused
    case password(String)

    /// What it complains, in the words of sudo; nil where it lets them. `given` nil means that no password was offered.
    package func refusal(_ given: String?) -> String? {
        switch self {
        case .free: nil
        case .refused: Self.wanted
        case .password(let password):
            given == nil ? Self.wanted : given == password ? nil : "sudo: 1 incorrect password attempt\n"
        }
    }

    private static let wanted = "sudo: a password is required\n"
}

/// `key: value` of a host's state. In `set`, a key `other.key` writes the state of host `other`; a nil value unsets.
/// In `when`, nil means "unset".
package struct StateValue: Hashable, Sendable {
    package var host: String?
    package var key: String
    package var value: String?

    package init(host: String? = nil, key: String, value: String?) {
        self.host = host
        self.key = key
        self.value = value
    }
}

package struct Answer: Hashable, Sendable {
    package enum Matcher: Hashable, Sendable {
        case run(String)
        case tcp(String)
        case http(String)
    }

    /// A glob over the whole command (`*`, `?`); without a wildcard it must equal the whole command.
    package var matcher: Matcher
    package var when: [StateValue] = []
    package var takes = Duration.zero
    package var set: [StateValue] = []
    package var stdout = ""
    package var stderr = ""
    package var exit = 0
    /// HTTP status for an `http` answer.
    package var status = 200
    package var place: SourcePlace

    package init(_ matcher: Matcher, at place: SourcePlace) {
        self.matcher = matcher
        self.place = place
    }
}

package struct Fault: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Connecting ends in "No route to host".
        case unreachable
        /// The connection is cut while the command runs; the command goes on.
        case drop
        /// The command never ends.
        case hang
        /// Connecting is refused.
        case refuse
        /// Everything takes ten times as long.
        case slow
        /// The connection stands, and what comes over it makes no sense; nothing is run.
        case garbage
        /// The host does not let the operator in.
        case auth
        /// There is no room for a receipt, so that nothing is run.
        case fullDisk = "full-disk"
        /// The host is restarted while the command runs.
        case reboot
        /// The run itself is killed.
        case crash
    }

    package var kind: Kind
    /// A host name or glob; nil for `crash`.
    package var host: String?
    /// Active from the moment this step begins; nil means from the start. For `crash`: the step after whose end it strikes.
    package var from: Named?
    /// How many operations it hits; nil means all.
    package var times: Int?
    package var place: SourcePlace

    package init(_ kind: Kind, host: String?, at place: SourcePlace) {
        self.kind = kind
        self.host = host
        self.place = place
    }
}

/// What the simulated operator says to the questions of one step.
package struct OperatorLine: Hashable, Sendable {
    package var step: Named
    package var host: String?
    /// Answer to a manual step: `done` or `failed`; `done` where none is given.
    package var answer: Choice?
    /// What the person types for the values that a manual step asks for; with these it is done.
    package var values: [NamedValue] = []
    /// Who approves, in turn: roles or signers; with ``isApproved`` false they refuse.
    package var approvers: [String] = []
    package var isApproved = true
    /// Answers to failures and unclear outcomes, in turn.
    package var choose: [OperatorChoice] = []
    package var reason: String?
    /// How long the person takes for each answer.
    package var after = Duration.zero

    package init(step: Named) { self.step = step }
}

/// A value by its name.
package struct NamedValue: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// One answer of the simulated operator.
package struct OperatorChoice: Hashable, Sendable {
    package var choice: Choice
    /// The checkpoint to go back to, of a rollback that names one.
    package var target: Named?

    package init(_ choice: Choice, to target: Named? = nil) {
        self.choice = choice
        self.target = target
    }
}

package struct Expectation: Hashable, Sendable {
    package var outcome: String?
    /// Steps that must have begun in this order (others may stand between).
    package var order: [Named] = []
    package var steps: [ExpectedState] = []
    package var maxDuration: Duration?
    package var place: SourcePlace

    package init(at place: SourcePlace) { self.place = place }
}

package struct ExpectedState: Hashable, Sendable {
    package var step: Named
    package var state: StepState

    package init(step: Named, state: StepState) {
        self.step = step
        self.state = state
    }
}
