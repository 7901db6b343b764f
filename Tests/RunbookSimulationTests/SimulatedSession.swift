import RunbookModel
import RunbookSimulation
import RunbookTransport

let place = SourcePlace(path: "fixture.yaml", line: 1, column: 1)

func named(_ name: String) -> Named { Named(name, at: place) }

func answer(
    _ matcher: Answer.Matcher, takes: Duration = .zero, when: [StateValue] = [], set: [StateValue] = [],
    stdout: String = "",
    stderr: String = "", exit: Int = 0
) -> Answer {
    var answer = Answer(matcher, at: place)
    answer.takes = takes
    answer.when = when
    answer.set = set
    answer.stdout = stdout
    answer.stderr = stderr
    answer.exit = exit
    return answer
}

func fault(_ kind: Fault.Kind, _ host: String?, from: String? = nil, times: Int? = nil) -> Fault {
    var fault = Fault(kind, host: host, at: place)
    fault.from = from.map(named)
    fault.times = times
    return fault
}

/// A site of one storage host, a host that is off, and everyone else, who does anything in two seconds.
func siteFixture(seed: UInt64 = 7, faults: [Fault] = []) -> Fixture {
    var fixture = Fixture(path: "fixture.yaml", name: "test site", clock: 1_768_446_000_000, seed: seed)
    var san = FixtureHost(pattern: "san1", at: place)
    san.boot = .seconds(90)
    san.state = [StateValue(key: "pool", value: "exported")]
    san.answers = [
        answer(
            .run("zpool import*"), takes: .seconds(40), set: [StateValue(key: "pool", value: "ONLINE")],
            stdout: "importing\n", stderr: "slow disk\n"),
        answer(.run("zpool list*"), when: [StateValue(key: "pool", value: "ONLINE")], stdout: "ONLINE\n"),
        answer(.run("zpool list*"), stderr: "no such pool\n", exit: 1),
        answer(.tcp("3260"), when: [StateValue(key: "pool", value: "ONLINE")]),
        answer(.tcp("3260"), stderr: "Connection refused", exit: 1),
        answer(.http("http://10.0.0.11/health"), stdout: "fine"),
    ]
    var dark = FixtureHost(pattern: "hv?", at: place)
    dark.boot = .seconds(60)
    dark.state = [StateValue(key: "power", value: "off")]
    dark.answers = [answer(.run("uptime"), stdout: "up\n")]
    var box = FixtureHost(pattern: "box", at: place)
    box.answers = [
        answer(.run("ipmitool * on"), takes: .seconds(3), set: [StateValue(host: "hv1", key: "power", value: "on")]),
        answer(.run("ipmitool * off"), takes: .seconds(3), set: [StateValue(host: "san1", key: "power", value: "off")]),
    ]
    var local = FixtureHost(pattern: "local", at: place)
    local.answers = [answer(.run("date"), takes: .seconds(1), stdout: "now\n")]
    fixture.hosts = [san, dark, box, local]
    fixture.faults = faults
    return fixture
}

let siteHosts: [Host] = {
    var appliance = Host(name: "san1", address: "10.0.0.11", at: place)
    appliance.receipts = true
    return [
        appliance, Host(name: "hv1", address: "10.0.1.1", at: place), Host(name: "hv2", address: "10.0.1.2", at: place),
        Host(name: "box", address: "10.0.0.5", at: place),
    ]
}()

/// Asks a simulated world one thing after the other and keeps all that came back.
final class SimulatedSession: Sendable {
    struct Heard: Sendable, Equatable {
        var at: Int64
        var reply: HostReply
    }

    let world: SimulatedWorld
    let clock: VirtualClock
    let transport: SimulatedTransport
    private let heard = Lock<[Int: Heard]>([:])
    private let output = Lock<[OutputChunk]>([])
    private let count = Lock(0)

    init(_ world: SimulatedWorld) {
        self.world = world
        clock = world.openSession()
        transport = SimulatedTransport(clock)
    }

    convenience init(_ fixture: Fixture, hosts: [Host] = siteHosts) { self.init(SimulatedWorld(fixture, hosts: hosts)) }

    var chunks: [OutputChunk] { output.withLock { $0 } }

    /// Sends without waiting; the number names the request for ``heard(_:)``.
    func send(_ host: String, _ operation: HostRequest.Operation, step: String = "s") -> Int {
        let number = count.withLock {
            $0 += 1
            return $0
        }
        transport.send(
            HostRequest(host: host, task: TaskID(step: step, host: host), operation),
            progress: { [output] chunk in output.withLock { $0.append(chunk) } },
            reply: { [heard, clock] reply in
                heard.withLock { heard in
                    // A second reply to one request would be a broken promise: make it show.
                    heard[heard[number] == nil ? number : -number] = Heard(at: clock.now().uptime, reply: reply)
                }
            })
        return number
    }

    func heard(_ number: Int) -> Heard? { heard.withLock { $0[number] } }
    var repliedTwice: Bool { heard.withLock { $0.keys.contains { $0 < 0 } } }

    /// Sends and lets time pass until the reply is there.
    func ask(_ host: String, _ operation: HostRequest.Operation, step: String = "s") async -> HostReply? {
        let number = send(host, operation, step: step)
        _ = await clock.idle { self.heard(number) != nil }
        return heard(number)?.reply
    }

    func idleToTheEnd() async { _ = await clock.idle { false } }
}

func receipt(_ step: String = "s", _ host: String = "san1", number: Int = 1, kind: AttemptKind = .action) -> ReceiptID {
    ReceiptID(run: "r1", task: TaskID(step: step, host: host), kind: kind, number: number)
}

func submission(
    _ command: String, _ receipt: ReceiptID = receipt(), boot: String? = nil, digest: String = "d1"
) -> Submission {
    Submission(
        receipt: receipt, command: command, environment: [], boot: boot, journalHead: "1:00", digest: digest)
}
