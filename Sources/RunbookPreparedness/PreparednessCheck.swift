package import RunbookModel
package import RunbookPlan

extension Preparedness {
    /// Everything that the rules find in a plan and its inventory. `today` is a date, as `2026-08-02`.
    package static func check(
        _ plan: Plan, evidence: SiteEvidence = SiteEvidence(), today: String
    ) -> Preparedness {
        let site = SiteModel(plan.inventory, assuming: plan.runbook.assumes)
        return Preparedness(
            findings(of: site, evidence, today)
                + OrderRules(plan: plan, model: site, measured: evidence.measured).findings
                + RunnerRules(plan: plan, model: site, evidence: evidence).findings
                + StartRules(plan: plan, model: site, measured: evidence.measured).findings
                + PeopleRules(model: site, plan: plan, today: today).findings
                + ScenarioRules(model: site, plan: plan, evidence: evidence).findings
                + drillFindings(plan, evidence, today)
                + RunbookRules(runbook: plan.runbook, inventory: plan.inventory).findings,
            plan.inventory.waivers.filter { $0.until >= today })
    }

    private static func drillFindings(_ plan: Plan, _ evidence: SiteEvidence, _ today: String) -> [Finding] {
        guard let every = plan.inventory.drillEvery, let drills = evidence.drills else { return [] }
        return DrillRules(plan: plan, drills: drills, every: every, today: today).findings
    }

    /// What the rules find in an inventory alone.
    package static func check(
        _ inventory: Inventory, evidence: SiteEvidence = SiteEvidence(), today: String
    ) -> Preparedness {
        let site = SiteModel(inventory)
        return Preparedness(
            findings(of: site, evidence, today) + PeopleRules(model: site, plan: nil, today: today).findings,
            inventory.waivers.filter { $0.until >= today })
    }

    private static func findings(of site: SiteModel, _ evidence: SiteEvidence, _ today: String) -> [Finding] {
        let domains = FailureDomains(site)
        var findings = ColdStartRules(site).findings + SiteRules(model: site, today: today).findings
        findings += RedundancyRules(model: site, domains: domains).findings + CapacityRules(model: site).findings
        findings += SnapshotRules(model: site, evidence: evidence, today: today).findings
        findings += RecoveryRules(model: site, domains: domains, evidence: evidence, today: today).findings
        return findings
    }

    private init(_ found: [Finding], _ waivers: [Waiver]) {
        var findings: [Finding] = []
        var waived: [Waived] = []
        let order = Dictionary(Rule.allCases.enumerated().map { ($1, $0) }, uniquingKeysWith: { one, _ in one })
        let sorted = found.enumerated().sorted {
            let one = order[$0.element.rule] ?? 0
            let other = order[$1.element.rule] ?? 0
            return one != other ? one < other : $0.offset < $1.offset
        }
        for (_, finding) in sorted {
            let waiver = waivers.first { waiver in
                waiver.rule == finding.rule && finding.rule != .waiverExpired
                    && (waiver.about.isEmpty || waiver.about.contains { $0.name == finding.subject })
            }
            if let waiver {
                waived.append(Waived(finding: finding, waiver: waiver))
            } else {
                findings.append(finding)
            }
        }
        self.init(findings: findings, waived: waived)
    }
}
