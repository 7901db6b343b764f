import RunbookModel
import RunbookSimulation
import RunbookTransport
import Testing

@Suite("The simulated transport and clock")
struct SimulatedTransportTests {
    let hour = Duration.seconds(3_600)

    private func refused(_ words: String) -> HostReply {
        .failure(TransportFailure(.unreachable, sent: false, words))
    }

    private func command(_ text: String, timeout: Duration = .seconds(30)) -> HostRequest.Operation {
        .probe(ProbeRequest(.run(command: text, environment: []), timeout: timeout))
    }

    @Test(
        "connecting fails as the fault says, and nothing was sent",
        arguments: [(Fault.Kind.unreachable, "No route to host"), (.refuse, "Connection refused")])
    func noConnection(kind: Fault.Kind, words: String) async {
        let session = SimulatedSession(siteFixture(faults: [fault(kind, "san1", from: "late", times: 2)]))
        #expect(await session.ask("san1", command("zpool list")) != refused(words))
        #expect(await session.ask("san1", .contact, step: "late") == refused(words))
        let submit = HostRequest.Operation.submit(submission("zpool import tank"), deadline: hour)
        #expect(await session.ask("san1", submit, step: "late") == refused(words))
        #expect(session.world.ran.isEmpty)
        #expect(await session.ask("box", command("ipmitool x on"), step: "late") != refused(words))
        #expect(await session.ask("san1", .contact, step: "late") != refused(words), "it hits twice")
    }

    @Test("a fault `from` a step is active from the first request for that step on any host")
    func fromAnyHost() async {
        let session = SimulatedSession(siteFixture(faults: [fault(.refuse, "san1", from: "late")]))
        _ = await session.ask("box", .contact, step: "late")
        #expect(await session.ask("san1", .contact, step: "other") == refused("Connection refused"))
    }

    @Test("hang ends at the deadline or when killed, and the probes of that host go on")
    func hang() async throws {
        let session = SimulatedSession(siteFixture(faults: [fault(.hang, "san1", times: 1)]))
        let reply = await session.ask("san1", .submit(submission("zpool import tank"), deadline: hour))
        #expect(reply == .deadline)
        #expect(session.clock.now().uptime == 3_600_020)
        #expect(
            await session.ask("san1", command("zpool list"))
                == .probe(ProbeAnswer(.exit(.exited(1)), stderr: Array("no such pool\n".utf8))))
        guard case .receipt(let killed)? = await session.ask("san1", .kill(receipt(), nil)) else {
            Issue.record("no receipt")
            return
        }
        #expect(killed.end == .exit(143))
        let again = await session.ask(
            "san1", .submit(submission("zpool import tank", receipt(number: 2)), deadline: hour))
        guard case .receipt(let second)? = again else {
            Issue.record("no receipt")
            return
        }
        #expect(second.end == .exit(0), "it hangs once")
    }

    @Test("a question that sudo turns away is not answered")
    func turnedAway() async {
        var fixture = siteFixture()
        for index in fixture.hosts.indices { fixture.hosts[index].sudo = .refused }
        let session = SimulatedSession(fixture)
        let check = ProbeRequest(
            .run(command: "zpool list", environment: []), privilege: Privilege(password: nil), timeout: .seconds(30))
        guard case .failure(let failure)? = await session.ask("san1", .probe(check)) else {
            Issue.record("it was asked")
            return
        }
        #expect(failure.kind == .unsuitable && failure.sent)
        #expect(failure.message.hasSuffix("sudo ran nothing (exit status 1): sudo: a password is required"))
    }

    @Test("slow takes ten times as long, on the way and at work")
    func slow() async {
        let session = SimulatedSession(siteFixture(faults: [fault(.slow, "san1")]))
        _ = await session.ask("san1", .submit(submission("zpool import tank"), deadline: hour))
        #expect(session.clock.now().uptime == 200 + 400_000)
    }

    @Test("drop without a count cuts every following, and still comes to the end")
    func dropAlways() async {
        let session = SimulatedSession(siteFixture(faults: [fault(.drop, "san1")]))
        var reply = await session.ask("san1", .submit(submission("zpool import tank"), deadline: hour))
        var cuts = 0
        while case .failure(let failure)? = reply, failure.kind == .lost, failure.sent, cuts < 100 {
            cuts += 1
            reply = await session.ask("san1", .attach(receipt(), stdoutOffset: 0, stderrOffset: 0, deadline: hour))
        }
        #expect(cuts > 1)
        guard case .receipt(let status)? = reply else {
            Issue.record("no receipt but \(String(describing: reply))")
            return
        }
        #expect(status.end == .exit(0))
        #expect(session.world.ran.count == 1)
    }

    @Test("a host without power does not answer until it has been switched on and has booted")
    func power() async {
        let session = SimulatedSession(siteFixture())
        #expect(await session.ask("hv1", .contact) == refused("No route to host"))
        _ = await session.ask("box", .submit(submission("ipmitool -H hv1 on", receipt("s", "box")), deadline: hour))
        #expect(session.world.value("power", of: "hv1") == "on")
        #expect(await session.ask("hv1", .contact) == refused("No route to host"), "it boots")
        session.world.pass(.seconds(60))
        #expect(
            await session.ask("hv1", command("uptime"))
                == .probe(ProbeAnswer(.exit(.exited(0)), stdout: Array("up\n".utf8))))
        #expect(await session.ask("hv2", .contact) == refused("No route to host"))
    }

    @Test("switching a host off from another one kills what runs on it")
    func switchedOff() async {
        let session = SimulatedSession(siteFixture())
        let followed = session.send("san1", .submit(submission("zpool import tank"), deadline: hour))
        _ = await session.ask("box", .submit(submission("ipmitool -H san1 off", receipt("s", "box")), deadline: hour))
        _ = await session.clock.idle { session.heard(followed) != nil }
        #expect(
            session.heard(followed)?.reply == .failure(TransportFailure(.lost, sent: true, "Connection reset by peer")))
        await session.idleToTheEnd()
        #expect(session.world.value("pool", of: "san1") == "exported")
    }

    @Test("a probe that takes too long times out; an unknown one fails loudly")
    func probes() async {
        let session = SimulatedSession(siteFixture())
        #expect(
            await session.ask("san1", command("zpool import x", timeout: .seconds(5))) == .probe(ProbeAnswer(.timedOut))
        )
        #expect(session.clock.now().uptime == 5_020)
        #expect(
            await session.ask("san1", command("hostname"))
                == .probe(
                    ProbeAnswer(
                        .exit(.exited(127)),
                        stderr: Array("blackstart fixture: no answer for `hostname` on san1\n".utf8))))
        #expect(session.world.coverage.uncovered == [UncoveredQuestion(host: "san1", text: "hostname")])
        #expect(session.world.ran.isEmpty, "probes are not counted as runs")
    }

    @Test("this machine is `local`, and always there")
    func local() async {
        let session = SimulatedSession(siteFixture(faults: [fault(.unreachable, "*"), fault(.drop, "*")]))
        let reply = await session.ask(
            Host.localName, .submit(submission("date", receipt("s", "local")), deadline: hour))
        guard case .receipt(let status)? = reply else {
            Issue.record("no receipt but \(String(describing: reply))")
            return
        }
        #expect(status.end == .exit(0))
        #expect(session.chunks == [OutputChunk(.stdout, Array("now\n".utf8))])
    }

    @Test(
        "ports: the SSH port is open while the host is up, the others are what the fixture says",
        arguments: [
            ("san1", nil, 22, true, ""), ("san1", nil, 3260, false, "Connection refused"),
            (Host.localName, "10.0.0.11", 22, true, ""),
            (Host.localName, "10.0.0.11", 3260, false, "Connection refused"),
            ("box", "san1", 3260, false, "Connection refused"), ("hv1", nil, 22, false, "No route to host"),
            (Host.localName, "10.0.1.1", 22, false, "No route to host"),
            ("san1", nil, 80, false, "blackstart fixture: no answer for `tcp 80` on san1"),
            (Host.localName, "10.9.9.9", 22, false, "blackstart fixture: no answer for `tcp 10.9.9.9:22` on local"),
        ] as [(String, String?, Int, Bool, String)])
    func ports(host: String, address: String?, port: Int, open: Bool, words: String) async {
        let session = SimulatedSession(siteFixture())
        let reply = await session.ask(
            host, .probe(ProbeRequest(.tcp(address: address, port: port), timeout: .seconds(5))))
        // A machine that can't be reached has not said that the port is closed.
        let isDark = words == "No route to host" || words.hasPrefix("blackstart fixture: no answer")
        #expect(reply == .probe(ProbeAnswer(isDark ? .unreached(words) : .open(open, words))))
    }

    @Test(
        "URLs: the status the fixture says, from the host they name",
        arguments: [
            ("http://10.0.0.11/health", 200, "", "fine"),
            ("http://10.0.1.1:80/", nil, "No route to host", ""),
            ("http://10.0.0.11/other", nil, "blackstart fixture: no answer for `http://10.0.0.11/other` on san1", ""),
        ] as [(String, Int?, String, String)])
    func urls(url: String, status: Int?, words: String, body: String) async {
        let session = SimulatedSession(siteFixture())
        let reply = await session.ask(Host.localName, .probe(ProbeRequest(.http(url: url), timeout: .seconds(5))))
        let isDark = words == "No route to host" || words.hasPrefix("blackstart fixture: no answer")
        let result: ProbeAnswer.Result = isDark ? .unreached(words) : .http(status: status, words)
        #expect(reply == .probe(ProbeAnswer(result, stdout: Array(body.utf8))))
    }

    @Test("the clock starts at the fixture's wall time and runs what is scheduled in order")
    func clock() async {
        let world = SimulatedWorld(siteFixture())
        let clock = world.openSession()
        let seen = Lock<[String]>([])
        for (name, delay) in [("c", 20), ("a", 10), ("d", 20), ("b", 10)] {
            clock.schedule(after: .seconds(delay)) { seen.withLock { $0.append("\(name) \(clock.now().uptime)") } }
        }
        #expect(seen.withLock { $0.isEmpty }, "nothing runs from inside schedule")
        #expect(await clock.idle { seen.withLock { $0.count == 3 } })
        #expect(clock.now() == Moment(uptime: 20_000, wall: 1_768_446_020_000))
        #expect(await clock.idle { false } == false, "nothing is left")
        #expect(seen.withLock { $0 } == ["a 10000", "b 10000", "c 20000", "d 20000"])
    }

    @Test("a run that polls for ever ends after a year")
    func horizon() async {
        let clock = SimulatedWorld(siteFixture()).openSession()
        @Sendable func again() { clock.schedule(after: .seconds(86_400)) { again() } }
        again()
        #expect(await clock.idle { false } == false)
        #expect(clock.now().uptime == 366 * 86_400_000)
    }

    @Test("a closed transport tells who waits, and the command goes on")
    func close() async {
        let session = SimulatedSession(siteFixture())
        let followed = session.send("san1", .submit(submission("zpool import tank"), deadline: hour))
        _ = await session.ask("box", .contact)
        await session.transport.close()
        await session.idleToTheEnd()
        #expect(
            session.heard(followed)?.reply == .failure(TransportFailure(.lost, sent: true, "Connection reset by peer")))
        #expect(session.world.value("pool", of: "san1") == "ONLINE")
        #expect(!session.repliedTwice)
    }

    @Test("the same fixture asked the same gives the same, moment by moment")
    func same() async {
        func story() async -> [SimulatedSession.Heard?] {
            let session = SimulatedSession(
                siteFixture(faults: [fault(.drop, "san1", times: 1), fault(.slow, "box"), fault(.unreachable, "hv2")]))
            var numbers: [Int] = []
            for (index, host) in ["san1", "box", "hv1", "hv2", "san1", "box"].enumerated() {
                numbers.append(session.send(host, .contact))
                numbers.append(
                    session.send(host, .submit(submission("ipmitool \(index) on", receipt("s", host)), deadline: hour)))
            }
            await session.idleToTheEnd()
            return numbers.map(session.heard)
        }
        let first = await story()
        #expect(!first.contains(nil))
        #expect(await story() == first)
    }
}
