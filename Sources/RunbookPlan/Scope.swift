package import RunbookModel

/// The facts of one run that expressions may name.
package struct RunFacts: Hashable, Sendable {
    package var id: String
    package var by: String
    /// Tells this run from every other of the same name, whoever began it wherever: receipts on hosts outlive journals.
    package var mark: String

    package init(id: String, by: String, mark: String) {
        self.id = id
        self.by = by
        self.mark = mark
    }
}

/// The values that a task's expressions stand for.
package struct Scope: Sendable {
    private let plan: Plan
    private let task: Int
    private let run: RunFacts

    package init(_ plan: Plan, task: Int, run: RunFacts) {
        self.plan = plan
        self.task = task
        self.run = run
    }

    /// The value of `reference`; empty where the file checks let a name through that has none here (`host.bmc` unset).
    package func value(_ reference: Template.Reference) -> String {
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

    package func command(_ template: Template) -> String { template.command(value) }
    package func text(_ template: Template) -> String { template.text(value) }

    private func runValue(_ name: String) -> String {
        switch name {
        case "id": run.id
        case "name": plan.runbook.name
        case "by": run.by
        default: ""
        }
    }

    private func hostValue(_ name: String) -> String {
        guard let host = plan.host(of: task) else { return name == "name" ? Host.localName : "" }
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
