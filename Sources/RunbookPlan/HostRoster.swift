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

    /// The hosts that `names` stand for, in order, each once; nil is this machine.
    package func expand(_ names: [Named]) throws(PlanFault) -> [Int?] {
        var found: [Int?] = []
        var seen: Set<Int> = []
        var seenLocal = false
        var open = Array(names.reversed())
        var visited: Set<String> = []
        while let name = open.popLast() {
            if name.name == Host.localName {
                if !seenLocal { found.append(nil) }
                seenLocal = true
            } else if let host = hosts[name.name] {
                if seen.insert(host).inserted { found.append(host) }
            } else if let members = groups[name.name] {
                if visited.insert(name.name).inserted { open.append(contentsOf: members.reversed()) }
            } else {
                throw .unknownHost(name)
            }
        }
        return found
    }
}
