package import RunbookTransport

/// Reaches the hosts of a ``SimulatedWorld``, for one session.
package final class SimulatedTransport: Transport {
    private let world: SimulatedWorld
    private let session: Int

    package init(_ clock: VirtualClock) {
        world = clock.world
        session = clock.session
    }

    package func send(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void
    ) {
        world.core.withLock { $0.send(request, session: session, progress: progress, reply: reply) }
    }

    /// Who still waits hears that the connection is gone; commands go on.
    package func close() async {
        world.core.withLock { $0.cutFollowers(of: session) }
    }
}
