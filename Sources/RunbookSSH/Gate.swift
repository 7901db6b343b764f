/// Lets so many through at a time.
actor Gate {
    private let loop: EventLoop
    private var free: Int
    private var queue: [CheckedContinuation<Void, Never>] = []
    private var head = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, limit: Int) {
        self.loop = loop
        free = max(1, limit)
    }

    /// Whether it had to wait.
    @discardableResult
    func enter() async -> Bool {
        if free > 0 {
            free -= 1
            return false
        }
        await withCheckedContinuation { queue.append($0) }
        return true
    }

    func leave() {
        guard head < queue.count else {
            free += 1
            return
        }
        let next = queue[head]
        head += 1
        if head == queue.count {
            queue = []
            head = 0
        }
        next.resume()
    }
}

/// Keeps handshakes from crowding: a server drops connections when too many are under way (sshd's MaxStartups).
actor Handshakes {
    private static let perPlace = 8
    /// Those that had to wait go on at times of their own.
    private static let jitterMilliseconds = 0...50

    private let loop: EventLoop
    private let all: Gate
    private var places: [String: Gate] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, limit: Int) {
        self.loop = loop
        all = Gate(loop: loop, limit: limit)
    }

    /// `place`: the server, or the host on the way, that has to bear it. From here to ``leave(_:)`` it is spoken to.
    func enter(_ place: String) async {
        if await gate(place).enter() { await loop.sleep(.milliseconds(Int.random(in: Self.jitterMilliseconds))) }
    }

    func leave(_ place: String) async { await gate(place).leave() }

    /// A server answers: the handshake costs this machine something from here to ``end()``.
    func begin() async { await all.enter() }

    func end() async { await all.leave() }

    private func gate(_ place: String) -> Gate {
        if let gate = places[place] { return gate }
        let gate = Gate(loop: loop, limit: Self.perPlace)
        places[place] = gate
        return gate
    }
}

/// Keeps connections that nobody uses, under a cap: the one that has rested longest goes first.
actor IdlePool {
    private let loop: EventLoop
    private let limit: Int
    private var open = 0
    private var resting: [ObjectIdentifier: UInt64] = [:]
    /// By when they came to rest; those that have left since are passed over.
    private var order: [(link: HostLink, number: UInt64)] = []
    private var head = 0
    private var numbers: UInt64 = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, limit: Int) {
        self.loop = loop
        self.limit = max(1, limit)
    }

    func opened() async {
        open += 1
        while open > limit, let link = oldest() { await link.rest() }
    }

    func closed() { open -= 1 }

    func rests(_ link: HostLink) async {
        numbers += 1
        resting[ObjectIdentifier(link)] = numbers
        order.append((link, numbers))
        if order.count - head > 4 * resting.count + 1_024 { forgetOthers() }
        if open > limit, let link = oldest() { await link.rest() }
    }

    /// Lets go of the links, which hold the pool.
    func end() {
        resting = [:]
        forgetOthers()
    }

    func works(_ link: HostLink) { resting[ObjectIdentifier(link)] = nil }

    private func forgetOthers() {
        order = order[head...].filter { resting[ObjectIdentifier($0.link)] == $0.number }
        head = 0
    }

    private func oldest() -> HostLink? {
        while head < order.count {
            let next = order[head]
            head += 1
            guard resting[ObjectIdentifier(next.link)] == next.number else { continue }
            resting[ObjectIdentifier(next.link)] = nil
            return next.link
        }
        forgetOthers()
        return nil
    }
}
