package import RunbookModel
package import RunbookTransport

/// A site in memory: its clock, its hosts, what runs on them and what they remember. It outlives the controller, so that
/// a simulated crash leaves behind what a real one would.
///
/// Calls may come from any thread; what happens, happens in the order of virtual time, inside ``VirtualClock/idle(until:)``.
package final class SimulatedWorld: Sendable {
    let core: Lock<WorldCore>
    /// Wall-clock start, milliseconds since 1970 UTC.
    let wallStart: Int64

    /// - Parameter hosts: the inventory's hosts: which keep receipts, and on which address and port they answer SSH.
    package init(_ fixture: Fixture, hosts: [Host] = []) {
        core = Lock(WorldCore(FixtureSite(fixture), hosts: hosts))
        wallStart = fixture.clock
    }

    /// A session of a controller begins; its clock starts at zero.
    package func openSession() -> VirtualClock {
        let (session, start) = core.withLock { $0.openSession() }
        return VirtualClock(world: self, session: session, start: start)
    }

    /// The controller of this session is killed: whatever it waited for never comes. Commands on hosts go on.
    package func crash(_ clock: VirtualClock) {
        core.withLock {
            $0.endSession(clock.session)
            $0.site.crashStruck()
        }
    }

    /// The step after whose end the controller is to be killed; nil once that has happened.
    package var crashAfterStep: String? { core.withLock { $0.site.crashAfterStep } }

    package var coverage: SiteCoverage { core.withLock { $0.site.coverage } }

    /// Every submitted command that started, in order.
    package var ran: [RanCommand] { core.withLock { $0.ran } }

    /// How often a submitted command started on a host.
    package func runCount(host: String, command: String) -> Int {
        core.withLock { $0.ran.count { $0.host == host && $0.command == command } }
    }

    /// The state of a host; nil where the key is unset.
    package func value(_ key: String, of host: String) -> String? { core.withLock { $0.site.value(key, of: host) } }

    /// Something on a host changes by itself; nil unsets the key.
    package func change(_ host: String, _ key: String, to value: String?) {
        core.withLock { core in
            core.carryOut(core.site.apply([StateValue(key: key, value: value)], by: host, at: core.now))
        }
    }

    /// Lets time go by while no controller runs.
    package func pass(_ duration: Duration) {
        let end = core.withLock { $0.after(duration.wholeMilliseconds) }
        while let call = core.withLock({ $0.advance(to: end) }) { call() }
        core.withLock { $0.now = max($0.now, end) }
    }

    /// Power cut and back: what runs on the host dies, it boots and has a new boot id.
    package func reboot(_ host: String) { core.withLock { $0.reboot(host) } }

    /// Cuts every connection to the host; what runs on it goes on.
    package func cutConnections(to host: String) { core.withLock { $0.cutFollowers(on: host) } }

    /// Leaves the receipt of a controller that died between claim and start.
    package func leaveClaim(_ receipt: ReceiptID, digest: String, on host: String) {
        core.withLock { $0.receipts[$0.key(host, receipt.path)] = SimulatedReceipt(digest: digest) }
    }

    /// Whoever logs in gets another home: no receipt is to be seen there, and what runs goes on.
    package func moveHome(of host: String) { core.withLock { $0.homes[host, default: 0] += 1 } }
}

/// A submitted command that started on a host.
package struct RanCommand: Hashable, Sendable {
    package var host: String
    package var step: String
    package var command: String
    /// Site time of its start, in milliseconds.
    package var at: Int64
}
