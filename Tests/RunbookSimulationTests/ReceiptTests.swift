import RunbookModel
import RunbookSimulation
import RunbookTransport
import Testing

/// The table of `receipts`, row by row: what a host remembers, asked over connections that come and go.
@Suite("Receipts of the simulated hosts")
struct ReceiptTests {
    let hour = Duration.seconds(3_600)

    private func status(_ reply: HostReply?) throws -> ReceiptStatus {
        guard case .receipt(let status)? = reply else {
            Issue.record("no receipt but \(String(describing: reply))")
            throw CancellationError()
        }
        return status
    }

    private func boot(_ session: SimulatedSession, _ host: String = "san1") async throws -> String {
        guard case .contact(let facts)? = await session.ask(host, .contact) else {
            Issue.record("no contact")
            throw CancellationError()
        }
        return facts.boot
    }

    @Test("a submission runs to its end, with output before the receipt")
    func runs() async throws {
        let session = SimulatedSession(siteFixture())
        let boot = try await boot(session)
        let reply = await session.ask("san1", .submit(submission("zpool import tank", boot: boot), deadline: hour))
        var expected = ReceiptStatus(
            claimed: true, digest: "d1", go: .run(boot: boot), end: .exit(0), alive: false, boot: boot,
            stdoutBytes: 10, stderrBytes: 10)
        expected.run = ""
        #expect(reply == .receipt(expected))
        #expect(
            session.chunks == [
                OutputChunk(.stdout, Array("importing\n".utf8)), OutputChunk(.stderr, Array("slow disk\n".utf8)),
            ])
        #expect(session.clock.now().uptime == 20 + 20 + 40_000)
        #expect(session.world.value("pool", of: "san1") == "ONLINE")
    }

    @Test("the same submission twice runs once, and the second hears that it was taken")
    func twice() async throws {
        let session = SimulatedSession(siteFixture())
        let first = session.send("san1", .submit(submission("zpool import tank"), deadline: hour))
        let second = session.send("san1", .submit(submission("zpool import tank"), deadline: hour))
        await session.idleToTheEnd()
        let third = await session.ask("san1", .submit(submission("zpool import tank"), deadline: hour))
        #expect(try status(session.heard(first)?.reply).end == .exit(0))
        #expect(try status(session.heard(second)?.reply).refused == .taken)
        let again = try status(third)
        #expect(again.refused == .taken && again.end == .exit(0))
        #expect(session.world.runCount(host: "san1", command: "zpool import tank") == 1)
        #expect(!session.repliedTwice)
    }

    @Test("another command under the same receipt is a conflict, and does not run")
    func conflict() async throws {
        let session = SimulatedSession(siteFixture())
        _ = await session.ask("san1", .submit(submission("zpool import tank"), deadline: hour))
        var other = submission("zpool export tank", digest: "d2")
        other.mark = "m2"
        let reply = await session.ask("san1", .submit(other, deadline: hour))
        let status = try status(reply)
        #expect(status.refused == .conflict)
        #expect(status.digest == "d1")
        #expect(session.world.ran.count == 1)
    }

    @Test("a submission for another boot is refused, and claims nothing")
    func otherBoot() async throws {
        let session = SimulatedSession(siteFixture())
        let boot = try await boot(session)
        session.world.reboot("san1")
        session.world.pass(.seconds(90))
        let reply = await session.ask("san1", .submit(submission("zpool import tank", boot: boot), deadline: hour))
        let status = try status(reply)
        #expect(status.refused == .boot)
        #expect(!status.claimed)
        #expect(status.boot != boot)
        #expect(session.world.ran.isEmpty)
    }

    @Test("attach follows what runs, from the offsets already held")
    func attach() async throws {
        let session = SimulatedSession(siteFixture(faults: [fault(.drop, "san1", times: 1)]))
        let lost = await session.ask("san1", .submit(submission("zpool import tank"), deadline: hour))
        #expect(lost == .failure(TransportFailure(.lost, sent: true, "Connection reset by peer")))
        #expect(session.clock.now().uptime == 20 + 20_000)
        let alive = try status(await session.ask("san1", .inspect(receipt())))
        #expect(alive.alive && alive.end == nil && alive.stdoutBytes == 0)
        let end = await session.ask("san1", .attach(receipt(), stdoutOffset: 4, stderrOffset: 10, deadline: hour))
        #expect(try status(end).end == .exit(0))
        #expect(session.chunks == [OutputChunk(.stdout, Array("rting\n".utf8))])
        #expect(session.clock.now().uptime == 20 + 40_000, "the cut command went on at its own pace")
        #expect(session.world.ran.count == 1)
    }

    @Test("attach to what has ended tells its end at once; to what never was, that there is nothing")
    func attachLate() async throws {
        let session = SimulatedSession(siteFixture())
        _ = await session.ask("san1", .submit(submission("zpool list x"), deadline: hour))
        let reply = await session.ask("san1", .attach(receipt(), stdoutOffset: 0, stderrOffset: 0, deadline: hour))
        #expect(try status(reply).end == .exit(1))
        #expect(session.chunks == Array(repeating: OutputChunk(.stderr, Array("no such pool\n".utf8)), count: 2))
        let absent = try status(
            await session.ask("san1", .attach(receipt(number: 2), stdoutOffset: 0, stderrOffset: 0, deadline: hour)))
        #expect(!absent.claimed && absent.go == .none && absent.end == nil && !absent.alive)
    }

    @Test("a deadline ends the following, not the command")
    func deadline() async throws {
        let session = SimulatedSession(siteFixture())
        let reply = await session.ask("san1", .submit(submission("zpool import tank"), deadline: .seconds(5)))
        #expect(reply == .deadline)
        #expect(session.clock.now().uptime == 5_020)
        #expect(try status(await session.ask("san1", .inspect(receipt()))).alive)
        await session.idleToTheEnd()
        #expect(try status(await session.ask("san1", .inspect(receipt()))).end == .exit(0))
    }

    @Test("a fence before the start holds for ever")
    func fenceFirst() async throws {
        let session = SimulatedSession(siteFixture())
        _ = await session.ask("san1", .arrive(Arrival(run: "r1")))
        #expect(try status(await session.ask("san1", .fence(receipt()))).go == .fenced)
        let reply = await session.ask("san1", .submit(submission("zpool import tank"), deadline: hour))
        #expect(try status(reply).go == .fenced)
        #expect(session.world.ran.isEmpty)
    }

    @Test("a claim without a start can be fenced")
    func fenceClaim() async throws {
        let session = SimulatedSession(siteFixture())
        _ = await session.ask("san1", .arrive(Arrival(run: "r1")))
        session.world.leaveClaim(receipt(), digest: "d1", on: "san1")
        let claimed = try status(await session.ask("san1", .inspect(receipt())))
        #expect(claimed.claimed && claimed.go == .none && !claimed.alive)
        #expect(try status(await session.ask("san1", .fence(receipt()))).go == .fenced)
    }

    @Test("in another home nothing is to be seen, nothing is fenced, and what is meant for the first one is refused")
    func otherHome() async throws {
        let session = SimulatedSession(siteFixture())
        guard case .contact(let facts)? = await session.ask("san1", .arrive(Arrival(run: "r1"))) else {
            Issue.record("no contact")
            return
        }
        #expect(!facts.home.isEmpty)
        _ = session.send("san1", .submit(submission("zpool import tank"), deadline: hour))
        #expect(try status(await session.ask("san1", .inspect(receipt()))).alive)
        session.world.moveHome(of: "san1")
        let seen = try status(await session.ask("san1", .inspect(receipt())))
        #expect(!seen.claimed && seen.home.isEmpty)
        #expect(try status(await session.ask("san1", .fence(receipt()))).go == .none)
        var late = submission("zpool import tank", receipt("late"))
        late.home = facts.home
        #expect(try status(await session.ask("san1", .submit(late, deadline: hour))).refused == .home)
        guard case .contact(let other)? = await session.ask("san1", .arrive(Arrival(run: "r1"))) else {
            Issue.record("no contact")
            return
        }
        #expect(!other.home.isEmpty && other.home != facts.home)
        #expect(session.world.ran.count == 1)
    }

    @Test("a fence after the start changes nothing")
    func fenceLate() async throws {
        let session = SimulatedSession(siteFixture())
        _ = session.send("san1", .submit(submission("zpool import tank"), deadline: hour))
        let fenced = try status(await session.ask("san1", .fence(receipt())))
        #expect(fenced.alive)
        guard case .run = fenced.go else {
            Issue.record("go is \(fenced.go)")
            return
        }
    }

    @Test("a host that goes down takes what runs with it; then, and only then, it is lost")
    func lost() async throws {
        let session = SimulatedSession(siteFixture())
        let boot = try await boot(session)
        let followed = session.send("san1", .submit(submission("zpool import tank", boot: boot), deadline: hour))
        #expect(try status(await session.ask("san1", .markLost(receipt()))).end == nil, "it lives")
        session.world.reboot("san1")
        #expect(await session.clock.idle { session.heard(followed) != nil })
        #expect(
            session.heard(followed)?.reply == .failure(TransportFailure(.lost, sent: true, "Connection reset by peer")))
        #expect(
            await session.ask("san1", .inspect(receipt()))
                == .failure(TransportFailure(.unreachable, sent: false, "No route to host")))
        session.world.pass(.seconds(90))
        let dead = try status(await session.ask("san1", .inspect(receipt())))
        #expect(!dead.alive && dead.end == nil && dead.boot != boot && dead.go == .run(boot: boot))
        #expect(try status(await session.ask("san1", .markLost(receipt()))).end == .lost)
        #expect(session.world.value("pool", of: "san1") == "exported", "the command did not come to its end")
    }

    @Test("kill ends what runs with 143, and tells whoever follows")
    func kill() async throws {
        let session = SimulatedSession(siteFixture())
        let followed = session.send("san1", .submit(submission("zpool import tank"), deadline: hour))
        let killed = try status(await session.ask("san1", .kill(receipt(), nil)))
        #expect(killed.end == .exit(143) && !killed.alive)
        await session.idleToTheEnd()
        #expect(try status(session.heard(followed)?.reply).end == .exit(143))
        #expect(session.world.value("pool", of: "san1") == "exported")
        #expect(!session.repliedTwice)
    }

    @Test("tidy removes output of what ended, keeps the tombstone, and leaves what runs alone")
    func tidy() async throws {
        let session = SimulatedSession(siteFixture())
        _ = await session.ask("san1", .submit(submission("zpool list x"), deadline: hour))
        _ = session.send("san1", .submit(submission("zpool import tank", receipt(number: 2)), deadline: hour))
        // Every submission has kept the head that it brought.
        if case .heads(let heads) = await session.ask("san1", .heads(run: receipt().run)) {
            #expect(!heads.isEmpty && heads.allSatisfy { $0.sequence > 0 })
        } else {
            Issue.record("no heads")
        }
        #expect(await session.ask("san1", .tidy([receipt(), receipt(number: 2), receipt(number: 3)])) == .tidied)
        let ended = try status(await session.ask("san1", .inspect(receipt())))
        #expect(ended.end == .exit(1) && ended.stderrBytes == 0 && ended.digest == "d1")
        #expect(try status(await session.ask("san1", .inspect(receipt(number: 2)))).alive)
        #expect(try !status(await session.ask("san1", .inspect(receipt(number: 3)))).claimed)
    }

    @Test("receipts of hosts and of undo attempts stand apart")
    func apart() async throws {
        let session = SimulatedSession(siteFixture())
        _ = await session.ask("san1", .submit(submission("zpool list x"), deadline: hour))
        #expect(try !status(await session.ask("box", .inspect(receipt()))).claimed)
        #expect(try !status(await session.ask("san1", .inspect(receipt(kind: .undo)))).claimed)
    }

    @Test("a host without receipts runs the command in the session and answers no receipt")
    func sessionOnly() async {
        var hosts = siteHosts
        hosts[0].receipts = false
        let session = SimulatedSession(siteFixture(faults: [fault(.drop, "san1", from: "cut")]), hosts: hosts)
        let reply = await session.ask("san1", .submit(submission("zpool list x"), deadline: hour))
        #expect(reply == .ended(.exited(1)))
        let none = HostReply.failure(TransportFailure(.unsuitable, sent: false, "san1 keeps no receipts"))
        for operation: HostRequest.Operation in [
            .inspect(receipt()), .fence(receipt()), .markLost(receipt()), .kill(receipt(), nil), .tidy([receipt()]),
            .attach(receipt(), stdoutOffset: 0, stderrOffset: 0, deadline: hour),
        ] {
            #expect(await session.ask("san1", operation) == none)
        }
        let cut = await session.ask("san1", .submit(submission("zpool import tank"), deadline: hour), step: "cut")
        #expect(cut == .failure(TransportFailure(.lost, sent: true, "Connection reset by peer")))
        await session.idleToTheEnd()
        #expect(session.world.value("pool", of: "san1") == "ONLINE", "the command went on")
    }

    @Test("what runs outlives the controller, and the next one finds its end")
    func crash() async throws {
        let first = SimulatedSession(siteFixture(faults: [fault(.crash, nil, from: "s")]))
        let followed = first.send("san1", .submit(submission("zpool import tank"), deadline: hour))
        _ = await first.ask("box", .contact)
        #expect(first.world.crashAfterStep == "s")
        first.world.crash(first.clock)
        #expect(first.world.crashAfterStep == nil)
        first.world.pass(.seconds(10))
        let second = SimulatedSession(first.world)
        #expect(second.clock.now().uptime == 0)
        #expect(try status(await second.ask("san1", .inspect(receipt()))).alive)
        let end = await second.ask("san1", .attach(receipt(), stdoutOffset: 0, stderrOffset: 0, deadline: hour))
        #expect(try status(end).end == .exit(0))
        #expect(first.heard(followed) == nil, "the dead controller hears nothing")
        #expect(first.world.ran.count == 1)
    }
}
