internal import RunbookFormat
internal import RunbookModel
internal import RunbookPreparedness

/// A draft of a runbook as text, with FILL-IN where a person has to write something: `check` refuses it until they have.
struct DraftText {
    let draft: RestartDraft
    let inventory: Inventory
    /// The inventory's path, as the runbook names it.
    let path: String

    private static let gap = "FILL-IN"

    var text: String {
        let machines = draft.steps.count { if case .machine = $0.subject { true } else { false } }
        var lines = [
            "# A draft, drawn from \(oneLine(path)): the order is that of what machines and services need.",
            "# Each \(Self.gap) is a gap that somebody who knows this site has to fill. `blackstart check` refuses the runbook",
            "# until all of them are gone; `blackstart plan` shows it as it will run.",
            "version: 1",
            "name: \(quote("Restart of \(inventory.name)"))",
            "scenario: total-outage",
            "summary: \(quote("Starts \(Count.of(machines, "machine")) in \(Count.of(draft.steps.map(\.tier).max() ?? 0, "tier")), each after what it needs."))",
            "use_when: Everything was off, and power is back.",
            "do_not_use_when: \(quote("\(Self.gap): when something else has to be done, as after an attack"))",
            "owner: \(quote("\(Self.gap): who keeps this runbook right"))",
            "approver: \(quote("\(Self.gap): who has approved it"))",
            "plan: \(quote("\(Self.gap): the emergency plan that it is part of"))",
            "inventory: \(quote(path))",
        ]
        if !draft.external.isEmpty {
            lines.append("assumes: [\(draft.external.map(quote).joined(separator: ", "))]")
        }
        lines += ["", "steps:"] + ready
        var tier = 0
        for step in draft.steps {
            if step.tier != tier {
                tier = step.tier
                lines += ["", "# " + String(repeating: "-", count: 100) + " Tier \(tier)"]
            }
            lines += self.lines(step)
        }
        lines += end
        if !draft.blocked.isEmpty {
            lines += [
                "",
                "# These can't be started from power alone; `blackstart check` says why, and they have no step here:",
            ]
            lines += draft.blocked.map { "#   \(oneLine($0))" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The first step: what comes from outside is looked at.
    private var ready: [String] {
        let outside = draft.external.isEmpty ? "power" : few(draft.external)
        return [
            "- id: site-ready",
            "  name: \(quote("Confirm that there is \(outside)"))",
            "  phase: Prepare",
            "  manual: \(quote("\(Self.gap): where to look for \(outside), and what it has to show"))",
            "  undo: none",
            "  why: What starts without it goes down again.",
            "  if_it_fails: \(quote("\(Self.gap): whom to call"))",
        ]
    }

    private var end: [String] {
        // What nothing else waits for.
        let awaited = Set(draft.steps.flatMap(\.needs))
        let last = draft.steps.map(\.id).filter { !awaited.contains($0) }
        return [
            "", "- id: sign-off",
            "  name: Those who work with it say that it works",
            "  phase: Finish",
            "  needs: [\((last.isEmpty ? ["site-ready"] : last).joined(separator: ", "))]",
            "  manual: \(quote("\(Self.gap): who tries what, and what they have to see"))",
            "  undo: none",
            "  why: That a machine runs does not mean that people can work.",
            "  if_it_fails: \(quote("\(Self.gap): whom to call"))",
        ]
    }

    private func lines(_ step: RestartDraft.Step) -> [String] {
        let needs = "  needs: [\((step.needs.isEmpty ? ["site-ready"] : step.needs).joined(separator: ", "))]"
        let phase = "  phase: \(quote("Tier \(step.tier)"))"
        switch step.subject {
        case .machine(let host, nil):
            let places = [host.location, host.bmc.map { "remote power switch \($0)" }].compactMap(\.self).joined(
                separator: "; ")
            return [
                "- id: \(step.id)", "  name: \(quote("Start \(host.name)"))", phase, needs,
                "  hosts: \(quote(host.name))",
                "  manual: \(quote("\(Self.gap): how \(host.name) is switched on\(places.isEmpty ? "" : " (\(places))"), or that it starts by itself"))",
                "  undo: none",
            ] + contact(host) + [
                "  why: \(quote(why(host)))",
                "  if_it_fails: \(quote("\(Self.gap): what to look at, and whom to call"))",
            ]
        case .machine(let host, let carrier?):
            return [
                "- id: \(step.id)", "  name: \(quote("Start \(host.name) on \(carrier)"))", phase, needs,
                "  hosts: \(quote(host.name))", "  delegate_to: \(quote(carrier))",
                "  run: \(quote("\(Self.gap): the command that starts \(host.name), as qm start, virsh start or vim-cmd vmsvc/power.on"))",
                "  verify:",
                "    run: \(quote("\(Self.gap): a command that shows that \(host.name) runs"))",
                "    contains: \(quote("\(Self.gap): what it prints then, as running"))",
                "    retries: 30", "    delay: 10s",
                "  undo: { run: \(quote("\(Self.gap): the command that shuts \(host.name) down")) }",
            ] + contact(host) + [
                "  why: \(quote(why(host)))",
                "  if_it_fails: \(quote("\(Self.gap): what to look at, and whom to call"))",
            ]
        case .service(let name, let kind, let provider):
            return [
                "- id: \(step.id)", "  name: \(quote("See that \(name) is ready on \(provider)"))", phase, needs,
                "  hosts: \(quote(provider))", "  wait_for:",
                "    run: \(quote("\(Self.gap): a command that shows that \(name) works\(Self.example(kind))"))",
                "    contains: \(quote("\(Self.gap): what it prints then"))",
                "    retries: 30", "    delay: 10s",
                "  provides: [\(quote(name))]",
                "  why: \(quote(waiting(for: name)))",
                "  if_it_fails: \(quote("\(Self.gap): what to look at, and whom to call"))",
            ]
        }
    }

    private func contact(_ host: Host) -> [String] { host.contact.map { ["  contact: \(quote($0.name))"] } ?? [] }

    private static func example(_ kind: Service.Kind) -> String {
        switch kind {
        case .dns: ", as dig +time=2 +tries=1 @ADDRESS SOA ZONE"
        case .time: ", as chronyc waitsync 30 0.05"
        case .storage: ", as zpool status -x, or multipath -ll"
        case .cluster: ", as pvecm status, or ceph --connect-timeout 10 -s"
        case .directory: ", as ldapsearch -x -H ldap://ADDRESS -s base"
        default: ""
        }
    }

    private func why(_ host: Host) -> String {
        let gives = host.facts.provides.map(\.name)
        let guests = inventory.hosts.filter { $0.facts.placedOn.contains { $0.name == host.name } }.map(\.name)
        var reasons: [String] = []
        if !gives.isEmpty { reasons.append("it provides \(few(gives))") }
        if !guests.isEmpty { reasons.append("it carries \(few(guests))") }
        guard !reasons.isEmpty else { return "\(Self.gap): who needs \(host.name)" }
        let text = reasons.joined(separator: ", and ")
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private func waiting(for service: String) -> String {
        let hosts = inventory.hosts.filter { $0.facts.requires.contains { $0.name == service } }.map(\.name)
        let services = inventory.services.filter { $0.requires.contains { $0.name == service } }.map(\.name)
        let all = hosts + services
        return all.isEmpty
            ? "\(Self.gap): who needs \(service)"
            : "\(few(all)) \(all.count == 1 ? "needs" : "need") it before they start."
    }

    private func few(_ names: [String]) -> String {
        let shown = names.prefix(5)
        if names.count > 5 { return "\(shown.joined(separator: ", ")) and \(names.count - 5) more" }
        guard let last = shown.last, shown.count > 1 else { return shown.first ?? "" }
        return "\(shown.dropLast().joined(separator: ", ")) and \(last)"
    }

    private func oneLine(_ text: String) -> String { TerminalText.shown(text) }

    private func quote(_ text: String) -> String { InventoryText.quote(text) }
}
