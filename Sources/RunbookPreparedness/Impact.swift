package import RunbookModel

/// What the loss of machines takes down, by the model of the cold start: what could not be started again without them.
package struct Impact: Hashable, Sendable {
    /// The machines that are lost, by their names.
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
    /// The highest needs for protection among those lost and down.
    package var protection = Protection()

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
    private let numbers: [String: Int]
    /// By host: whether others run on it, or it provides something. Without one that carries nothing nothing else changes.
    private let carries: [Bool]

    package init(_ inventory: Inventory) {
        model = SiteModel(inventory)
        whole = model.graph.start()
        numbers = Dictionary(
            inventory.hosts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { one, _ in one })
        var carries = [Bool](repeating: false, count: inventory.hosts.count)
        for host in inventory.hosts {
            for place in host.facts.placedOn { numbers[place.name].map { carries[$0] = true } }
        }
        for providers in model.providers { for host in providers { carries[host] = true } }
        self.carries = carries
    }

    /// Machines that don't come up even where nothing is lost: of those an impact says nothing.
    package var blocked: [String] { whole.blocked.filter(model.isHost).map(model.name) }

    /// The loss of these machines; names that are none are passed over.
    package func lose(_ names: [String]) -> Impact {
        let isLost = Set(names.compactMap { numbers[$0] })
        let lost = isLost.sorted()
        var impact = Impact(lost: lost.map(model.name))
        guard lost.contains(where: { carries[$0] }) else {
            weigh(lost.filter { whole.isUp[$0] }, in: &impact)
            return impact
        }
        let hosts = model.inventory.hosts
        let after = model.graph.start(lost: lost)
        let gone = hosts.indices.filter { whole.isUp[$0] && !after.isUp[$0] }
        weigh(gone, in: &impact)
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

    /// What is said of the machines that are gone.
    private func weigh(_ gone: [Int], in impact: inout Impact) {
        let hosts = model.inventory.hosts
        impact.objectives = gone.compactMap { host in
            hosts[host].facts.rto.map { Impact.Objective(host: hosts[host].name, rto: $0) }
        }.sorted { $0.rto != $1.rto ? $0.rto < $1.rto : $0.host < $1.host }
        for host in gone {
            let own = hosts[host].facts.protection
            impact.protection.confidentiality = highest(impact.protection.confidentiality, own.confidentiality)
            impact.protection.integrity = highest(impact.protection.integrity, own.integrity)
            impact.protection.availability = highest(impact.protection.availability, own.availability)
        }
    }

    private func highest(_ one: Protection.Need?, _ other: Protection.Need?) -> Protection.Need? {
        guard let one, let other else { return one ?? other }
        return max(one, other)
    }

    /// The loss of each machine by itself, the worst first: most machines down, then most services ended.
    package var table: [Impact] {
        model.inventory.hosts.map { lose([$0.name]) }.enumerated().sorted {
            let (one, other) = ($0.element, $1.element)
            if one.down.count != other.down.count { return one.down.count > other.down.count }
            if one.ended.count != other.ended.count { return one.ended.count > other.ended.count }
            return $0.offset < $1.offset
        }.map(\.element)
    }
}
