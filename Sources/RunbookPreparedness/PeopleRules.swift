internal import RunbookModel
internal import RunbookPlan

/// Whether enough trained people can be reached for each role.
struct PeopleRules {
    let model: SiteModel
    let plan: Plan?
    /// As `2026-08-02`.
    let today: String

    var findings: [Finding] {
        let inventory = model.inventory
        guard !inventory.people.isEmpty || !inventory.roles.isEmpty else { return [] }
        var findings = inventory.roles.compactMap { finding($0, at: $0.place) }
        var said = Set(inventory.roles.map(\.name))
        for step in plan?.runbook.steps ?? [] {
            guard case .approval(let approval) = step.action else { continue }
            for name in approval.roles where said.insert(name.name).inserted {
                finding(Role(name: name.name, at: name.place), at: name.place).map { findings.append($0) }
            }
        }
        return findings
    }

    private func finding(_ role: Role, at place: SourcePlace) -> Finding? {
        let people = model.inventory.people.filter { $0.roles.contains(role.name) }
        let reasons = people.map { ($0, reason($0, role)) }
        let good = reasons.count { $0.1 == nil }
        guard good < role.people else { return nil }
        return Finding(
            .personnel, role.name,
            "of the \(role.people) \(role.people == 1 ? "person" : "people") that `\(role.name)` needs, "
                + "\(good == 0 ? "none" : "\(good)") can be counted on",
            path: reasons.compactMap { person, reason in reason.map { "`\(person.id)` \($0)" } }
                + (people.isEmpty ? ["nobody of `people` has the role"] : []),
            fix:
                "train people and say so in `people`: `roles`, `trained`, and a `phone` that needs nothing of the site",
            at: place)
    }

    /// Why a person does not count; nil: they do.
    private func reason(_ contact: Contact, _ role: Role) -> String? {
        guard let person = contact.person else { return nil }
        guard let trained = person.trained else { return "was never trained, as far as is said" }
        if trained < DayText.before(today, role.trainedEvery) {
            return "was last trained on \(trained), and that holds for \(DurationText.days(role.trainedEvery))"
        }
        if contact.phone == nil { return "has no `phone`" }
        for need in person.requires {
            if let providers = model.onlyVirtual(need.name) {
                return "is reached by `\(need.name)`, which virtual machines alone provide: "
                    + ColdStartRules.names(providers.map(model.name))
            }
        }
        return nil
    }
}
