internal import RunbookModel

/// What fails with what: the machines of each domain, and which machines run nowhere once some are lost. By numbers of
/// domains and hosts in file order.
struct FailureDomains {
    private let inventory: Inventory
    /// For each domain the machines that stand in it or in a part of it, ascending.
    let hosts: [[Int]]
    /// For each host the domains that it fails with, ascending.
    let domains: [[Int]]
    /// For each host the hosts that it may run on.
    private let places: [[Int]]

    init(_ model: SiteModel) {
        let inventory = model.inventory
        self.inventory = inventory
        let numbers = Dictionary(
            inventory.domains.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { one, _ in one })
        let parents = inventory.domains.map { $0.partOf.compactMap { numbers[$0.name] } }
        let domains = inventory.hosts.map { host in
            Self.closure(host.facts.domains.compactMap { numbers[$0.name] }, parents)
        }
        var hosts = [[Int]](repeating: [], count: inventory.domains.count)
        for (host, all) in domains.enumerated() { for domain in all { hosts[domain].append(host) } }
        self.hosts = hosts
        self.domains = domains
        places = inventory.hosts.map { $0.facts.placedOn.compactMap { model.hostNumbers[$0.name] } }
    }

    private static func closure(_ start: [Int], _ parents: [[Int]]) -> [Int] {
        var seen = Set(start)
        var open = start
        while let next = open.popLast() {
            for parent in parents[next] where seen.insert(parent).inserted { open.append(parent) }
        }
        return seen.sorted()
    }

    /// The names of the domains that these are part of, and they themselves.
    func closure(_ names: [Named]) -> [Domain] {
        let byName = Dictionary(inventory.domains.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
        var seen: Set<String> = []
        var all: [Domain] = []
        var open = names.map(\.name)
        while let next = open.popLast() {
            guard seen.insert(next).inserted, let domain = byName[next] else { continue }
            all.append(domain)
            open += domain.partOf.map(\.name)
        }
        return all
    }

    /// These machines and all that they may run on, and so on down, each after what it may run on.
    func below(_ hosts: [Int]) -> [Int] {
        var order: [Int] = []
        var state: [Int: Bool] = [:]  // false: begun, true: in the order
        var open = hosts
        while let next = open.last {
            if state[next] != nil {
                open.removeLast()
                if state.updateValue(true, forKey: next) == false { order.append(next) }
                continue
            }
            state[next] = false
            open += places[next].filter { state[$0] == nil }
        }
        return order
    }

    /// Of `order`, in which each comes after what it may run on, those that run nowhere without `lost`.
    func down(_ lost: Set<Int>, among order: [Int]) -> Set<Int> {
        var down = lost
        for host in order where !places[host].isEmpty && places[host].allSatisfy(down.contains) { down.insert(host) }
        return down
    }
}
