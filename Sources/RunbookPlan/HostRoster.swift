package import RunbookModel

/// Names of hosts and groups, looked up in constant time.
package struct HostRoster: Sendable {
    private let hosts: [String: Int]
    private let groups: [String: [Named]]

    package init(_ inventory: Inventory) {
        var hosts: [String: Int] = [:]
        for (position, host) in inventory.hosts.enumerated() { hosts[host.name] = position }
        var groups: [String: [Named]] = [:]
        for group in inventory.groups { groups[group.name] = group.members }
        self.hosts = hosts
        self.groups = groups
    }

    /// The machines that `names` stand for, in order, each once. None where all of them are empty groups.
    package func expand(_ names: [Named]) throws(PlanFault) -> [Machine] {
        var found: [Machine] = []
        var seen: Set<Int> = []
        var seenLocal = false
        var open = Array(names.reversed())
        var visited: Set<String> = []
        while let name = open.popLast() {
            if name.name == Host.localName {
                if !seenLocal { found.append(.local) }
                seenLocal = true
            } else if let host = hosts[name.name] {
                if seen.insert(host).inserted { found.append(.host(host)) }
            } else if let members = groups[name.name] {
                if visited.insert(name.name).inserted { open.append(contentsOf: members.reversed()) }
            } else {
                throw .unknownHost(name)
            }
        }
        return found
    }

    /// The machines of a step: none where it has no `hosts`, and at least one where it has.
    package func machines(of step: Step) throws(PlanFault) -> [Machine] {
        let found = try expand(step.hosts)
        if found.isEmpty, let first = step.hosts.first { throw .noHosts(first, step: step.id) }
        return found
    }
}
