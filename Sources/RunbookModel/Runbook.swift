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
    package var secrets: [Secret] = []
    /// What has to be there before it begins.
    package var assumes: [String] = []
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

    /// Those of its ``attachments`` that are scripts.
    package var scripts: Set<String> {
        var scripts: Set<String> = []
        for step in steps {
            if case .script(let script) = step.action { scripts.insert(script.path.name) }
            if case .script(let script, _, _) = step.undo { scripts.insert(script.path.name) }
        }
        return scripts
    }

    /// The files beside it that it needs, each once, in file order.
    package var attachments: [Named] {
        var files: [Named] = []
        for step in steps {
            switch step.action {
            case .script(let script): files.append(script.path)
            case .copy(let copy): files.append(copy.source)
            case .run, .reboot, .waitFor, .manual, .approval, .checkpoint: break
            }
            if case .script(let script, _, _) = step.undo { files.append(script.path) }
        }
        var seen: Set<String> = []
        return files.filter { seen.insert($0.name).inserted }
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
    package var plan: String?
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

/// One of `secrets`: a value that is never written down.
package struct Secret: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        /// Typed by a person, at the beginning of each session.
        case prompt
        /// Path as written, relative to the runbook's folder.
        case file(String)
        /// A variable of this program's environment.
        case environment(String)
        /// What a command on this machine prints.
        case command(String)

        package static let names = ["prompt", "file", "env", "command"]
    }

    package var name: String
    package var source: Source
    package var description: String?
    package var place: SourcePlace

    package init(name: String, source: Source, description: String?, place: SourcePlace) {
        self.name = name
        self.source = source
        self.description = description
        self.place = place
    }
}

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

    /// Every value that it names but those of `env`, in no order that means anything.
    package var references: [Template.Reference] {
        var templates: [Template] = []
        var checks: [Check] = [verify].compactMap(\.self)
        switch action {
        case .run(let template), .manual(let template): templates.append(template)
        case .script(let script): templates += script.arguments
        case .copy(let copy): templates.append(copy.target)
        case .reboot(let command): templates += [command].compactMap(\.self)
        case .waitFor(let check): checks.append(check)
        case .approval(let approval): templates += [approval.message].compactMap(\.self)
        case .checkpoint: break
        }
        if case .check(let check) = skipIf { checks.append(check) }
        switch undo {
        case .run(let template, _, let check):
            templates.append(template)
            checks += [check].compactMap(\.self)
        case .script(let script, _, let check):
            templates += script.arguments
            checks += [check].compactMap(\.self)
        case .nothing, .restore, nil: break
        }
        if case .withPassword(let template) = become { templates.append(template) }
        templates += [danger].compactMap(\.self) + outputs.compactMap(\.run)
        for check in checks {
            switch check.probe {
            case .run(let template), .tcp(let template), .http(let template): templates.append(template)
            case .copied(let copy): templates.append(copy.target)
            }
            templates += [check.equals, check.matches, check.contains].compactMap(\.self)
        }
        return templates.flatMap(\.references) + (when?.references ?? [])
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
    /// A script that lies beside the runbook, on the step's hosts.
    case script(ScriptFile)
    /// A file that lies beside the runbook, put onto the step's hosts.
    case copy(CopyFile)
    /// A restart of the step's hosts; the command that brings it about, nil for what the host has.
    case reboot(Template?)
    /// Wait until a check passes.
    case waitFor(Check)
    /// A person does something and says so.
    case manual(Template)
    /// People agree that it goes on.
    case approval(Approval)
    /// A named point to roll back to.
    case checkpoint(String)
}

/// Who has to agree before the run goes on.
package struct Approval: Hashable, Sendable {
    /// One of these is enough for a person.
    package var roles: [Named]
    /// How many people.
    package var count: Int
    package var message: Template?
    /// nil means as long as it takes.
    package var timeout: Duration?

    package init(roles: [Named], count: Int, message: Template?, timeout: Duration?) {
        self.roles = roles
        self.count = count
        self.message = message
        self.timeout = timeout
    }
}

/// A script and what it is called with.
package struct ScriptFile: Hashable, Sendable {
    /// As written, relative to the runbook's folder.
    package var path: Named
    package var arguments: [Template]

    package init(path: Named, arguments: [Template]) {
        self.path = path
        self.arguments = arguments
    }
}

/// A file, and where it goes.
package struct CopyFile: Hashable, Sendable {
    /// As written, relative to the runbook's folder.
    package var source: Named
    /// An absolute path on the host.
    package var target: Template
    /// Octal digits; nil means as the former file has it, or 0644.
    package var mode: String?

    package init(source: Named, target: Template, mode: String?) {
        self.source = source
        self.target = target
        self.mode = mode
    }
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
    case script(ScriptFile, timeout: Duration, verify: Check?)
    /// The file that was there before a copy, put back.
    case restore(CopyFile, timeout: Duration)
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
        /// Whether a copied file is there, whole and with its permissions: what a copy is verified by.
        case copied(CopyFile)
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
