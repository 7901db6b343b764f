/// Why a part of a graph does not come up, and what would be enough to bring it up.
package struct BlockedPart: Sendable {
    /// Nodes that wait for each other, or for a provider that there is not, and for nothing else.
    package struct Cause: Hashable, Sendable {
        /// Ascending.
        package var nodes: [Int]
        /// A way from the first of them along what each waits for, until it comes back or ends at a node that nobody
        /// provides.
        package var path: [Int]
    }

    /// Sets of nodes; with one set given, all comes up that can.
    package struct Remedies: Hashable, Sendable {
        package enum Size: Hashable, Sendable {
            /// No set is smaller.
            case smallest
            /// No node of it can be spared; whether a smaller one exists was not looked for to the end.
            case frugal
            /// It is enough.
            case enough
        }

        /// Each ascending; in order.
        package var sets: [[Int]]
        package var size: Size
    }

    private let graph: DependencyGraph
    package let start: ColdStart

    package init(_ graph: DependencyGraph) {
        self.graph = graph
        start = graph.start()
    }

    /// What a blocked node waits for: one of what it needs or, where that is there, all who could provide it.
    private func waits(_ node: Int) -> [Int] {
        if let need = graph.nodes[node].needs.first(where: { !start.isUp[$0] }) { return [need] }
        return graph.nodes[node].providers ?? []
    }

    /// The causes, each on its own, by their first nodes: circles and dead ends along what each node waits for.
    package var causes: [Cause] {
        StrongComponents.sinks(of: graph.nodes.count, from: start.blocked, waits)
            .map { nodes in Cause(nodes: nodes.sorted(), path: path(nodes)) }
            .sorted { $0.nodes[0] < $1.nodes[0] }
    }

    /// The blocked nodes that come up once these are given.
    package func freed(by nodes: [Int]) -> [Int] {
        let after = graph.start(given: nodes)
        return start.blocked.filter { after.isUp[$0] }
    }

    private func path(_ nodes: [Int]) -> [Int] {
        guard let first = nodes.min() else { return [] }
        var path = [first]
        var seen: Set<Int> = [first]
        while let last = path.last, let next = waits(last).first {
            path.append(next)
            guard seen.insert(next).inserted else { break }
        }
        return path
    }

    // MARK: Remedies

    /// The smallest sets of `candidates` that bring up all that comes up with every one of them given; at most `most` of
    /// them. `effort` bounds the work, in nodes and edges looked at.
    package func remedies(_ candidates: [Int], most: Int = 16, effort: Int = 4_000_000) -> Remedies {
        let part = Part(graph, start, candidates: candidates)
        var search = Search(part, most: most, effort: effort)
        if search.smallest() {
            let sets = search.found.map(part.original).sorted { $0.lexicographicallyPrecedes($1) }
            return Remedies(sets: sets, size: .smallest)
        }
        let (set, isFrugal) = part.frugal(effort: effort)
        return Remedies(sets: [part.original(set)], size: isFrugal ? .frugal : .enough)
    }
}

/// What of a graph is blocked, as a graph of its own.
private struct Part {
    private let names: [Int]
    let graph: DependencyGraph
    private let isCandidate: [Bool]
    /// Comes up with every candidate given.
    private let isHopeful: [Bool]
    private let hopeful: [Int]
    /// Of one look at it.
    let cost: Int

    init(_ whole: DependencyGraph, _ start: ColdStart, candidates: [Int]) {
        let names = Self.deciding(whole, start, Set(candidates))
        var number = [Int](repeating: -1, count: whole.nodes.count)
        for (index, name) in names.enumerated() { number[name] = index }
        graph = DependencyGraph(
            names.map { name in
                let waits = Self.waits(whole.nodes[name], start.isUp)
                return DependencyGraph.Node(
                    needs: waits.needs.map { number[$0] }, providers: waits.providers.map { $0.map { number[$0] } })
            })
        self.names = names
        var isCandidate = [Bool](repeating: false, count: names.count)
        for candidate in candidates where number[candidate] >= 0 { isCandidate[number[candidate]] = true }
        self.isCandidate = isCandidate
        let best = graph.start(given: isCandidate.indices.filter { isCandidate[$0] })
        isHopeful = best.isUp
        hopeful = best.isUp.indices.filter { best.isUp[$0] }
        cost = graph.nodes.reduce(graph.nodes.count) { $0 + $1.needs.count + ($1.providers?.count ?? 0) }
    }

    /// What of a node's wants is not there. A provider that is up is enough.
    private static func waits(_ node: DependencyGraph.Node, _ isUp: [Bool]) -> DependencyGraph.Node {
        let isProvided = node.providers?.contains { isUp[$0] } ?? true
        return DependencyGraph.Node(
            needs: node.needs.filter { !isUp[$0] }, providers: isProvided ? nil : node.providers)
    }

    /// The blocked nodes but for those that nobody waits for: they come up with what they need, whatever that takes.
    private static func deciding(
        _ whole: DependencyGraph, _ start: ColdStart, _ candidates: Set<Int>
    ) -> [Int] {
        let blocked = start.blocked
        var clients = [Int](repeating: 0, count: whole.nodes.count)
        func edges(_ node: Int) -> [Int] {
            let waits = waits(whole.nodes[node], start.isUp)
            return waits.needs + (waits.providers ?? [])
        }
        for node in blocked { for other in edges(node) { clients[other] += 1 } }
        var isLeftOut = [Bool](repeating: false, count: whole.nodes.count)
        var open = blocked.filter { clients[$0] == 0 && !candidates.contains($0) }
        while let node = open.popLast() {
            isLeftOut[node] = true
            for other in edges(node) {
                clients[other] -= 1
                if clients[other] == 0, !candidates.contains(other) { open.append(other) }
            }
        }
        return blocked.filter { !isLeftOut[$0] }
    }

    func original(_ nodes: [Int]) -> [Int] { nodes.map { names[$0] }.sorted() }

    /// Sets of candidates, none in two of them. One of each set has to be given: without that none of the nodes that it
    /// stands for comes up. Empty: all that can be up is up.
    func conflicts(_ given: [Int]) -> [[Int]] {
        let isUp = graph.start(given: given).isUp
        let left = hopeful.filter { !isUp[$0] }
        guard !left.isEmpty else { return [] }
        let sinks = StrongComponents.sinks(of: graph.nodes.count, from: left) { node in
            // Where what a candidate needs can't be had, only giving it helps.
            if let need = graph.nodes[node].needs.first(where: { !isUp[$0] }) { return isHopeful[need] ? [need] : [] }
            return graph.nodes[node].providers?.filter { isHopeful[$0] } ?? []
        }
        return sinks.map { $0.filter { isCandidate[$0] }.sorted() }.sorted {
            $0.count != $1.count ? $0.count < $1.count : $0.lexicographicallyPrecedes($1)
        }
    }

    /// One from each conflict, round by round; then, as long as the effort lasts, none that can be spared.
    func frugal(effort: Int) -> (set: [Int], isFrugal: Bool) {
        var chosen: [Int] = []
        while true {
            let more = conflicts(chosen).compactMap(\.first)
            if more.isEmpty { break }
            chosen += more
        }
        guard chosen.count < effort / max(1, cost) else { return (chosen, false) }
        for node in chosen.reversed() {
            let rest = chosen.filter { $0 != node }
            if conflicts(rest).isEmpty { chosen = rest }
        }
        return (chosen, true)
    }
}

/// Looks for the smallest sets, by size.
private struct Search {
    private let part: Part
    private let most: Int
    private var effort: Int
    /// Who was tried is left out of all that follow, so that each set is found once.
    private var excluded: Set<Int> = []
    private(set) var found: [[Int]] = []

    init(_ part: Part, most: Int, effort: Int) {
        self.part = part
        self.most = most
        self.effort = effort
    }

    /// False: the effort was not enough.
    mutating func smallest() -> Bool {
        var size = part.conflicts([]).count
        while found.isEmpty {
            guard extend([], by: size) else { return false }
            size += 1
        }
        return true
    }

    private mutating func extend(_ chosen: [Int], by size: Int) -> Bool {
        guard found.count < most else { return true }
        effort -= part.cost
        guard effort > 0 else { return false }
        let conflicts = part.conflicts(chosen)
        guard let narrowest = conflicts.first else {
            if size == 0 { found.append(chosen.sorted()) }
            return true
        }
        guard conflicts.count <= size else { return true }
        if narrowest.count == 1 {
            // No choice: all of those at once.
            let forced = conflicts.filter { $0.count == 1 }.flatMap(\.self)
            guard excluded.isDisjoint(with: forced) else { return true }
            return extend(chosen + forced, by: size - forced.count)
        }
        var tried: [Int] = []
        defer { excluded.subtract(tried) }
        for node in narrowest where !excluded.contains(node) {
            guard extend(chosen + [node], by: size - 1) else { return false }
            excluded.insert(node)
            tried.append(node)
        }
        return true
    }
}
