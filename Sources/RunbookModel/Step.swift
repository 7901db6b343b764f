/// One step of a runbook: an action on each of its hosts, with what has to be true before and after.
package struct Step: Hashable, Sendable {
    package var id: String
    package var name: String
    package var place: SourcePlace
    package var action: Action
    /// Its number in reading order, from 1: the same in every run and on paper, whatever is left out.
    package var number = 0
    /// Ids of the steps that must be through before this one; each with its place.
    package var needs: [Named] = []
    package var phase: String?
    package var tags: [String] = []
    /// Hosts, groups or `local`, as written; empty for a step of the controller itself (manual, checkpoint, wait_for).
    package var hosts: [Named] = []
    /// Environment of the action, in file order. Values are not shell-quoted.
    package var environment: [EnvironmentValue] = []
    /// Where its commands run on behalf of each of its hosts; nil means on that host itself.
    package var delegateTo: Named?
    /// How many hosts at a time, batch by batch, the last one again and again; empty means all at once.
    package var serial: [BatchSize] = []
    /// The time between the starts of two of its hosts.
    package var stagger = Duration.zero
    /// How many of its hosts may fail before the rest is not begun; nil means none, and as many tolerated ones as like.
    package var maxFailures: Int?
    /// Tasks that share a lock never run at the same time.
    package var locks: [String] = []
    /// Whether its commands run as root; nil means as the host's inventory says.
    package var become: Become?
    package var when: Condition?
    /// What may go wrong: a person has to confirm it.
    package var danger: Template?
    /// What a person reads off and types, in a manual step.
    package var questions: [ValueQuestion] = []
    package var outputs: [Output] = []
    package var skipIf = SkipRule.verified
    package var verify: Check?
    package var undo: Undo?
    /// Why the step can't be undone.
    package var irreversible: String?
    package var retries = 0
    package var delay = Duration.seconds(10)
    /// How many times longer each delay is than the one before.
    package var backoff = 1.0
    package var timeout = Duration.seconds(300)
    package var onFailure = FailureRule.ask
    package var idempotent = false
    package var estimate: Duration?
    package var why: String?
    package var expect: String?
    package var ifItFails: String?
    /// Services of the site that are there once it is through.
    package var provides: [Named] = []
    /// A name of the inventory's contacts.
    package var contact: Named?

    package init(id: String, name: String, action: Action, at place: SourcePlace) {
        self.id = id
        self.name = name
        self.action = action
        self.place = place
    }
}

extension Step {
    /// The delay before retry `number`, from 1: longer each time, at most ``Limits/delay`` unless `delay` itself is.
    package func delay(beforeRetry number: Int) -> Duration {
        var milliseconds = Double(delay.wholeMilliseconds)
        let most = max(milliseconds, Double(Limits.delay.wholeMilliseconds))
        for _ in 1..<max(1, min(number, Limits.retries)) where milliseconds < most { milliseconds *= backoff }
        return .milliseconds(Int64(min(milliseconds, most)))
    }

    /// All shell text that it gives to hosts.
    package var commands: [Template] {
        var found: [Template] = []
        switch action {
        case .run(let template), .reboot(.some(let template)): found.append(template)
        case .waitFor(let check): found += check.commands
        case .reboot(nil), .script, .copy, .manual, .approval, .checkpoint: break
        }
        if case .check(let check) = skipIf { found += check.commands }
        found += verify?.commands ?? []
        switch undo {
        case .run(let template, _, let verify): found += [template] + (verify?.commands ?? [])
        case .script(_, _, let verify): found += verify?.commands ?? []
        case .restore, .nothing, nil: break
        }
        return found + outputs.compactMap(\.run)
    }

    /// The names of the values that later steps may name.
    package var valueNames: [String] { questions.map(\.name) + outputs.map(\.name) }
}

/// How many of a step's hosts make a batch.
package enum BatchSize: Hashable, Sendable {
    case count(Int)
    /// 1…100, of all hosts of the step; one at least.
    case percent(Int)
}

/// Whether commands run as root.
package enum Become: Hashable, Sendable {
    case no
    /// With `sudo`, which wants no password.
    case yes
    /// With `sudo` and a password, which has a secret in it.
    case withPassword(Template)
}

/// A value that a person reads off and types.
package struct ValueQuestion: Hashable, Sendable {
    package var name: String
    package var prompt: String
    /// A regular expression that the whole answer has to fit.
    package var matches: String?

    package init(name: String, prompt: String, matches: String?) {
        self.name = name
        self.prompt = prompt
        self.matches = matches
    }
}

/// A value that a step leaves for later ones.
package struct Output: Hashable, Sendable {
    package var name: String
    /// A read-only command; nil means what the action printed.
    package var run: Template?
    /// The value is the first group, or all that fits; nil means all text.
    package var match: String?
    package var place: SourcePlace

    package init(name: String, run: Template?, match: String?, place: SourcePlace) {
        self.name = name
        self.run = run
        self.match = match
        self.place = place
    }
}
