package import RunbookModel

/// What the loss of machines takes down, by the model of the cold start: what could not be started again without them.
package struct Impact: Hashable, Sendable {
    /// The domains that are lost with all that stands in them.
    package var domains: [String] = []
    /// The machines that are lost, by their names, those of the domains among them.
    package var lost: [String]
    /// The other machines that can't run without them, in file order.
    package var down: [String] = []
    /// Machines that ran there, or could, and have another place to start.
    package var elsewhere: [String] = []
    /// Services that nobody provides any more.
    package var ended: [String] = []
    /// Services that one machine alone still provides, with that machine.
    package var single: [Single] = []
    /// Machines among those lost and down that may not be gone for longer, by how long that is.
    package var objectives: [Objective] = []
    /// The highest needs for protection among those lost and down; a class higher where as many as the inventory's
    /// `cumulation` have it.
    package var protection = Protection()
    /// Redundancy groups that have lost a member.
    package var groups: [Group] = []

    /// How many machines are gone beside the one that is lost; of a domain, all of them.
    package var gone: Int { down.count + (domains.isEmpty ? 0 : lost.count) }

    /// What is left of a redundancy group.
    package struct Group: Hashable, Sendable {
        package var name: String
        /// Members, or votes where it decides by them.
        package var left: Int
        package var total: Int
        package var isVotes: Bool
        /// Whether that is enough.
        package var works: Bool
    }

    package struct Single: Hashable, Sendable {
        package var service: String
        package var provider: String
    }

    package struct Objective: Hashable, Sendable {
        package var host: String
        package var rto: Duration
    }
}

/// Tells impacts of one site.
package struct ImpactModel: Sendable {
    private let model: SiteModel
    private let whole: ColdStart
    private let domainHosts: [[Int]]
    private let domainNumbers: [String: Int]
    /// Redundancy groups with the numbers of their members, and by host those that it is a member of.
    private let groups: [(group: RedundancyGroup, members: [Int])]
    private let groupsOfHost: [Int: [Int]]
    /// By host: whether others run on it, or it provides something. Without one that carries nothing nothing else changes.
    private let carries: [Bool]

    package init(_ inventory: Inventory) {
        model = SiteModel(inventory)
        whole = model.graph.start()
        let numbers = model.hostNumbers
        var carries = [Bool](repeating: false, count: inventory.hosts.count)
        for host in inventory.hosts {
            for place in host.facts.placedOn { numbers[place.name].map { carries[$0] = true } }
        }
        for providers in model.providers { for host in providers { carries[host] = true } }
        self.carries = carries
        domainHosts = FailureDomains(model).hosts
        domainNumbers = Dictionary(
            inventory.domains.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { one, _ in one })
        groups = inventory.redundancy.map { group in (group, group.members.compactMap { numbers[$0.name] }) }
        groupsOfHost = Dictionary(
            groups.enumerated().flatMap { number, group in group.members.map { ($0, [number]) } },
            uniquingKeysWith: +)
    }

    /// Machines that don't come up even where nothing is lost: of those an impact says nothing.
    package var blocked: [String] { whole.blocked.filter(model.isHost).map(model.name) }

    private var numbers: [String: Int] { model.hostNumbers }

    /// The loss of these machines and domains; the name of a machine means the machine, and names that are neither are
    /// passed over.
    package func lose(_ names: [String]) -> Impact {
        let domains = names.filter { numbers[$0] == nil && domainNumbers[$0] != nil }
        let isLost = Set(
            names.flatMap { name in
                numbers[name].map { [$0] } ?? domainNumbers[name].map { domainHosts[$0] } ?? []
            })
        let lost = isLost.sorted()
        var impact = Impact(domains: domains, lost: lost.map(model.name))
        guard lost.contains(where: { carries[$0] }) else {
            let gone = lost.filter { whole.isUp[$0] }
            weigh(gone, in: &impact)
            impact.groups = groups(Set(gone))
            return impact
        }
        let hosts = model.inventory.hosts
        let after = model.graph.start(lost: lost)
        let gone = hosts.indices.filter { whole.isUp[$0] && !after.isUp[$0] }
        weigh(gone, in: &impact)
        impact.groups = groups(Set(gone))
        impact.down = gone.filter { !isLost.contains($0) }.map(model.name)
        impact.elsewhere = hosts.indices.filter { host in
            after.isUp[host] && model.graph.nodes[host].providers?.contains(where: isLost.contains) ?? false
        }.map(model.name)
        for (number, service) in model.services.enumerated() {
            let node = model.hostCount + number
            if whole.isUp[node], !after.isUp[node] { impact.ended.append(service) }
            let before = model.providers[number].filter { whole.isUp[$0] }
            let left = before.filter { after.isUp[$0] }
            if after.isUp[node], before.count > 1, left.count == 1, !model.isExternal(node) {
                impact.single.append(Impact.Single(service: service, provider: model.name(left[0])))
            }
        }
        return impact
    }

    private func groups(_ gone: Set<Int>) -> [Impact.Group] {
        Set(gone.flatMap { groupsOfHost[$0, default: []] }).sorted().map { number in
            let (group, members) = groups[number]
            func weight(_ hosts: some Sequence<Int>) -> Int {
                hosts.reduce(0) { sum, host in sum + (group.votes == nil ? 1 : group.votes?[model.name(host)] ?? 1) }
            }
            let total = weight(members)
            let left = weight(members.filter { whole.isUp[$0] && !gone.contains($0) })
            return Impact.Group(
                name: group.name, left: left, total: total, isVotes: group.votes != nil,
                works: group.votes == nil ? left >= group.atLeast : left * 2 > total)
        }
    }

    /// What is said of the machines that are gone.
    private func weigh(_ gone: [Int], in impact: inout Impact) {
        let hosts = model.inventory.hosts
        impact.objectives = gone.compactMap { host in
            hosts[host].facts.rto.map { Impact.Objective(host: hosts[host].name, rto: $0) }
        }.sorted { $0.rto != $1.rto ? $0.rto < $1.rto : $0.host < $1.host }
        func need(_ path: KeyPath<Protection, Protection.Need?>) -> Protection.Need? {
            let needs = gone.compactMap { hosts[$0].facts.protection[keyPath: path] }
            guard let highest = needs.max() else { return nil }
            let isMany = needs.count { $0 == highest } >= model.inventory.cumulation
            return isMany ? Protection.Need.allCases.first { $0 > highest } ?? highest : highest
        }
        impact.protection.confidentiality = need(\.confidentiality)
        impact.protection.integrity = need(\.integrity)
        impact.protection.availability = need(\.availability)
    }

    /// The loss of each machine and of each domain by itself, the worst first: most machines gone, then most services ended.
    package var table: [Impact] {
        (model.inventory.hosts.map(\.name) + model.inventory.domains.map(\.name).filter { numbers[$0] == nil })
            .map { lose([$0]) }.enumerated().sorted {
                let (one, other) = ($0.element, $1.element)
                if one.gone != other.gone { return one.gone > other.gone }
                if one.ended.count != other.ended.count { return one.ended.count > other.ended.count }
                return $0.offset < $1.offset
            }.map(\.element)
    }
}
