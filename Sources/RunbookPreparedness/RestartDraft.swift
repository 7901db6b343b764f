package import RunbookModel

/// A first restart runbook, drawn from what machines and services need: the order, and what has to be ready before what.
/// How each machine is started, and how a service shows that it is ready, a person has to write.
package struct RestartDraft: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        /// Start a machine; `carrier` is where it runs, nil for hardware.
        case machine(Host, carrier: String?)
        /// See that a service is ready, on the machine that provides it first.
        case service(String, Service.Kind, provider: String)
    }

    package struct Step: Hashable, Sendable {
        package var id: String
        package var subject: Subject
        /// Ids of earlier steps; empty: it needs nothing but what comes from outside.
        package var needs: [String]
        /// From 1: a step comes in a later tier than the machines and services that it rests on, but for a service, which
        /// comes in that of its machine.
        package var tier: Int
    }

    /// What comes from outside, in file order.
    package var external: [String]
    /// Tier by tier, and in each in an order in which they can be done.
    package var steps: [Step]
    /// Machines and services that can't be started from power alone, in file order.
    package var blocked: [String]

    package init(_ inventory: Inventory) {
        let model = SiteModel(inventory)
        let start = model.graph.start()
        var place = [Int: Int]()
        for (number, node) in start.order.enumerated() { place[node] = number }
        var ids: [Int: String] = [:]
        var tiers: [Int: Int] = [:]
        var taken: Set<String> = []
        var steps: [Step] = []
        external = model.services.indices.map { model.hostCount + $0 }.filter(model.isExternal).map(model.name)
        blocked = start.blocked.map(model.name)
        for node in start.order where !model.isExternal(node) {
            let graph = model.graph.nodes[node]
            // Whoever comes up first carries or provides it.
            let provider = graph.providers?.filter { start.isUp[$0] }.min {
                place[$0, default: 0] < place[$1, default: 0]
            }
            let needs = (graph.needs + [provider].compactMap(\.self)).filter { ids[$0] != nil }
            let below = needs.map { tiers[$0, default: 0] }.max() ?? 0
            let subject: Subject
            if model.isHost(node) {
                subject = .machine(inventory.hosts[node], carrier: provider.map(model.name))
                tiers[node] = below + 1
            } else {
                // A service without a provider is blocked or comes from outside.
                guard let provider else { continue }
                let name = model.name(node)
                subject = .service(name, model.kind(ofService: name), provider: model.name(provider))
                tiers[node] = max(below, 1)
            }
            let id = Self.id(model.isHost(node) ? "start" : "ready", model.name(node), &taken)
            ids[node] = id
            steps.append(
                Step(
                    id: id, subject: subject, needs: Self.distinct(needs.compactMap { ids[$0] }),
                    tier: tiers[node, default: 1]))
        }
        self.steps = steps.enumerated().sorted {
            $0.element.tier != $1.element.tier ? $0.element.tier < $1.element.tier : $0.offset < $1.offset
        }.map(\.element)
    }

    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    /// An id of small letters, digits and hyphens that no other step has.
    private static func id(_ verb: String, _ name: String, _ taken: inout Set<String>) -> String {
        let letters = name.lowercased().unicodeScalars.map { scalar in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
        }
        let id = "\(verb)-\(String(letters))"
        var number = 1
        var free = id
        while !taken.insert(free).inserted {
            number += 1
            free = "\(id)-\(number)"
        }
        return free
    }
}
