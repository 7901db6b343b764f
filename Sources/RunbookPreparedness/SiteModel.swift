package import RunbookModel

/// The machines and services of an inventory as a graph of what has to be there before what.
package struct SiteModel: Sendable {
    /// Comes from outside unless the inventory says who provides it.
    package static let power = "power"

    package let inventory: Inventory
    /// In file order: as declared, then as hosts name them.
    package let services: [String]
    package let graph: DependencyGraph
    /// Of each service the hosts that provide it, by their numbers.
    package let providers: [[Int]]
    private let serviceNumbers: [String: Int]
    private let declared: [String: Service]

    package init(_ inventory: Inventory) {
        let declared = Dictionary(inventory.services.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
        var services: [String] = []
        var numbers: [String: Int] = [:]
        func note(_ name: String) {
            guard numbers[name] == nil else { return }
            numbers[name] = services.count
            services.append(name)
        }
        for service in inventory.services { note(service.name) }
        for service in inventory.services { service.requires.forEach { note($0.name) } }
        for host in inventory.hosts { (host.facts.provides + host.facts.requires).forEach { note($0.name) } }
        var providers = [[Int]](repeating: [], count: services.count)
        for (number, host) in inventory.hosts.enumerated() {
            for name in host.facts.provides { numbers[name.name].map { providers[$0].append(number) } }
        }
        let hostNumbers = Dictionary(
            inventory.hosts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { one, _ in one })
        let first = inventory.hosts.count
        func needs(_ names: [Named]) -> [Int] { names.compactMap { name in numbers[name.name].map { first + $0 } } }
        let hosts = inventory.hosts.map { host in
            let places = host.facts.placedOn.compactMap { hostNumbers[$0.name] }
            return DependencyGraph.Node(needs: needs(host.facts.requires), providers: places.isEmpty ? nil : places)
        }
        let rest = services.enumerated().map { number, name in
            let service = declared[name]
            let isExternal =
                service?.isExternal ?? (name == Self.power && providers[number].isEmpty)
            return DependencyGraph.Node(
                needs: needs(service?.requires ?? []), providers: isExternal ? nil : providers[number])
        }
        self.inventory = inventory
        self.services = services
        self.providers = providers
        self.declared = declared
        serviceNumbers = numbers
        graph = DependencyGraph(hosts + rest)
    }

    package var hostCount: Int { inventory.hosts.count }

    package func isHost(_ node: Int) -> Bool { node < hostCount }

    package func name(_ node: Int) -> String { isHost(node) ? inventory.hosts[node].name : services[node - hostCount] }

    package func node(ofService name: String) -> Int? { serviceNumbers[name].map { hostCount + $0 } }

    package func isExternal(_ node: Int) -> Bool { !isHost(node) && graph.nodes[node].providers == nil }

    package func requires(ofService name: String) -> [Named] { declared[name]?.requires ?? [] }

    /// Whether a machine is no hardware of its own.
    package func isVirtual(_ host: Int) -> Bool {
        switch inventory.hosts[host].kind {
        case .vm, .container: true
        case .physical, .appliance, .service, nil: false
        }
    }
}
