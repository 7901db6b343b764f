/// Sets of nodes that reach each other (Tarjan 1972), without recursion: a chain may be as long as a site has machines.
enum StrongComponents {
    /// Those sets that reach nothing outside themselves, of all that is reached from `roots`; nodes are below `count`.
    static func sinks(of count: Int, from roots: [Int], _ edges: (Int) -> [Int]) -> [[Int]] {
        struct Visit {
            var node: Int
            var edges: [Int]
            var next = 0
        }
        var index = [Int](repeating: -1, count: count)
        var low = index
        var component = index
        // Whether an edge of it leads out of its set.
        var escapes = [Bool](repeating: false, count: count)
        var found = 0
        var stack: [Int] = []
        var sinks: [[Int]] = []
        var components = 0
        for root in roots where index[root] < 0 {
            var visits: [Visit] = []
            func enter(_ node: Int) {
                index[node] = found
                found += 1
                low[node] = index[node]
                stack.append(node)
                visits.append(Visit(node: node, edges: edges(node)))
            }
            enter(root)
            while var visit = visits.popLast() {
                let node = visit.node
                if visit.next < visit.edges.count {
                    let other = visit.edges[visit.next]
                    visit.next += 1
                    visits.append(visit)
                    if index[other] < 0 {
                        enter(other)
                    } else if component[other] < 0 {
                        low[node] = min(low[node], index[other])
                    } else {
                        escapes[node] = true
                    }
                    continue
                }
                let parent = visits.last?.node
                guard low[node] == index[node] else {
                    if let parent { low[parent] = min(low[parent], low[node]) }
                    continue
                }
                if let parent { escapes[parent] = true }
                var members: [Int] = []
                while let member = stack.popLast() {
                    component[member] = components
                    members.append(member)
                    if member == node { break }
                }
                if members.allSatisfy({ edges($0).allSatisfy { component[$0] == components } }) {
                    sinks.append(members)
                }
                components += 1
            }
        }
        return sinks
    }
}
