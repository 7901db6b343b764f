internal import CLibssh
internal import Glibc

/// One thread that waits for descriptors and runs the jobs of the actors that live on it. A libssh session that is only
/// touched by such an actor is only ever touched by this thread.
///
/// Tasks prefer it as well: a continuation is resumed wherever its task prefers to be, whatever actor waits in it, and
/// without the preference each wait would go through a thread of the global pool.
final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // Sendable: `inbox` has a lock of its own; everything else that changes is touched by the loop's thread only, which
    // `wait`, `sleep`, `wake(_:)` and `forget(_:)` hold by being called from actors on this loop.

    enum Wakeup: Hashable {
        case ready
        case timedOut
        /// The descriptor is none any more: nothing will ever come from it.
        case closed
    }

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var isSignalled = false
        var isStopping = false
        var thread: pthread_t?
    }

    /// What a waiter waits for on its descriptors.
    struct Interest: OptionSet, Sendable {
        let rawValue: UInt8

        static let reading = Interest(rawValue: 1)
        static let writing = Interest(rawValue: 2)
    }

    private struct Waiter {
        var number: UInt64
        var interest: Interest
        var continuation: UnsafeContinuation<Wakeup, Never>
        /// The other descriptors that it waits on; the first one that moves ends the wait.
        var others: [Int32] = []
    }

    private struct Alarm {
        var at: UInt64
        var number: UInt64
        /// -1: a sleeper.
        var descriptor: Int32
    }

    private let inbox = LoopLock(Inbox())
    private let poll: Int32
    private let event: Int32
    /// Who waits on a descriptor: mostly one.
    private struct Slot {
        var first: Waiter?
        var more: [Waiter] = []
        /// What the system tells of it; nil: it is not asked.
        var armed: Interest?

        mutating func add(_ waiter: Waiter) {
            if first == nil { first = waiter } else { more.append(waiter) }
        }

        mutating func remove(_ number: UInt64) -> Waiter? {
            if let found = first, found.number == number {
                first = more.isEmpty ? nil : more.removeFirst()
                return found
            }
            guard let index = more.firstIndex(where: { $0.number == number }) else { return nil }
            return more.remove(at: index)
        }
    }

    /// By descriptor: those are small numbers.
    private var slots: [Slot] = []
    private var waiting = 0
    private var sleepers: [UInt64: UnsafeContinuation<Wakeup, Never>] = [:]
    private var alarms = AlarmHeap()
    private var numbers: UInt64 = 0

    init() {
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        event = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        var interest = epoll_event()
        interest.events = EPOLLIN.rawValue
        interest.data.fd = event
        epoll_ctl(poll, EPOLL_CTL_ADD, event, &interest)
        var thread = pthread_t()
        let me = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, me.toOpaque())
        if code == 0 { pthread_detach(thread) } else { me.release() }
    }

    deinit {
        close(poll)
        close(event)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustSignal = inbox.withLock { inbox -> Bool in
            inbox.jobs.append(job)
            if inbox.isSignalled { return false }
            if let thread = inbox.thread, pthread_equal(thread, pthread_self()) != 0 { return false }
            inbox.isSignalled = true
            return true
        }
        if mustSignal { signal() }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// Ends the thread once nothing is left to run.
    func stop() {
        inbox.withLock { $0.isStopping = true }
        signal()
    }

    private func signal() {
        var one: UInt64 = 1
        _ = write(event, &one, 8)
    }

    /// Monotonic nanoseconds.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(max(0, time.tv_sec)) * 1_000_000_000 + UInt64(max(0, time.tv_nsec))
    }

    // MARK: On the thread

    private static let roundsAtOnce = 16

    private func run() {
        inbox.withLock { $0.thread = pthread_self() }
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        while true {
            // What jobs lead to at once is done before the system is asked: but not for ever.
            for _ in 0..<Self.roundsAtOnce {
                let (jobs, isStopping) = inbox.withLock { inbox -> ([UnownedJob], Bool) in
                    defer { inbox.jobs = [] }
                    inbox.isSignalled = false
                    return (inbox.jobs, inbox.isStopping)
                }
                if isStopping, jobs.isEmpty, waiting == 0, sleepers.isEmpty { return }
                if jobs.isEmpty { break }
                for job in jobs {
                    job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                }
            }
            let now = Self.now()
            while let alarm = alarms.take(until: now) { ring(alarm) }
            let count = epoll_wait(poll, &events, Int32(events.count), timeout(now))
            guard count > 0 else { continue }
            for happened in events[..<Int(count)] {
                let descriptor = happened.data.fd
                if descriptor == event {
                    var value: UInt64 = 0
                    _ = read(event, &value, 8)
                } else if slots[Int(descriptor)].first != nil {
                    wake(descriptor)
                } else {
                    // It has something to say, and nobody listens: it would say it again and again.
                    disarm(descriptor)
                }
            }
        }
    }

    private func timeout(_ now: UInt64) -> Int32 {
        if inbox.withLock({ !$0.jobs.isEmpty }) { return 0 }
        guard let next = alarms.nextAt else { return -1 }
        return Int32(min(60_000, (next - min(now, next) + 999_999) / 1_000_000))
    }

    private func ring(_ alarm: Alarm) {
        if alarm.descriptor < 0 {
            sleepers.removeValue(forKey: alarm.number)?.resume(returning: .timedOut)
            return
        }
        guard let waiter = remove(alarm.number, from: alarm.descriptor) else { return }
        for descriptor in waiter.others { _ = remove(alarm.number, from: descriptor) }
        waiting -= 1
        waiter.continuation.resume(returning: .timedOut)
    }

    private func remove(_ number: UInt64, from descriptor: Int32) -> Waiter? {
        Int(descriptor) < slots.count ? slots[Int(descriptor)].remove(number) : nil
    }

    private func disarm(_ descriptor: Int32) {
        var none = epoll_event()
        epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, &none)
        slots[Int(descriptor)].armed = nil
    }

    // MARK: For actors on this loop

    /// Until `descriptor` moves as wanted, or `deadline` (monotonic nanoseconds) passes.
    func wait(
        _ descriptor: Int32, _ interest: Interest, deadline: UInt64, isolation: isolated (any Actor) = #isolation
    ) async -> Wakeup {
        await waitAny([descriptor], interest, deadline: deadline, isolation: isolation)
    }

    /// Until any of `descriptors` moves as wanted, or `deadline` passes. They are not empty.
    func waitAny(
        _ descriptors: [Int32], _ interest: Interest, deadline: UInt64, isolation: isolated (any Actor) = #isolation
    ) async -> Wakeup {
        guard let first = descriptors.first, descriptors.allSatisfy({ $0 >= 0 }) else { return .closed }
        numbers += 1
        let number = numbers
        return await withUnsafeContinuation(isolation: isolation) { continuation in
            waiting += 1
            for descriptor in descriptors {
                let others = descriptors.count > 1 ? descriptors.filter { $0 != descriptor } : []
                while slots.count <= Int(descriptor) { slots.append(Slot()) }
                slots[Int(descriptor)].add(
                    Waiter(number: number, interest: interest, continuation: continuation, others: others))
            }
            if deadline != .max { alarms.put(Alarm(at: deadline, number: number, descriptor: first)) }
            // One that can't be waited for wakes the waiter, which is then nowhere any more.
            for descriptor in descriptors where slots[Int(descriptor)].first != nil { register(descriptor) }
        }
    }

    private func register(_ descriptor: Int32) {
        let slot = slots[Int(descriptor)]
        let wanted = slot.more.reduce(into: slot.first?.interest ?? []) { $0.formUnion($1.interest) }
        // Mostly it is as it was: a conversation reads, and reads again.
        guard slot.armed != wanted else { return }
        var interest = epoll_event()
        interest.events = EPOLLRDHUP.rawValue
        if wanted.contains(.reading) { interest.events |= EPOLLIN.rawValue }
        if wanted.contains(.writing) { interest.events |= EPOLLOUT.rawValue }
        interest.data.fd = descriptor
        slots[Int(descriptor)].armed = wanted
        if epoll_ctl(poll, slot.armed != nil ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &interest) != 0,
            epoll_ctl(poll, slot.armed != nil ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &interest) != 0
        {
            slots[Int(descriptor)].armed = nil
            wake(descriptor, .closed)
        }
    }

    func sleep(_ duration: Duration, isolation: isolated (any Actor) = #isolation) async {
        numbers += 1
        let number = numbers
        let at = Self.now() + UInt64(max(0, min(duration / .milliseconds(1), 86_400_000))) * 1_000_000
        _ = await withUnsafeContinuation(isolation: isolation) { continuation in
            sleepers[number] = continuation
            alarms.put(Alarm(at: at, number: number, descriptor: -1))
        }
    }

    /// Whoever waits on `descriptor` looks again: another call has read from it.
    func wake(_ descriptor: Int32, _ wakeup: Wakeup = .ready) {
        guard descriptor >= 0, Int(descriptor) < slots.count, let first = slots[Int(descriptor)].first else { return }
        let more = slots[Int(descriptor)].more
        slots[Int(descriptor)].first = nil
        if !more.isEmpty { slots[Int(descriptor)].more = [] }
        resume(first, wakeup)
        for waiter in more { resume(waiter, wakeup) }
    }

    private func resume(_ waiter: Waiter, _ wakeup: Wakeup) {
        for other in waiter.others { _ = remove(waiter.number, from: other) }
        waiting -= 1
        waiter.continuation.resume(returning: wakeup)
    }

    /// The descriptor is about to be closed.
    func forget(_ descriptor: Int32) {
        wake(descriptor)
        // Closing takes it off the system's list.
        if Int(descriptor) < slots.count { slots[Int(descriptor)].armed = nil }
    }

    private struct AlarmHeap {
        private var alarms: [Alarm] = []

        var nextAt: UInt64? { alarms.first?.at }

        mutating func put(_ alarm: Alarm) {
            alarms.append(alarm)
            var child = alarms.count - 1
            while child > 0, alarms[child].at < alarms[(child - 1) / 2].at {
                alarms.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        }

        mutating func take(until now: UInt64) -> Alarm? {
            guard let first = alarms.first, first.at <= now, let last = alarms.popLast() else { return nil }
            guard !alarms.isEmpty else { return first }
            alarms[0] = last
            var parent = 0
            while true {
                var best = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < alarms.count && alarms[child].at < alarms[best].at { best = child }
                if best == parent { return first }
                alarms.swapAt(best, parent)
                parent = best
            }
        }
    }
}

/// A lock around a value, on pthreads: ThreadSanitizer understands it.
final class LoopLock<Value>: @unchecked Sendable {
    // Sendable: `value` is only touched between lock and unlock of `mutex`, whose address never changes.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    init(_ value: Value) {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        self.value = value
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deinitialize(count: 1)
        mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&value)
    }
}
