/// What is to happen when, on virtual time: earliest first, and at one instant in the order it was put in.
struct EventQueue<Happening> {
    struct Event {
        /// Site time, in milliseconds.
        var at: Int64
        var order: UInt64
        /// The session that wants it; nil for the site itself, which outlives every session.
        var session: Int?
        var happening: Happening

        func precedes(_ other: Event) -> Bool { (at, order) < (other.at, other.order) }
    }

    /// A binary heap: each event precedes the two at `2i + 1` and `2i + 2`.
    private var heap: [Event] = []
    private var count: UInt64 = 0

    var nextAt: Int64? { heap.first?.at }

    mutating func put(_ happening: Happening, at: Int64, session: Int?) {
        heap.append(Event(at: at, order: count, session: session, happening: happening))
        count += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func take() -> Event? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return first }
        heap[0] = last
        sink(0)
        return first
    }

    /// Forgets what a session wanted.
    mutating func drop(session: Int) {
        heap.removeAll { $0.session == session }
        for index in stride(from: heap.count / 2, through: 0, by: -1) { sink(index) }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].precedes(heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
