package import RunbookModel

extension Inventory {
    /// Of what the inventory says nothing, so that the rules which rest on it had nothing to look at.
    package var untold: [String] {
        let facts = hosts.map(\.facts)
        return [
            ("services", hosts.contains { !$0.facts.requires.isEmpty || !$0.facts.provides.isEmpty }),
            ("placed_on", facts.contains { !$0.placedOn.isEmpty }),
            ("domains", !domains.isEmpty), ("redundancy", !redundancy.isEmpty),
            ("protection", facts.contains { $0.protection != Protection() }),
            ("capacity", facts.contains { $0.capacity != Capacity() }),
            ("backup", facts.contains { $0.backup != nil }), ("snapshot", facts.contains { $0.snapshot != nil }),
            ("health", facts.contains { $0.health != nil }),
            ("people", !people.isEmpty || !roles.isEmpty), ("scenarios", scenarios != nil), ("packs", packs != nil),
            ("drills", drillEvery != nil),
        ].filter { !$0.1 }.map(\.0)
    }
}
