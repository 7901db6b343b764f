/// A runbook: what to start, in which order, and what to do when it fails. File order is reading order; `needs` alone
/// gives the order of execution.
package struct Runbook: Hashable, Sendable {
    package var path: String
    package var name: String
    /// The inventory's path as written, relative to the runbook's folder.
    package var inventory: String
    package var document = DocumentFields()
    /// The recovery time objective of the whole runbook.
    package var rto: Duration?
    package var maxParallel = Limits.tasksAtOnce
    package var variables: [Variable] = []
    package var steps: [Step] = []

    package init(path: String, name: String, inventory: String) {
        self.path = path
        self.name = name
        self.inventory = inventory
    }
}

extension Runbook {
    /// The names of its checkpoints, in file order.
    package var checkpoints: [String] {
        steps.compactMap { if case .checkpoint(let name) = $0.action { name } else { nil } }
    }
}

/// What a reader and an auditor want to know about a runbook; nothing here changes how it runs.
package struct DocumentFields: Hashable, Sendable {
    package var scenario: String?
    package var summary: String?
    package var useWhen: String?
    package var doNotUseWhen: String?
    package var owner: String?
    package var approver: String?
    package var reviewed: String?
    package var classification: String?

    package init() {}
}

/// One of `vars`: a name, a default, and what it stands for.
package struct Variable: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable { case text, number, integer, boolean, duration }

    package var name: String
    /// The value as text; nil means that it has to be given with `-e`.
    package var value: String?
    package var kind: Kind
    package var description: String?
    package var place: SourcePlace

    package init(name: String, value: String?, kind: Kind, description: String?, place: SourcePlace) {
        self.name = name
        self.value = value
        self.kind = kind
        self.description = description
        self.place = place
    }
}

extension Variable.Kind {
    /// Whether `text` is a value of this kind.
    package func accepts(_ text: String) -> Bool {
        switch self {
        case .text: true
        case .number: Double(text)?.isFinite ?? false
        case .integer: Int64(text) != nil
        case .boolean: text == "true" || text == "false"
        case .duration: DurationText.parse(text) != nil
        }
    }
}

/// One step of a runbook: an action on each of its hosts, with what has to be true before and after.
package struct Step: Hashable, Sendable {
    package var id: String
    package var name: String
    package var place: SourcePlace
    package var action: Action
    /// Ids of the steps that must be through before this one; each with its place.
    package var needs: [Named] = []
    package var phase: String?
    /// Hosts, groups or `local`, as written; empty for a step of the controller itself (manual, checkpoint, wait_for).
    package var hosts: [Named] = []
    /// Environment of the action, in file order. Values are not shell-quoted.
    package var environment: [EnvironmentValue] = []
    package var skipIf = SkipRule.verified
    package var verify: Check?
    package var undo: Undo?
    /// Why the step can't be undone.
    package var irreversible: String?
    package var retries = 0
    package var delay = Duration.seconds(10)
    package var timeout = Duration.seconds(300)
    package var onFailure = FailureRule.ask
    package var idempotent = false
    package var estimate: Duration?
    package var why: String?
    package var expect: String?
    package var ifItFails: String?

    package init(id: String, name: String, action: Action, at place: SourcePlace) {
        self.id = id
        self.name = name
        self.action = action
        self.place = place
    }
}

/// A name that a person wrote, and where.
package struct Named: Hashable, Sendable {
    package var name: String
    package var place: SourcePlace

    package init(_ name: String, at place: SourcePlace) {
        self.name = name
        self.place = place
    }
}

package struct EnvironmentValue: Hashable, Sendable {
    package var name: String
    package var value: Template

    package init(name: String, value: Template) {
        self.name = name
        self.value = value
    }
}

package enum Action: Hashable, Sendable {
    /// A shell command on the step's hosts.
    case run(Template)
    /// Wait until a check passes.
    case waitFor(Check)
    /// A person does something and says so.
    case manual(Template)
    /// A named point to roll back to.
    case checkpoint(String)
}

package enum SkipRule: Hashable, Sendable {
    /// Skip when `verify` already passes (the default).
    case verified
    case never
    case check(Check)
}

package enum FailureRule: Hashable, Sendable {
    case ask
    /// Begin again, ``Limits/failureRetryRounds`` times, then ask.
    case retry
    /// Roll back to the named checkpoint, or to the last one reached.
    case rollback(Named?)
    /// Go on as if it had not failed; the run ends with gaps.
    case carryOn
    case stop
}

package enum Undo: Hashable, Sendable {
    /// Nothing has to be undone.
    case nothing
    case run(Template, timeout: Duration, verify: Check?)
}

/// A read-only question to a host: does this hold?
package struct Check: Hashable, Sendable {
    package enum Probe: Hashable, Sendable {
        /// A shell command where the action runs.
        case run(Template)
        /// `host:port` or `port` (of the step's host), tried from this machine.
        case tcp(Template)
        /// A URL, asked from this machine.
        case http(Template)
    }

    package var probe: Probe
    /// The exit status that passes; 0 unless the file says otherwise.
    package var exit = 0
    package var equals: Template?
    package var matches: Template?
    package var contains: Template?
    /// The HTTP status that passes.
    package var status = 200
    package var retries = 0
    package var delay = Duration.seconds(10)
    package var timeout = Duration.seconds(30)
    package var place: SourcePlace

    package init(_ probe: Probe, at place: SourcePlace) {
        self.probe = probe
        self.place = place
    }
}
