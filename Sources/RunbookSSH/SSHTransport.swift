internal import CLibssh
internal import Glibc
package import RunbookModel
package import RunbookTransport

/// What the transport has to know of this machine.
package struct SSHOptions: Sendable {
    /// Login name where the inventory gives none.
    package var user: String
    /// Home of the person: `~/.ssh` with the usual keys.
    package var home: String
    /// `HOME` of the receipts of `local` steps.
    package var localHome: String
    package var agentSocket: String?
    /// What opens private keys, by the absolute path of their file.
    package var passphrases: [String: String] = [:]
    /// What hosts are logged in at with where no key is taken, by their names.
    package var passwords: [String: String] = [:]
    /// Where `local` commands run.
    package var workingFolder = "."
    /// What runs the texts of `local` commands, in place of `/bin/sh`.
    package var localShell: String?
    package var connectTimeout = Duration.seconds(10)
    /// A peer that has not sent a byte for so long is gone.
    package var silenceLimit = Duration.seconds(14)
    package var handshakesAtOnce = 64
    /// So many connections stay open where nobody uses them.
    package var idleConnections = 1_000

    package init(user: String) {
        self.user = user
        home = getenv("HOME").map { String(cString: $0) } ?? "/"
        localHome = home
    }
}

/// Reaches hosts over SSH, and this machine through a shell.
package final class SSHTransport: Transport {
    private let loop: EventLoop
    private let hosts: [String: Host]
    private let links: [String: HostLink]
    private let isLab: Bool
    private let pool: IdlePool
    private let local: LocalShell
    private let probes: ControllerProbes

    package init(hosts: [Host], options: SSHOptions) {
        signal(SIGPIPE, SIG_IGN)
        // One heap for all threads, that grows by steps: a loop's sessions come and go by the thousand.
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_TOP_PAD, 1 << 20)
        ssh_init()
        var byName: [String: Host] = [:]
        for host in hosts { byName[host.name] = host }
        self.hosts = byName
        let loop = EventLoop()
        self.loop = loop
        isLab = options.localShell != nil
        pool = IdlePool(loop: loop, limit: min(options.idleConnections, Self.descriptors / 4))
        let services = LinkServices(
            ring: KeyRing(), options: options, loop: loop,
            handshakes: Handshakes(loop: loop, limit: options.handshakesAtOnce), pool: pool)
        links = Self.links(byName, services)
        local = LocalShell(loop: loop, options: options)
        probes = ControllerProbes(loop: loop)
    }

    /// Each host's link, with the link of the host that leads to it.
    private static func links(_ hosts: [String: Host], _ services: LinkServices) -> [String: HostLink] {
        var links: [String: HostLink] = [:]
        func link(_ host: Host, _ behind: [String]) -> HostLink {
            if let known = links[host.name] { return known }
            // The reader has seen to it that ways end; a circle would be cut here.
            let via = host.via.flatMap { behind.contains($0.name) ? nil : hosts[$0.name] }
            let made = HostLink(host, through: via.map { link($0, behind + [host.name]) }, services)
            links[host.name] = made
            return made
        }
        for name in hosts.keys.sorted() { if let host = hosts[name] { _ = link(host, []) } }
        return links
    }

    /// How many files this program may have open: as many as the system allows.
    private static let descriptors: Int = {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }()

    package func send(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void
    ) {
        Task(executorPreference: loop) { reply(await self.answer(request, progress)) }
    }

    private func answer(
        _ request: HostRequest, _ progress: @escaping @Sendable (OutputChunk) -> Void
    ) async -> HostReply {
        if case .probe(let probe) = request.operation {
            switch probe.probe {
            case .run: break
            case .tcp(let address, let port):
                let name = address ?? (request.host == Host.localName ? "127.0.0.1" : request.host)
                return .probe(await probes.tcp(place(name), port, probe.timeout))
            case .http(let url): return .probe(await probes.http(url, probe.timeout, place: place))
            }
        }
        let name = request.host
        if name == Host.localName { return await ScriptCall(request, keepsReceipts: true).play(local, progress) }
        guard let host = hosts[name], let link = links[name] else {
            return .failure(TransportFailure(.unsuitable, sent: false, "the inventory has no host \(name)"))
        }
        return await ScriptCall(request, keepsReceipts: host.receipts, marksSessions: isLab).play(link, progress)
    }

    func link(to name: String) -> HostLink? { links[name] }

    /// Where a host of the inventory is, or any other name or address.
    @Sendable private func place(_ name: String) -> ControllerProbes.Place {
        guard let host = hosts[name] else { return ControllerProbes.Place(addresses: [name]) }
        return ControllerProbes.Place(
            addresses: host.addresses + [host.address], jump: host.via.flatMap { links[$0.name] })
    }

    package func close() async {
        // As one task of the loop's: each link would else cost a way there and back between threads.
        await Task(executorPreference: loop) {
            for name in self.links.keys.sorted() { await self.links[name]?.end() }
            await self.pool.end()
        }.value
        loop.stop()
    }
}

/// Something that runs a shell text: a host over SSH, or this machine.
protocol ScriptRunner: Sendable {
    /// `output` tells after each piece whether more is wanted.
    func run(
        _ job: ScriptJob, output: @escaping @Sendable (OutputChunk) -> Hearing
    ) async throws(TransportFailure) -> SessionEnd
}

struct ScriptJob: Sendable {
    var command: String
    var environment: [EnvironmentPair]
    /// What a shell has to be told first, and only once.
    var opening: [UInt8] = []
    var input: [UInt8]
    /// Whether a shell that has answered may be asked the next question: no end of the input is sent then.
    var mayBeAskedOn = false
    /// Whether it matters that nothing is sent to a host that is gone: a command, for which nobody could tell whether it ran.
    var wantsProofOfLife = false
    /// From now.
    var deadline: Duration
}

/// Reaching the deadline is an answer, not a failure.
extension TransportFailure {
    static let deadline = TransportFailure(.lost, sent: true, "deadline")
    var isDeadline: Bool { self == .deadline }
}
