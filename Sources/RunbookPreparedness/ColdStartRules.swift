internal import RunbookModel

/// Whether everything can be started from power alone, and whether what starts first leans on what starts late.
struct ColdStartRules {
    let model: SiteModel
    private let part: BlockedPart

    init(_ model: SiteModel) {
        self.model = model
        part = BlockedPart(model.graph)
    }

    var findings: [Finding] { unreachable + exclusive }

    // MARK: BOOT-UNREACHABLE

    private var unreachable: [Finding] {
        let causes = part.causes
        guard !causes.isEmpty else { return [] }
        let remedies = part.remedies(part.start.blocked.filter { !model.isHost($0) })
        return causes.map { cause in
            let waiting = causes.count > Self.mostCounted ? [] : waiting(cause, causes)
            let subject = cause.nodes.first { !model.isHost($0) } ?? cause.nodes[0]
            return Finding(
                .bootUnreachable, model.name(subject),
                "the cold start stops at `\(model.name(subject))`"
                    + (waiting.isEmpty ? "" : ": \(Self.count(waiting.count, "machine")) can't start without it"),
                path: walk(cause.path).map(sentence)
                    + (waiting.isEmpty ? [] : ["waiting for it: \(Self.names(waiting.map(model.name)))"]),
                fix: fix(cause, remedies), at: place(cause))
        }
    }

    /// For more causes than this nobody wants to know of each who waits for it.
    private static let mostCounted = 50

    /// The machines that don't start as long as this cause stands, whatever is done about the others.
    private func waiting(_ cause: BlockedPart.Cause, _ causes: [BlockedPart.Cause]) -> [Int] {
        let others = causes.filter { $0 != cause }.flatMap(\.nodes)
        return model.graph.start(given: others).blocked.filter(model.isHost)
    }

    /// Without the way back to where it was.
    private func walk(_ path: [Int]) -> [(node: Int, next: Int?)] {
        path.enumerated().compactMap { index, node in
            index == path.count - 1 && path.firstIndex(of: node) != index
                ? nil : (node, index + 1 < path.count ? path[index + 1] : nil)
        }
    }

    private func sentence(_ step: (node: Int, next: Int?)) -> String {
        let name = "`\(model.name(step.node))`"
        let node = model.graph.nodes[step.node]
        if let next = step.next, node.needs.contains(next) { return "\(name) needs `\(model.name(next))`" }
        let providers = node.providers ?? []
        guard !providers.isEmpty else { return "nobody provides \(name)" }
        let all = Self.names(providers.map(model.name))
        if model.isHost(step.node) { return "\(name) runs only on \(all)" }
        return providers.count == 1 ? "only \(all) provides \(name)" : "only \(all) provide \(name)"
    }

    private func fix(_ cause: BlockedPart.Cause, _ remedies: BlockedPart.Remedies) -> String {
        let here = Set(cause.nodes)
        // Each remedy has one or more of this cause's.
        var ways: [[Int]] = []
        for set in remedies.sets {
            let way = set.filter { here.contains($0) }
            if !way.isEmpty, !ways.contains(way) { ways.append(way) }
        }
        let words = ways.prefix(4).map { way in
            let freed = part.freed(by: way).count { model.isHost($0) }
            return way.map { "an independent provider of `\(model.name($0))`" }.joined(separator: " and ")
                + (freed == 0 ? "" : " unblocks \(Self.count(freed, "machine"))")
        }
        guard !words.isEmpty else { return "say in the inventory who provides it, or that it is `external`" }
        return
            "\(words.joined(separator: ", or ")); it is a machine that needs none of these, or `external: true` for what "
            + "comes from outside"
    }

    private func place(_ cause: BlockedPart.Cause) -> SourcePlace {
        for node in cause.path where model.isHost(node) {
            let host = model.inventory.hosts[node]
            return host.facts.requires.first { need in
                model.node(ofService: need.name).map { cause.nodes.contains($0) } ?? false
            }?.place ?? host.place
        }
        for node in cause.path where !model.isHost(node) {
            if let service = model.inventory.services.first(where: { $0.name == model.name(node) }) {
                return service.place
            }
            // Who asks for it.
            for host in model.inventory.hosts {
                if let need = host.facts.requires.first(where: { $0.name == model.name(node) }) { return need.place }
            }
            for service in model.inventory.services {
                if let need = service.requires.first(where: { $0.name == model.name(node) }) { return need.place }
            }
        }
        return SourcePlace(path: model.inventory.path, line: 1, column: 1)
    }

    // MARK: EXCLUSIVE-VIRTUAL

    private var exclusive: [Finding] {
        let carriers = Set(model.inventory.hosts.flatMap(\.facts.placedOn).map(\.name))
        var findings: [Finding] = []
        var named: Set<String> = []
        for (number, host) in model.inventory.hosts.enumerated() where !model.isVirtual(number) {
            let isPlatform =
                carriers.contains(host.name)
                || (host.kind == .physical || host.kind == .appliance) && !host.facts.provides.isEmpty
            guard isPlatform else { continue }
            for need in host.facts.requires {
                guard let providers = model.onlyVirtual(need.name) else { continue }
                let mitigation = host.facts.mitigations.first { $0.service.name == need.name }
                let weakness = mitigation.map(host.weakness(of:))
                // One that holds is accepted.
                if mitigation != nil, weakness == .some(nil) { continue }
                guard named.insert(need.name).inserted || mitigation != nil else { continue }
                let all = Self.names(providers.map(model.name))
                findings.append(
                    Finding(
                        .exclusiveVirtual, need.name,
                        "`\(host.name)` needs `\(need.name)`, which virtual machines alone provide: \(all)",
                        path: mitigation.flatMap { mitigation in
                            weakness?.map { "it says to do without by \(mitigation.means.rawValue), but \($0)" }
                        }.map { [$0] } ?? [],
                        fix:
                            "provide `\(need.name)` on a physical machine as well, or make `\(host.name)` do without it "
                            + "(literal addresses, a local account, keys kept on the machine) and say so: `instead_of`",
                        at: need.place))
            }
        }
        return findings
    }

    // MARK: Words

    static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// `a`, `b` and `c`; of many the first.
    static func names(_ names: [String], most: Int = 8) -> String {
        let quoted = names.prefix(most).map { "`\($0)`" }
        if names.count > most { return "\(quoted.joined(separator: ", ")) and \(names.count - most) more" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return "\(quoted.dropLast().joined(separator: ", ")) and \(last)"
    }
}
