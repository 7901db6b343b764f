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
    /// By the name of a host its number, in file order.
    let hostNumbers: [String: Int]
    private let serviceNumbers: [String: Int]
    private let declared: [String: Service]

    /// - Parameter assumed: services that are taken as coming from outside where no host provides them.
    package init(_ inventory: Inventory, assuming assumed: [String] = []) {
        let assumed = Set(assumed)
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
            let held = Set(host.facts.mitigations.filter { host.weakness(of: $0) == nil }.map(\.service.name))
            return DependencyGraph.Node(
                needs: needs(host.facts.requires.filter { !held.contains($0.name) }),
                providers: places.isEmpty ? nil : places)
        }
        let rest = services.enumerated().map { number, name in
            let service = declared[name]
            let isGiven = providers[number].isEmpty && (assumed.contains(name) || service == nil && name == Self.power)
            let isExternal = isGiven || service?.isExternal ?? false
            return DependencyGraph.Node(
                needs: needs(service?.requires ?? []), providers: isExternal ? nil : providers[number])
        }
        self.inventory = inventory
        self.services = services
        self.providers = providers
        self.hostNumbers = hostNumbers
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

    package func kind(ofService name: String) -> Service.Kind { declared[name]?.kind ?? Service.kind(named: name) }

    /// Who provides a service, if they all are virtual and it does not come from outside; else nil.
    func onlyVirtual(_ name: String) -> [Int]? {
        guard let node = node(ofService: name), !isExternal(node) else { return nil }
        let providers = self.providers[node - hostCount]
        return !providers.isEmpty && providers.allSatisfy(isVirtual) ? providers : nil
    }

    /// Whether a machine is no hardware of its own.
    package func isVirtual(_ host: Int) -> Bool {
        switch inventory.hosts[host].kind {
        case .vm, .container: true
        case .physical, .appliance, .service, nil: false
        }
    }
}

extension Host {
    /// Why it can't do without a service as it says; nil: it can.
    func weakness(of mitigation: Mitigation) -> String? {
        switch mitigation.means {
        case .literalAddress:
            // Digits and dots, or a colon: no name of a host is written so.
            let isLiteral =
                address.contains(":")
                || address.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            return isLiteral || !addresses.isEmpty ? nil : "its address is a name: `\(address)`"
        case .localAccount:
            if user == nil { return "the inventory names no `user` of its own" }
            if identityFile != nil { return nil }
            guard let password else { return "the inventory names neither `identity_file` nor `password`" }
            if case .command = password.source { return "its password comes from a command" }
            return nil
        case .cachedKey: return facts.escrow == nil ? "no `escrow` says where its key is kept" : nil
        }
    }
}
