/// Steps that wait for each other.
package enum StepCycle {
    /// The first cycle among `needs` (for each step what it waits for), from its first step in file order back to it:
    /// `[a, b, a]`; nil when there is none.
    package static func first(in needs: [[Int]]) -> [Int]? {
        var waiting = needs.map(\.count)
        var dependents = Array(repeating: [Int](), count: needs.count)
        for (step, needed) in needs.enumerated() {
            for need in needed where needs.indices.contains(need) { dependents[need].append(step) }
        }
        var free = waiting.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < free.count {
            for dependent in dependents[free[next]] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { free.append(dependent) }
            }
            next += 1
        }
        guard free.count < needs.count else { return nil }
        // Every step that is left waits for one that is left: walking on must come back to where it was.
        let done = Set(free)
        var path: [Int] = []
        var seen: [Int: Int] = [:]
        var step = needs.indices.first { !done.contains($0) }
        while let current = step, seen[current] == nil {
            seen[current] = path.count
            path.append(current)
            step = needs[current].first { !done.contains($0) }
        }
        let start = step.flatMap { seen[$0] } ?? 0
        let cycle = Array(path[start...])
        let smallest = cycle.indices.min { cycle[$0] < cycle[$1] } ?? 0
        return cycle[smallest...] + cycle[..<smallest] + [cycle[smallest]]
    }
}
