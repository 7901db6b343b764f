package import RunbookModel

/// The facts of one run that expressions may name.
package struct RunFacts: Hashable, Sendable {
    package var id: String
    package var by: String
    /// Tells this run from every other of the same name, whoever began it wherever: receipts on hosts outlive journals.
    package var mark: String

    /// A fixture plays it: nobody signs.
    package var isRehearsal: Bool
    /// Tells this session of the run from every other; nil where no host is to know it.
    package var session: RunningSession?

    package init(
        id: String, by: String, mark: String, isRehearsal: Bool = false, session: RunningSession? = nil
    ) {
        self.session = session
        self.isRehearsal = isRehearsal
        self.id = id
        self.by = by
        self.mark = mark
    }
}

/// One session of a run among those that its journal tells of.
package struct RunningSession: Hashable, Sendable {
    package var mark: String
    /// The marks of the sessions before it.
    package var earlier: Set<String>
    /// A person says that whoever else carried the run on is known to be dead.
    package var isLast: Bool

    package init(_ mark: String, after earlier: Set<String> = [], isLast: Bool = false) {
        self.mark = mark
        self.earlier = earlier
        self.isLast = isLast
    }
}

/// The values that a task's expressions stand for.
package struct Scope: Sendable {
    private let plan: Plan
    private let task: Int
    private let run: RunFacts
    /// What steps have left so far.
    private let left: StepValues

    package init(_ plan: Plan, task: Int, run: RunFacts, left: StepValues = StepValues()) {
        self.plan = plan
        self.task = task
        self.run = run
        self.left = left
    }

    /// The value of `reference`; empty where the file checks let a name through that has none here (`host.bmc` unset).
    package func value(_ reference: Template.Reference) -> String {
        if reference.path.first == "steps" { return stepValue(reference) ?? "" }
        guard let scope = reference.path.first, reference.path.count == 2, let name = reference.path.last else {
            return ""
        }
        switch scope {
        case "vars": return plan.variables[name] ?? ""
        case "run": return runValue(name)
        case "host": return hostValue(name)
        case "env": return environmentValue(name)
        default: return ""
        }
    }

    /// `inShell` is false for a host that may have no POSIX shell: values stand in the text.
    package func command(_ template: Template, inShell: Bool) -> ShellCommand {
        inShell ? template.command(value) : ShellCommand(template.quoted(value))
    }

    /// Why a value can't be given to one of these commands, together with the step's environment; nil where all can.
    package func fault(in templates: [Template], inShell: Bool) -> ValueFault? {
        let beside = outsideEnvironment
        for template in templates {
            if let fault = template.fault(inShell: inShell, beside: beside, isAuthors: isAuthors, value) {
                return fault
            }
        }
        return nil
    }

    /// Why a value can't be given to a script; nil where all can.
    ///
    /// - Parameter isOfShell: whether a shell may read it.
    package func fault(inArguments arguments: [Template], isOfShell: Bool) -> ValueFault? {
        let references = arguments.flatMap(\.references)
        if let reference = references.first(where: { value($0).utf8.contains(0) }) {
            return ValueFault("\(reference.name) has a NUL byte in it, which no command can be given")
        }
        guard isOfShell else { return nil }
        return ShellSubstitution.fault(outsideEnvironment + outside(references))
    }

    private var outsideEnvironment: [NamedValue] {
        outside(plan.step(of: task).environment.flatMap(\.value.references))
    }

    private func outside(_ references: [Template.Reference]) -> [NamedValue] {
        references.filter { $0.path.first != "env" && !isAuthors($0) }.map {
            NamedValue(name: $0.name, value: value($0))
        }
    }

    /// Whether the value is what the author of the runbook wrote, or a secret: neither a host nor who began the run has
    /// a say in it.
    private func isAuthors(_ reference: Template.Reference) -> Bool {
        switch (reference.path.first, reference.path.last) {
        case ("secrets", _): return true
        case ("vars", let name?): return !plan.givenVariables.contains(name)
        case ("env", let name?):
            // What it begins with; the values in it are looked at by themselves.
            let pair = plan.step(of: task).environment.first { $0.name == name }
            guard case .reference(let first)? = pair?.value.segments.first else { return true }
            return first.path.first == "env" || isAuthors(first)
        default: return false
        }
    }

    /// Why a value can't be part of one of these paths on a host; nil where all can.
    package func fault(inPaths paths: [Template]) -> String? {
        for path in paths { if let fault = path.pathFault(value) { return fault } }
        return nil
    }

    package func text(_ template: Template) -> String { template.text(value) }

    /// The first value of a step that is named but not known: it was skipped, or never left one.
    package func unknown(among references: [Template.Reference]) -> Template.Reference? {
        references.first { $0.path.first == "steps" && stepValue($0) == nil }
    }

    /// What the step left on the same host; where it has no task there, on the first of its hosts that left it.
    private func stepValue(_ reference: Template.Reference) -> String? {
        guard reference.path.count == 4, let step = plan.stepIndex[reference.path[1]] else { return nil }
        let own = TaskID(step: reference.path[1], host: plan.tasks[task].id.host)
        // On the same host nothing but its own value will do: that of another host is about something else.
        if plan.index[own] != nil { return left.value(reference.path[3], of: own) }
        for other in plan.tasksOfStep[step] {
            if let value = left.value(reference.path[3], of: plan.tasks[other].id) { return value }
        }
        return nil
    }

    private func runValue(_ name: String) -> String {
        switch name {
        case "id": run.id
        case "name": plan.runbook.name
        case "by": run.by
        default: ""
        }
    }

    private func hostValue(_ name: String) -> String {
        guard let host = plan.host(of: task) else {
            return name == "name" && plan.tasks[task].host == .local ? Host.localName : ""
        }
        switch name {
        case "name": return host.name
        case "address": return host.address
        case "port": return String(host.port)
        case "user": return host.user ?? ""
        case "kind": return host.kind?.rawValue ?? ""
        case "location": return host.location ?? ""
        case "bmc": return host.bmc ?? ""
        default: return ""
        }
    }

    private func environmentValue(_ name: String) -> String {
        guard let pair = plan.step(of: task).environment.first(where: { $0.name == name }) else { return "" }
        // An environment value may not name another one: that keeps this from going round.
        return pair.value.text { $0.path.first == "env" ? "" : value($0) }
    }
}

/// Values that steps have left, by task and name.
package struct StepValues: Hashable, Sendable {
    private var values: [TaskID: [String: String]] = [:]

    package init() {}

    package func value(_ name: String, of task: TaskID) -> String? { values[task]?[name] }

    package mutating func forget(of task: TaskID) { values[task] = nil }

    package mutating func set(_ value: TaskValue) { values[value.task, default: [:]][value.name] = value.value }
}
