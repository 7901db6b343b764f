/// What has to be there before what. A node comes up once all of its `needs` are up and, where it has `providers`, one of
/// those is. Nodes are numbered from 0.
package struct DependencyGraph: Sendable {
    package struct Node: Hashable, Sendable {
        /// All of them.
        package var needs: [Int]
        /// One of them; nil: none is wanted, and of an empty list there is none to be had.
        package var providers: [Int]?

        package init(needs: [Int] = [], providers: [Int]? = nil) {
            self.needs = needs
            self.providers = providers
        }
    }

    package let nodes: [Node]
    /// Whom a node serves, one list after the other, and where each list begins.
    private let served: (needs: Lists, providers: Lists)

    package init(_ nodes: [Node]) {
        self.nodes = nodes
        served = (
            Lists(nodes.count, nodes.map(\.needs)), Lists(nodes.count, nodes.map { $0.providers ?? [] })
        )
    }

    /// Everything that comes up, in an order in which it can: the least fixpoint. `given` is up whatever it needs, `lost`
    /// never comes up.
    package func start(given: some Sequence<Int> = [], lost: some Sequence<Int> = []) -> ColdStart {
        var missing = nodes.map { $0.needs.count }
        var hasProvider = nodes.map { $0.providers == nil }
        var isUp = [Bool](repeating: false, count: nodes.count)
        var isLost = isUp
        for node in lost { isLost[node] = true }
        var order: [Int] = []
        order.reserveCapacity(nodes.count)
        func rise(_ node: Int, _ isUp: inout [Bool], _ order: inout [Int]) {
            guard !isUp[node], !isLost[node] else { return }
            isUp[node] = true
            order.append(node)
        }
        for node in given { rise(node, &isUp, &order) }
        for node in nodes.indices where missing[node] == 0 && hasProvider[node] { rise(node, &isUp, &order) }
        var next = 0
        while next < order.count {
            let node = order[next]
            next += 1
            for client in served.needs[node] {
                missing[client] -= 1
                if missing[client] == 0, hasProvider[client] { rise(client, &isUp, &order) }
            }
            for client in served.providers[node] where !hasProvider[client] {
                hasProvider[client] = true
                if missing[client] == 0 { rise(client, &isUp, &order) }
            }
        }
        return ColdStart(isUp: isUp, order: order)
    }
}

/// What of a graph comes up.
package struct ColdStart: Hashable, Sendable {
    package let isUp: [Bool]
    /// Whatever a node rests on comes before it, but for what was given.
    package let order: [Int]

    /// The rest, ascending.
    package var blocked: [Int] { isUp.indices.filter { !isUp[$0] } }
}

/// For each of some numbers the places where it stands in other lists.
private struct Lists: Sendable {
    private let starts: [Int]
    private let places: [Int]

    init(_ count: Int, _ lists: [[Int]]) {
        var starts = [Int](repeating: 0, count: count + 1)
        for list in lists { for number in list { starts[number + 1] += 1 } }
        for number in 0..<count { starts[number + 1] += starts[number] }
        var next = starts
        var places = [Int](repeating: 0, count: starts[count])
        for (place, list) in lists.enumerated() {
            for number in list {
                places[next[number]] = place
                next[number] += 1
            }
        }
        self.starts = starts
        self.places = places
    }

    subscript(number: Int) -> ArraySlice<Int> { places[starts[number]..<starts[number + 1]] }
}
