import RunbookModel
package import RunbookTransport

/// The clock of one session in a ``SimulatedWorld``: ninety minutes pass in the time it takes to count their events.
package final class VirtualClock: RunClock {
    let world: SimulatedWorld
    let session: Int
    /// Site time at which the session began, in milliseconds.
    private let start: Int64

    init(world: SimulatedWorld, session: Int, start: Int64) {
        self.world = world
        self.session = session
        self.start = start
    }

    package func now() -> Moment {
        let now = world.core.withLock { $0.now }
        return Moment(uptime: now - start, wall: world.wallStart.addingReportingOverflow(now).partialValue)
    }

    package func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        world.core.withLock { $0.put(.call(body), after: delay.wholeMilliseconds, session: session) }
    }

    /// Runs what is next, one event after the other, until `arrived()`. False when nothing is left, or when a year has
    /// passed: a run that polls for ever must not be waited for.
    package func idle(until arrived: @escaping @Sendable () -> Bool) async -> Bool {
        while !arrived() {
            guard let call = world.core.withLock({ $0.advance(to: WorldCore.horizon) }) else { return arrived() }
            call()
        }
        return true
    }

    /// Nothing sleeps here that could be woken: `idle` looks again after each event.
    package func wake() {}
}
