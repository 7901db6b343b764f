internal import RunbookModel

/// Whether what a recovery takes from is there: backups and their servers, keys, machines without faults, the pack.
struct RecoveryRules {
    let model: SiteModel
    let domains: FailureDomains
    let evidence: SiteEvidence
    /// As `2026-08-02`.
    let today: String

    private var hosts: [Host] { model.inventory.hosts }

    var findings: [Finding] { keys + circular + restores + health + force + packs }

    private var carriers: Set<String> { Set(hosts.flatMap(\.facts.placedOn).map(\.name)) }

    // MARK: KEY-LOCK

    private var keys: [Finding] {
        hosts.enumerated().flatMap { number, host -> [Finding] in
            guard !model.isVirtual(number), host.facts.escrow == nil else { return [] }
            return host.facts.requires.compactMap { need in
                guard model.kind(ofService: need.name) == .keys, let providers = model.onlyVirtual(need.name) else {
                    return nil
                }
                return Finding(
                    .keyLock, host.name,
                    "`\(host.name)` needs `\(need.name)`, which virtual machines alone provide, and no `escrow` says where "
                        + "its keys are kept outside",
                    path: ["`\(need.name)` is provided by \(ColdStartRules.names(providers.map(model.name)))"],
                    fix: "keep a copy of the keys outside, as in a sealed envelope, and say where: `escrow`",
                    at: need.place)
            }
        }
    }

    // MARK: BACKUP-CIRCULAR

    private var circular: [Finding] {
        var impacts: ImpactModel?
        return hosts.flatMap { host -> [Finding] in
            guard let backup = host.facts.backup, backup.server != nil || !backup.requires.isEmpty else { return [] }
            func finding(_ message: String, _ path: [String], at place: SourcePlace) -> Finding {
                Finding(
                    .backupCircular, host.name, message, path: path,
                    fix: "restore it by a machine, a catalogue and a key that do not rest on `\(host.name)`", at: place)
            }
            if let server = backup.server, server.name == host.name {
                return [finding("`\(host.name)` is restored by itself", [], at: server.place)]
            }
            let model = impacts ?? ImpactModel(self.model.inventory)
            impacts = model
            let impact = model.lose([host.name])
            var found: [Finding] = []
            if let server = backup.server, impact.down.contains(server.name) {
                found.append(
                    finding(
                        "`\(host.name)` is restored by `\(server.name)`, which can't run without it",
                        ["without `\(host.name)` \(ColdStartRules.names(impact.down)) can't run"], at: server.place))
            }
            for need in backup.requires where impact.ended.contains(need.name) {
                found.append(
                    finding(
                        "the restore of `\(host.name)` needs `\(need.name)`, which ends with it",
                        ["without `\(host.name)` nobody provides `\(need.name)`"], at: need.place))
            }
            return found
        }
    }

    // MARK: RTO-INFEASIBLE

    /// How long a restore takes; nil where that is not said.
    static func restore(_ host: Host) -> Duration? {
        guard let backup = host.facts.backup, let size = backup.size, let rate = backup.throughput, rate > 0 else {
            return nil
        }
        return .seconds(size / rate + (size % rate == 0 ? 0 : 1))
    }

    /// What it has to bring back, and how fast.
    static func volume(_ host: Host) -> [String] {
        guard let backup = host.facts.backup, let size = backup.size, let rate = backup.throughput else { return [] }
        return ["\(SizeText.words(size)) at \(SizeText.words(rate)) a second"]
    }

    private var restores: [Finding] {
        hosts.compactMap { host in
            guard let rto = host.facts.rto, let restore = Self.restore(host), restore > rto else { return nil }
            return Finding(
                .rtoInfeasible, host.name,
                "the restore of `\(host.name)` takes \(DurationText.words(restore)), and its `rto` is \(DurationText.words(rto))",
                path: Self.volume(host), fix: "restore faster, keep less on one machine, or agree on another objective",
                at: host.place)
        }
    }

    // MARK: HEALTH-UNCHECKED

    private var health: [Finding] {
        guard hosts.contains(where: { $0.facts.health != nil }) else { return [] }
        let carriers = carriers
        return hosts.compactMap { host in
            guard let health = host.facts.health else {
                guard carriers.contains(host.name) || host.kind == .appliance else { return nil }
                return Finding(
                    .healthUnchecked, host.name, "nothing is said of checks of `\(host.name)` for errors",
                    fix: "look at its disks, memory and pools, and write down the day: `health: { checked: … }`",
                    at: host.place)
            }
            let last = DayText.before(today, health.every)
            guard health.checked.map({ $0 < last }) ?? true else { return nil }
            let when =
                health.checked.map { "was last looked after for errors on \($0)" }
                ?? "was never looked after for errors, as far as is said"
            return Finding(
                .healthUnchecked, host.name,
                "`\(host.name)` \(when), and that is to be done every \(DurationText.days(health.every))",
                fix: "look at its disks, memory and pools, and write down the day: `checked`", at: host.place)
        }
    }

    // MARK: FORCE-MAJEURE

    /// The names of the fire zones and sites among these.
    private func zones(_ names: [Named]) -> Set<String> {
        Set(domains.closure(names).filter { $0.kind == .fireZone || $0.kind == .site }.map(\.name))
    }

    private var force: [Finding] {
        var findings: [Finding] = []
        // A copy is safe from what takes the machine if it lies in a zone that the machine does not stand in.
        if hosts.contains(where: { $0.facts.backup.map { !$0.domains.isEmpty } ?? false }) {
            for (number, host) in hosts.enumerated() {
                guard let backup = host.facts.backup else { continue }
                let own = zonesOf(number)
                let copies = zones(backup.domains)
                guard !own.isEmpty, copies.isSubset(of: own) else { continue }
                findings.append(
                    Finding(
                        .forceMajeure, host.name,
                        copies.isEmpty
                            ? "in which fire zone the backup of `\(host.name)` lies is not said"
                            : "the backup of `\(host.name)` lies where the machine itself stands: \(ColdStartRules.names(copies.sorted()))",
                        fix:
                            "keep a copy in another fire zone or at another site, and say so: `domain` of its `backup`",
                        at: host.place))
            }
        }
        if let packs = model.inventory.packs, packs.contains(where: { !$0.domains.isEmpty }), let first = packs.first {
            let zones = Set(hosts.indices.flatMap { zonesOf($0) }).sorted()
            for zone in zones
            where model.inventory.domains.contains(where: { $0.name == zone && $0.kind == .fireZone }) {
                let isElsewhere = packs.contains { pack in
                    let own = self.zones(pack.domains)
                    return !own.isEmpty && !own.contains(zone)
                }
                guard !isElsewhere else { continue }
                findings.append(
                    Finding(
                        .forceMajeure, zone, "every copy of the emergency pack would be lost with `\(zone)`",
                        fix: "keep a copy outside of it, and say so: `domain` of an entry of `packs`", at: first.place))
            }
        }
        return findings
    }

    /// The fire zones and sites that a machine stands in: by its own word, or all that the machines stand in on which it may run.
    private func zonesOf(_ host: Int) -> Set<String> {
        let own = zones(hosts[host].facts.domains)
        guard own.isEmpty else { return own }
        let roots = domains.below([host]).filter { hosts[$0].facts.placedOn.isEmpty }
        return roots.reduce(into: []) { $0.formUnion(zones(hosts[$1].facts.domains)) }
    }

    // MARK: PACK-WEAK

    private var packs: [Finding] {
        guard let packs = model.inventory.packs, let states = evidence.packs else { return [] }
        let start = SourcePlace(path: model.inventory.path, line: 1, column: 1)
        if packs.isEmpty {
            return [
                Finding(
                    .packWeak, "packs", "there is no copy of the emergency pack",
                    fix: "make one with `blackstart pack make`, and say where it lies: `packs`", at: start)
            ]
        }
        return zip(packs, states).compactMap { pack, state in
            let found: (message: String, fix: String)?
            switch state {
            case .elsewhere: found = nil
            case .unreadable(let why):
                found = ("can't be read: \(why)", "make it anew with `blackstart pack make`")
            case .unencrypted:
                found = ("is not encrypted", "make it anew with `blackstart pack make`, and destroy this one")
            case .encrypted(let keys, let newer):
                if keys < 2 {
                    found = ("can be opened with one key alone", "make it anew for two recipients at least")
                } else if !newer.isEmpty {
                    found = (
                        "is older than \(ColdStartRules.names(newer))", "make it anew with `blackstart pack make`"
                    )
                } else {
                    found = nil
                }
            }
            return found.map {
                Finding(
                    .packWeak, pack.whereabouts, "the emergency pack (\(pack.whereabouts)) \($0.message)", fix: $0.fix,
                    at: pack.place)
            }
        }
    }
}
