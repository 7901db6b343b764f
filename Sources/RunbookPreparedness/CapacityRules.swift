internal import RunbookModel

/// Whether the guests of a machine fit on those that are left when it is lost.
struct CapacityRules {
    let model: SiteModel

    private struct Amount {
        var memory: Int64 = 0
        var processors = 0

        init(_ capacity: Capacity) {
            memory = capacity.memory ?? 0
            processors = capacity.processors ?? 0
        }

        /// Of a machine that says nothing of the one or the other there is enough.
        init(of machine: Capacity) {
            memory = machine.memory ?? .max
            processors = machine.processors ?? .max
        }
    }

    /// How many tries the search for a layout takes before it gives up.
    private static let mostTries = 20_000
    /// Larger farms are laid out greedily alone.
    private static let mostSearched = 200

    var findings: [Finding] {
        let hosts = model.inventory.hosts
        let places = hosts.map { host in host.facts.placedOn.compactMap { model.hostNumbers[$0.name] } }
        var guests = [[Int]](repeating: [], count: hosts.count)
        for (guest, all) in places.enumerated() { for place in all { guests[place].append(guest) } }
        // Who shares guests stands and falls together: each farm by itself.
        var farm = [Int](repeating: -1, count: hosts.count)
        var findings: [Finding] = []
        for host in hosts.indices where !guests[host].isEmpty && farm[host] < 0 {
            var machines: [Int] = []
            var open = [host]
            farm[host] = host
            while let next = open.popLast() {
                machines.append(next)
                for guest in guests[next] {
                    for place in places[guest] where farm[place] < 0 {
                        farm[place] = host
                        open.append(place)
                    }
                }
            }
            machines.sort()
            guard machines.count > 1, machines.contains(where: { hosts[$0].facts.capacity != Capacity() }) else {
                continue
            }
            let all = Set(machines.flatMap { guests[$0] }).sorted()
            if let whole = finding(without: nil, machines, all, places) {
                findings.append(whole)
            } else {
                findings += machines.compactMap { lost in finding(without: lost, machines, all, places) }
            }
        }
        return findings
    }

    /// `lost` nil: with all machines there.
    private func finding(without lost: Int?, _ machines: [Int], _ guests: [Int], _ places: [[Int]]) -> Finding? {
        let hosts = model.inventory.hosts
        let left = machines.filter { $0 != lost }
        // A guest without another place is lost with it: `impact` tells of that.
        let waiting = guests.filter { places[$0].contains { $0 != lost } && hosts[$0].facts.capacity != Capacity() }
        guard !layout(waiting, left, places) else { return nil }
        func all(_ numbers: [Int], _ path: KeyPath<Capacity, Int64?>) -> Int64 {
            numbers.reduce(into: Int64(0)) { sum, host in
                let (next, overflow) = sum.addingReportingOverflow(hosts[host].facts.capacity[keyPath: path] ?? 0)
                sum = overflow ? .max : next
            }
        }
        func names(_ numbers: [Int]) -> String { ColdStartRules.names(numbers.map(model.name)) }
        func has(_ numbers: [Int]) -> String { numbers.count == 1 ? "has" : "have" }
        let moving = waiting.filter { guest in lost.map(places[guest].contains) ?? false }
        let first = hosts[lost ?? machines[0]]
        return Finding(
            .capacity, first.name,
            lost == nil
                ? "\(names(left)) \(left.count == 1 ? "doesn't" : "don't") hold all that has to start, even with none of them lost"
                : "without `\(first.name)`, the machines that are left don't hold all that has to start",
            path: (moving.isEmpty
                ? []
                : [
                    "\(ColdStartRules.count(moving.count, "machine")) of `\(first.name)` \(has(moving)) another place: \(names(moving))"
                ]) + [
                    "\(names(left)) \(has(left)) \(words(all(left, \.memory), all(left, \.processorCount)))",
                    "all that has to start there takes \(words(all(waiting, \.memory), all(waiting, \.processorCount)))",
                ],
            fix: "add memory or processors, let guests run on more machines (`placed_on`), or say which need not start",
            at: first.place)
    }

    private func words(_ memory: Int64, _ processors: Int64) -> String {
        "\(SizeText.words(memory)) of memory and \(processors) processors"
    }

    /// Whether all guests fit: the largest first onto the machine with most left, and where that fails, by trying.
    private func layout(_ guests: [Int], _ machines: [Int], _ places: [[Int]]) -> Bool {
        let hosts = model.inventory.hosts
        var free = Dictionary(
            machines.map { ($0, Amount(of: hosts[$0].facts.capacity)) }, uniquingKeysWith: { one, _ in one })
        let order = guests.sorted {
            let (one, other) = (Amount(hosts[$0].facts.capacity), Amount(hosts[$1].facts.capacity))
            let counts = (places[$0].count, places[$1].count)
            if one.memory != other.memory { return one.memory > other.memory }
            return one.processors != other.processors
                ? one.processors > other.processors : counts.0 != counts.1 ? counts.0 < counts.1 : $0 < $1
        }
        func fits(_ guest: Int, _ machine: Int) -> Bool {
            guard let room = free[machine] else { return false }
            let amount = Amount(hosts[guest].facts.capacity)
            return amount.memory <= room.memory && amount.processors <= room.processors
        }
        func take(_ guest: Int, _ machine: Int, _ sign: Int) {
            let amount = Amount(hosts[guest].facts.capacity)
            // A machine with no word of its capacity stays as it is.
            if hosts[machine].facts.capacity.memory != nil {
                free[machine]?.memory -= amount.memory * Int64(sign)
            }
            if hosts[machine].facts.capacity.processors != nil {
                free[machine]?.processors -= amount.processors * sign
            }
        }
        func candidates(_ guest: Int) -> [Int] {
            places[guest].filter { fits(guest, $0) }.sorted {
                let (one, other) = (free[$0]?.memory ?? 0, free[$1]?.memory ?? 0)
                return one != other ? one > other : $0 < $1
            }
        }
        // By hand, not by recursion: a farm has as many guests as a file can say.
        var tries = 0
        var stack: [(choices: [Int], next: Int)] = []
        while stack.count < order.count {
            let guest = order[stack.count]
            stack.append((candidates(guest), 0))
            while let top = stack.last, top.next >= top.choices.count {
                stack.removeLast()
                guard order.count <= Self.mostSearched, let back = stack.last else { return false }
                take(order[stack.count - 1], back.choices[back.next], -1)
                stack[stack.count - 1].next += 1
                tries += 1
                if tries > Self.mostTries { return false }
            }
            guard let top = stack.last else { return false }
            take(order[stack.count - 1], top.choices[top.next], 1)
        }
        return true
    }
}

extension Capacity {
    fileprivate var processorCount: Int64? { processors.map(Int64.init) }
}
