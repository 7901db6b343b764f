internal import RunbookModel

/// Whether the system configuration of what others rest on is on record, and not only there.
struct SnapshotRules {
    let model: SiteModel
    let evidence: SiteEvidence
    /// As `2026-08-02`.
    let today: String

    var findings: [Finding] {
        let hosts = model.inventory.hosts
        guard hosts.contains(where: { $0.facts.snapshot != nil }) else { return [] }
        let carriers = Set(hosts.flatMap(\.facts.placedOn).map(\.name))
        return hosts.flatMap { host -> [Finding] in
            guard let rule = host.facts.snapshot else {
                guard carriers.contains(host.name) else { return [] }
                return [
                    Finding(
                        .configStale, host.name, "nothing is said of snapshots of the configuration of `\(host.name)`",
                        fix: "say what it is (`snapshot: { platform: … }`), and make one: `blackstart snapshot`",
                        at: host.place)
                ]
            }
            return [stale(host, rule), inside(host, rule)].compactMap(\.self)
        }
    }

    private func stale(_ host: Host, _ rule: SnapshotRule) -> Finding? {
        guard let snapshots = evidence.snapshots else { return nil }
        let words: String
        switch snapshots[host.name] {
        case nil: words = "there is no snapshot of the configuration of `\(host.name)`"
        case let snapshot? where snapshot.isAltered:
            words = "the snapshot of the configuration of `\(host.name)` of \(snapshot.day) was altered"
        case let snapshot? where snapshot.day < DayText.before(today, rule.every):
            words =
                "the newest snapshot of the configuration of `\(host.name)` is of \(snapshot.day), and one is to be made every \(DurationText.days(rule.every))"
        case _?: return nil
        }
        return Finding(.configStale, host.name, words, fix: "make one: `blackstart snapshot`", at: rule.place)
    }

    private func inside(_ host: Host, _ rule: SnapshotRule) -> Finding? {
        let hosts = model.inventory.hosts
        let numbers = rule.copies.compactMap { copy in hosts.firstIndex { $0.name == copy.name } }
        guard let first = rule.copies.first,
            numbers.allSatisfy({ model.isVirtual($0) || hosts[$0].name == host.name })
        else { return nil }
        return Finding(
            .configOnlyInside, host.name,
            "the configuration of `\(host.name)` is kept on \(ColdStartRules.names(rule.copies.map(\.name))), which would be lost with it",
            fix: "keep a copy on a physical machine as well",
            at: first.place)
    }
}
