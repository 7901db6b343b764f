internal import RunbookModel
internal import RunbookPlan

/// Whether the runbook was practised lately, as it is now, and by others than who wrote it.
struct DrillRules {
    let plan: Plan
    let drills: [SiteEvidence.Drill]
    let every: Duration
    /// As `2026-08-02`.
    let today: String

    var findings: [Finding] {
        let start = SourcePlace(path: plan.runbook.path, line: 1, column: 1)
        let name = plan.runbook.name
        let practise = "practise it (`blackstart dry-run`, `blackstart lab`), and declare it: `blackstart drills add`"
        let drills = drills.sorted { $0.day < $1.day }
        guard let last = drills.last else {
            return [
                Finding(
                    .drillOverdue, name, "the runbook was never practised, as far as signed journals tell",
                    fix: practise,
                    at: start)
            ]
        }
        var findings: [Finding] = []
        let first = DayText.before(today, every)
        if last.day < first {
            findings.append(
                Finding(
                    .drillOverdue, name,
                    "the runbook was last practised on \(last.day), and that is to be done every \(DurationText.days(every))",
                    fix: practise, at: start))
        }
        if !last.changes.isEmpty {
            findings.append(
                Finding(
                    .changedSinceDrill, name,
                    "the runbook or its inventory is not as it was when it was last practised, on \(last.day) (\(last.run))",
                    path: last.changes, fix: practise, at: start))
        }
        let recent = drills.filter { $0.day >= first }
        if !recent.isEmpty, recent.allSatisfy(\.isAuthorPresent) {
            findings.append(
                Finding(
                    .onlyAuthorDrilled, name, "its author was there each time that the runbook was practised",
                    path: recent.suffix(5).map { "\($0.day): \($0.tookPart.joined(separator: ", "))" },
                    fix: "let people who don't know the configuration practise it without the author", at: start))
        }
        return findings
    }
}
