internal import RunbookModel

/// What the facts of single machines say: where they run, how they are protected, how they are kept safe.
struct SiteRules {
    let model: SiteModel
    /// As `2026-08-02`.
    let today: String

    private var hosts: [Host] { model.inventory.hosts }

    var findings: [Finding] { affinity + protection + backups + waivers }

    // MARK: AFFINITY

    private var affinity: [Finding] {
        // A machine that runs on no other is its own place.
        let places = Dictionary(
            hosts.map { ($0.name, $0.facts.placedOn.isEmpty ? [$0.name] : Set($0.facts.placedOn.map(\.name))) },
            uniquingKeysWith: { one, _ in one })
        var findings: [Finding] = []
        var said: Set<Set<String>> = []
        for host in hosts {
            for other in host.facts.apartFrom {
                let all = places[host.name, default: []].union(places[other.name, default: []])
                guard all.count == 1, let only = all.first, said.insert([host.name, other.name]).inserted
                else { continue }
                findings.append(
                    Finding(
                        .affinity, host.name,
                        "`\(host.name)` must not share the fate of `\(other.name)`, and both can run on `\(only)` alone",
                        fix: "place one of them on another machine", at: other.place))
            }
        }
        for (number, providers) in model.providers.enumerated() where providers.count > 1 {
            let all = Set(providers.flatMap { places[hosts[$0].name, default: []] })
            guard all.count == 1, let only = all.first else { continue }
            let first = hosts[providers[0]]
            findings.append(
                Finding(
                    .affinity, model.services[number],
                    "all who provide `\(model.services[number])` run on `\(only)`: "
                        + ColdStartRules.names(providers.map(model.name)),
                    fix: "place one of them on another machine",
                    at: first.facts.provides.first { $0.name == model.services[number] }?.place ?? first.place))
        }
        return findings
    }

    // MARK: MAX-PRINCIPLE

    private var protection: [Finding] {
        var guests = [[Int]](repeating: [], count: hosts.count)
        for (number, host) in hosts.enumerated() {
            for place in host.facts.placedOn { model.hostNumbers[place.name].map { guests[$0].append(number) } }
        }
        var findings: [Finding] = []
        for (number, host) in hosts.enumerated() where !guests[number].isEmpty {
            for (word, path) in [
                ("confidentiality", \Protection.confidentiality), ("integrity", \Protection.integrity),
                ("availability", \Protection.availability),
            ] as [(String, KeyPath<Protection, Protection.Need?> & Sendable)] {
                let highest = guests[number].compactMap { guest in
                    hosts[guest].facts.protection[keyPath: path].map { (need: $0, guest: guest) }
                }.max { $0.need < $1.need }
                guard let highest else { continue }
                guard highest.need > host.facts.protection[keyPath: path] ?? .normal else {
                    cumulated(host, guests[number], word, path, highest.need).map { findings.append($0) }
                    continue
                }
                let own = host.facts.protection[keyPath: path].map { "is \($0.rawValue)" } ?? "is not said"
                findings.append(
                    Finding(
                        .maxPrinciple, host.name,
                        "the need of `\(host.name)` for \(word) \(own), and `\(hosts[highest.guest].name)` on it has "
                            + highest.need.rawValue,
                        fix:
                            "give `\(host.name)` `protection: { \(word): \(highest.need.rawValue) }`, and what that asks for",
                        at: host.place))
            }
        }
        return findings
    }

    // MARK: CUMULATION

    /// Many guests with the highest need on one machine raise its own by a class.
    private func cumulated(
        _ host: Host, _ guests: [Int], _ word: String, _ path: KeyPath<Protection, Protection.Need?>,
        _ need: Protection.Need
    ) -> Finding? {
        let count = guests.count { hosts[$0].facts.protection[keyPath: path] == need }
        guard let higher = Protection.Need.allCases.first(where: { $0 > need }),
            count >= model.inventory.cumulation, host.facts.protection[keyPath: path] ?? .normal < higher
        else { return nil }
        return Finding(
            .cumulation, host.name,
            "\(count) machines on `\(host.name)` have a need for \(word) that is \(need.rawValue): together that is \(higher.rawValue)",
            fix:
                "give `\(host.name)` `protection: { \(word): \(higher.rawValue) }`, spread the machines, or accept it in a waiver",
            at: host.place)
    }

    // MARK: BACKUP-…

    private var backups: [Finding] {
        var findings: [Finding] = []
        // A site that says nothing of backups is asked about in its handbook, not machine by machine.
        let isTold = hosts.contains { $0.facts.backup != nil || $0.facts.rpo != nil }
        for (number, host) in hosts.enumerated() {
            guard let backup = host.facts.backup else {
                if isTold, model.isVirtual(number) {
                    findings.append(
                        Finding(
                            .backupMissing, host.name, "nothing is said of a backup of `\(host.name)`",
                            fix: "back it up and say how: `backup: { method: image, where: …, every: … }`",
                            at: host.place))
                }
                continue
            }
            if let rpo = host.facts.rpo, let every = backup.interval, every > rpo {
                findings.append(
                    Finding(
                        .backupStale, host.name,
                        "`\(host.name)` is backed up every \(DurationText.words(every)), and may lose "
                            + "\(DurationText.words(rpo)) of its data",
                        fix: "back it up more often, or agree on another `rpo`", at: host.place))
            }
            if backup.method.lowercased() == "snapshot" {
                findings.append(
                    Finding(
                        .snapshotOnly, host.name, "the only protection of `\(host.name)` is a snapshot",
                        fix: "copy it to storage of its own", at: host.place))
            }
            if backup.lastTest.map({ $0 < Self.yearBefore(today) }) ?? true {
                let when = backup.lastTest.map { "was last tried on \($0)" } ?? "was never tried, as far as is said"
                findings.append(
                    Finding(
                        .backupUntested, host.name, "a restore of `\(host.name)` \(when)",
                        fix: "try it, and write down the day: `last_test`", at: host.place))
            }
            if !backup.imageIncluded {
                findings.append(
                    Finding(
                        .backupNoImage, host.name, "the backup of `\(host.name)` does not hold the machine itself",
                        fix: "include its image, or say how it is set up anew, and set `image_included`", at: host.place
                    ))
            }
        }
        return findings
    }

    /// The same day a year ago; a date is compared as text.
    static func yearBefore(_ date: String) -> String {
        guard let year = Int(date.prefix(4)), year > 0 else { return "" }
        let text = String(year - 1)
        return String(repeating: "0", count: max(0, 4 - text.utf8.count)) + text + date.dropFirst(4)
    }

    // MARK: WAIVER-EXPIRED

    private var waivers: [Finding] {
        model.inventory.waivers.filter { $0.until < today }.map { waiver in
            Finding(
                .waiverExpired, waiver.rule.rawValue,
                "\(waiver.who) accepted \(waiver.rule.rawValue) until \(waiver.until): \(waiver.why)",
                fix: "mend what was found, or have it agreed anew", at: waiver.place)
        }
    }
}
