internal import Dispatch
internal import Glibc
internal import RunbookModel
package import RunbookTransport
internal import Synchronization

/// The machine's clocks: the monotonic one for order and durations, the other for people.
package final class SystemClock: RunClock {
    private let start: Int64
    /// How many times faster than real time pauses pass: 1, or more in a lab.
    private let speed: Int
    private let queue = DispatchQueue(label: "blackstart.clock")
    private let sleeper = Mutex<CheckedContinuation<Void, Never>?>(nil)

    package init(speed: Int = 1) {
        self.speed = max(1, speed)
        start = Self.milliseconds(CLOCK_BOOTTIME)
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    package func now() -> Moment {
        Moment(uptime: max(0, Self.milliseconds(CLOCK_BOOTTIME) - start), wall: Self.milliseconds(CLOCK_REALTIME))
    }

    package func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        let milliseconds = min(max(0, delay.wholeMilliseconds / Int64(speed)), 366 * 86_400_000)
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(milliseconds)), execute: body)
    }

    package func idle(until arrived: @escaping @Sendable () -> Bool) async -> Bool {
        while !arrived() {
            await withCheckedContinuation { continuation in
                sleeper.withLock { $0 = continuation }
                // What arrived before the continuation stood there woke nobody.
                if arrived() { wake() }
            }
        }
        return true
    }

    package func wake() {
        let sleeping = sleeper.withLock { sleeper in
            defer { sleeper = nil }
            return sleeper
        }
        sleeping?.resume()
    }
}
