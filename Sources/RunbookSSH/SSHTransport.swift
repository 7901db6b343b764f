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
    /// Where `local` commands run.
    package var workingFolder = "."
    /// What runs the texts of `local` commands, in place of `/bin/sh`.
    package var localShell: String?
    package var connectTimeout = Duration.seconds(10)
    /// A peer that has not sent a byte for so long is gone.
    package var silenceLimit = Duration.seconds(14)
    package var handshakesAtOnce = 64

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
    private let local: LocalShell
    private let probes: ControllerProbes

    package init(hosts: [Host], options: SSHOptions) {
        signal(SIGPIPE, SIG_IGN)
        ssh_init()
        var byName: [String: Host] = [:]
        for host in hosts { byName[host.name] = host }
        self.hosts = byName
        let loop = EventLoop()
        self.loop = loop
        let ring = KeyRing()
        let gate = Gate(loop: loop, limit: options.handshakesAtOnce)
        links = byName.mapValues { HostLink($0, ring: ring, options: options, loop: loop, gate: gate) }
        local = LocalShell(loop: loop, options: options)
        probes = ControllerProbes(loop: loop)
    }

    package func send(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void
    ) {
        Task { reply(await answer(request, progress)) }
    }

    private func answer(
        _ request: HostRequest, _ progress: @escaping @Sendable (OutputChunk) -> Void
    ) async -> HostReply {
        if case .probe(let probe) = request.operation {
            switch probe.probe {
            case .run: break
            case .tcp(let address, let port):
                let address = address ?? request.host.flatMap { hosts[$0]?.address } ?? "127.0.0.1"
                return .probe(await probes.tcp(hosts[address]?.address ?? address, port, probe.timeout))
            case .http(let url): return .probe(await probes.http(url, probe.timeout) { self.hosts[$0]?.address })
            }
        }
        guard let name = request.host else {
            return await ScriptCall(request, keepsReceipts: true).play(local, progress)
        }
        guard let host = hosts[name], let link = links[name] else {
            return .failure(TransportFailure(.unsuitable, sent: false, "the inventory has no host \(name)"))
        }
        return await ScriptCall(request, keepsReceipts: host.receipts).play(link, progress)
    }

    package func close() async {
        for name in links.keys.sorted() { await links[name]?.end() }
        loop.stop()
    }
}

/// Something that runs a shell text: a host over SSH, or this machine.
protocol ScriptRunner: Sendable {
    /// `output` returns false when the reply is whole.
    func run(
        _ job: ScriptJob, output: @escaping @Sendable (OutputChunk) -> Bool
    ) async throws(TransportFailure) -> SessionEnd
}

struct ScriptJob: Sendable {
    var command: String
    var environment: [EnvironmentPair]
    var input: [UInt8]
    /// From now.
    var deadline: Duration
    /// Whether a cut in flight may have left something running: everything but questions.
    var words: [String] = []
}

/// Reaching the deadline is an answer, not a failure.
extension TransportFailure {
    static let deadline = TransportFailure(.lost, sent: true, "deadline")
    var isDeadline: Bool { self == .deadline }
}
