import RunbookPreparedness
import Testing

/// Against what the words say, worked out the slow way: round by round, and set by set.
@Suite struct DependencyGraphTests {
    /// xorshift64*: the same models on every machine.
    struct Dice {
        var state: UInt64
        mutating func roll(_ sides: Int) -> Int {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return Int((state &* 2_685_821_657_736_338_717) >> 33) % sides
        }
    }

    static func graph(_ dice: inout Dice) -> DependencyGraph {
        let count = 1 + dice.roll(12)
        let density = 1 + dice.roll(5)
        return DependencyGraph(
            (0..<count).map { node in
                func some(_ most: Int) -> [Int] {
                    var set: Set<Int> = []
                    for _ in 0..<dice.roll(most + 1) { set.insert(dice.roll(count)) }
                    return set.sorted()
                }
                return DependencyGraph.Node(needs: some(density - 1), providers: dice.roll(3) == 0 ? nil : some(3))
            })
    }

    static func up(_ graph: DependencyGraph, given: Set<Int>, lost: Set<Int>) -> Set<Int> {
        var up = given.subtracting(lost)
        while true {
            let more = graph.nodes.indices.filter { node in
                !up.contains(node) && !lost.contains(node) && graph.nodes[node].needs.allSatisfy(up.contains)
                    && graph.nodes[node].providers?.contains(where: up.contains) ?? true
            }
            if more.isEmpty { return up }
            up.formUnion(more)
        }
    }

    @Test("what comes up, what is given and what is lost: as by brute force, in 10,000 random models")
    func fixpoint() {
        var dice = Dice(state: 20_261_126)
        var blocked = 0
        for _ in 0..<10_000 {
            let graph = Self.graph(&dice)
            let given = Set((0..<dice.roll(3)).map { _ in dice.roll(graph.nodes.count) })
            let lost = Set((0..<dice.roll(3)).map { _ in dice.roll(graph.nodes.count) })
            let start = graph.start(given: given.sorted(), lost: lost.sorted())
            let up = Self.up(graph, given: given, lost: lost)
            #expect(Set(start.order) == up)
            #expect(start.order.count == up.count)
            #expect(start.isUp.indices.filter { start.isUp[$0] } == up.sorted())
            blocked += start.blocked.count
            // Whatever a node rests on comes before it.
            var before: Set<Int> = []
            for node in start.order {
                if !given.contains(node) {
                    #expect(graph.nodes[node].needs.allSatisfy(before.contains))
                    #expect(graph.nodes[node].providers?.contains(where: before.contains) ?? true)
                }
                before.insert(node)
            }
        }
        #expect(blocked > 10_000)
    }

    @Test("the smallest sets that unblock: all of them and no others, as by brute force, in 10,000 random models")
    func remedies() {
        var dice = Dice(state: 7)
        var several = 0
        for _ in 0..<10_000 {
            let graph = Self.graph(&dice)
            let candidates = graph.nodes.indices.filter { _ in dice.roll(3) > 0 }
            let part = BlockedPart(graph)
            let found = part.remedies(candidates, most: 10_000)
            let goal = Self.up(graph, given: Set(candidates), lost: [])
            let useful = candidates.filter { !part.start.isUp[$0] }
            var smallest: [[Int]] = []
            var size = 0
            while smallest.isEmpty {
                smallest = Self.subsets(useful, of: size).filter {
                    Self.up(graph, given: Set($0), lost: []).isSuperset(of: goal)
                }
                size += 1
            }
            #expect(found.size == .smallest)
            #expect(found.sets == smallest.sorted { $0.lexicographicallyPrecedes($1) })
            if smallest.count > 1 { several += 1 }
            // Where there is no time for the smallest, none of it can be spared.
            let frugal = part.remedies(candidates, effort: 0)
            #expect(frugal.size != .smallest || frugal.sets == [[]])
            if let set = frugal.sets.first, frugal.size == .enough {
                #expect(Self.up(graph, given: Set(set), lost: []).isSuperset(of: goal))
            }
            let spare = part.remedies(candidates, effort: 1_000)
            if spare.size == .frugal, let set = spare.sets.first {
                #expect(Self.up(graph, given: Set(set), lost: []).isSuperset(of: goal))
                for node in set {
                    #expect(!Self.up(graph, given: Set(set).subtracting([node]), lost: []).isSuperset(of: goal))
                }
            }
        }
        #expect(several > 500)
    }

    static func subsets(_ items: [Int], of size: Int) -> [[Int]] {
        guard size > 0 else { return [[]] }
        guard let first = items.first else { return [] }
        let rest = Array(items.dropFirst())
        return subsets(rest, of: size - 1).map { [first] + $0 } + subsets(rest, of: size)
    }

    @Test("a cause waits for nothing outside itself, and its path leads back or to a dead end")
    func causes() {
        var dice = Dice(state: 99)
        var found = 0
        for _ in 0..<5_000 {
            let graph = Self.graph(&dice)
            let part = BlockedPart(graph)
            #expect(part.causes.isEmpty == part.start.blocked.isEmpty)
            for cause in part.causes {
                found += 1
                #expect(Set(cause.nodes).isSubset(of: part.start.blocked))
                #expect(Set(cause.path).isSubset(of: cause.nodes))
                let last = cause.path.last ?? -1
                let isCircle = cause.path.firstIndex(of: last) != cause.path.count - 1
                #expect(isCircle || graph.nodes[last].providers == [])
                for (one, next) in zip(cause.path, cause.path.dropFirst()) {
                    #expect(
                        graph.nodes[one].needs.contains(next) || graph.nodes[one].providers?.contains(next) ?? false)
                }
            }
        }
        #expect(found > 1_000)
    }

    @Test("a chain as long as a site has machines is no deeper than any other")
    func longChain() {
        let count = 200_000
        let chain = DependencyGraph((0..<count).map { .init(needs: [($0 + 1) % count]) })
        let part = BlockedPart(chain)
        #expect(part.causes.map(\.nodes.count) == [count])
        #expect(part.remedies([5, 7]).sets == [[5], [7]])
    }
}
