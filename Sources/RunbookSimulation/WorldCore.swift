import RunbookModel
import RunbookTransport

/// The simulated world as a machine: what happens next, and what that changes. It calls no one: what others are to be
/// told is put in the queue and handed out by ``advance(to:)``.
struct WorldCore {
    /// Site time ends here: 366 days, in milliseconds.
    static let horizon: Int64 = 366 * 86_400_000
    /// From a request to its arrival, in milliseconds.
    static let latency: Int64 = 20

    enum Happening {
        /// Someone is told; called outside every lock.
        case call(@Sendable () -> Void)
        case arrival(PendingRequest)
        case jobEnds(Int)
        /// A host loses its power and has it again.
        case restart(String)
        /// A deadline passed or the connection is cut: this is the last that the follower hears.
        case followerLeaves(job: Int, follower: Int, HostReply)
    }

    struct PendingRequest {
        var request: HostRequest
        var session: Int
        /// How many times longer than said everything takes: 1, or 10 on a slow host.
        var slowness: Int64
        var progress: @Sendable (OutputChunk) -> Void
        var reply: @Sendable (HostReply) -> Void

        var host: String { request.host }
    }

    var site: FixtureSite
    var now: Int64 = 0
    var receipts: [ReceiptKey: SimulatedReceipt] = [:]
    /// How often the login of a host has got another home.
    var homes: [String: Int] = [:]
    /// Runs that have left their mark where receipts are kept.
    var marked: Set<ReceiptKey> = []
    /// The session of a run that came last to its folder.
    var turns: [ReceiptKey: String] = [:]
    /// What runs, by a number that counts up.
    var jobs: [Int: SimulatedJob] = [:]
    var ran: [RanCommand] = []
    /// How many of the choices of each operator line are used up, in file order.
    var choicesUsed: [Int]
    let hosts: [Host]
    private let hostIndex: [String: Int]
    private var queue = EventQueue<Happening>()
    private var sessions: Set<Int> = []
    private var numbers = 0

    init(_ site: FixtureSite, hosts: [Host]) {
        self.site = site
        self.hosts = hosts
        hostIndex = Dictionary(hosts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { one, _ in one })
        choicesUsed = Array(repeating: 0, count: site.fixture.operatorLines.count)
    }

    mutating func nextNumber() -> Int {
        numbers += 1
        return numbers
    }

    // MARK: Time

    func after(_ milliseconds: Int64) -> Int64 {
        let (sum, overflow) = now.addingReportingOverflow(max(0, milliseconds))
        return overflow ? .max : sum
    }

    /// What a session wants is forgotten once that session has ended.
    mutating func put(_ happening: Happening, after milliseconds: Int64, session: Int?) {
        if let session, !sessions.contains(session) { return }
        queue.put(happening, at: after(milliseconds), session: session)
    }

    /// Goes to the next event that tells someone something, and returns the telling; nil when none is left up to `end`.
    mutating func advance(to end: Int64) -> (@Sendable () -> Void)? {
        while let next = queue.nextAt, next <= end, let event = queue.take() {
            now = max(now, event.at)
            switch event.happening {
            case .call(let body): return body
            case .arrival(let pending): arrive(pending)
            case .jobEnds(let job): endJob(job)
            case .restart(let host): reboot(host)
            case .followerLeaves(let job, let follower, let reply): leave(job: job, follower: follower, reply)
            }
        }
        return nil
    }

    mutating func openSession() -> (session: Int, start: Int64) {
        let session = nextNumber()
        sessions.insert(session)
        return (session, now)
    }

    mutating func endSession(_ session: Int) {
        sessions.remove(session)
        queue.drop(session: session)
        for job in jobs.keys { jobs[job]?.followers.removeAll { $0.session == session } }
    }

    func tell(_ reply: HostReply, _ pending: PendingRequest) -> Happening {
        let tell = pending.reply
        return .call { tell(reply) }
    }

    mutating func answer(_ pending: PendingRequest, _ reply: HostReply, after milliseconds: Int64 = 0) {
        put(tell(reply, pending), after: milliseconds, session: pending.session)
    }

    // MARK: Requests

    mutating func send(
        _ request: HostRequest, session: Int, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void
    ) {
        site.begin(request.task.step)
        let slowness = Int64(site.slowness(of: request.host))
        let pending = PendingRequest(
            request: request, session: session, slowness: slowness, progress: progress, reply: reply)
        put(.arrival(pending), after: Self.latency * slowness, session: session)
    }

    private mutating func arrive(_ pending: PendingRequest) {
        if case .probe(let probe) = pending.request.operation, probe.isAskedFromHere {
            return askFromHere(probe, pending)
        }
        if let failure = connect(to: pending.host) { return answer(pending, .failure(failure)) }
        if pending.host != Host.localName, site.strike([.garbage], on: pending.host) != nil {
            return answer(pending, .failure(.garbled))
        }
        switch pending.request.operation {
        case .contact: answer(pending, .contact(HostFacts(boot: site.bootID(of: pending.host), clockOffset: 0)))
        case .arrive(let arrival): arrived(arrival, pending)
        case .survey(let privilege):
            let facts = HostFacts(boot: site.bootID(of: pending.host), clockOffset: 0)
            answer(pending, .survey(HostSurvey(facts: facts, folder: .writable, isRoot: privilege.map { _ in true })))
        case .probe(let probe): ask(probe, pending)
        case .submit(let submission, let deadline): submit(submission, deadline: deadline, pending)
        case .attach(let receipt, let stdoutOffset, let stderrOffset, let deadline):
            guard let key = receiptKey(receipt, pending) else { return }
            follow(key, stdoutOffset, stderrOffset, deadline: deadline, pending)
        case .inspect(let receipt): atReceipt(receipt, pending) { _, _ in }
        case .fence(let receipt): atReceipt(receipt, pending) { $0.fence($1) }
        case .markLost(let receipt): atReceipt(receipt, pending) { $0.markLost($1) }
        case .kill(let receipt, _): atReceipt(receipt, pending) { $0.kill($1) }
        case .tidy(let tidied, _):
            guard keepsReceipts(pending.host) else { return answer(pending, .failure(.noReceipts(pending.host))) }
            for receipt in tidied { tidy(key(pending.host, receipt.path)) }
            answer(pending, .tidied)
        case .heads(let run, let mark): tellHeads(of: run, mark: mark, pending)
        case .witness:
            answer(pending, .failure(TransportFailure(.unsuitable, sent: false, "a rehearsal has no witnesses")))
        }
    }

    /// Why `host` can't be reached; nil when it can. This machine always can.
    mutating func connect(to host: String) -> TransportFailure? {
        if host == Host.localName { return nil }
        switch site.strike([.unreachable, .refuse, .auth], on: host) {
        case .auth: return TransportFailure(.authentication, sent: false, "Permission denied (publickey)")
        case .refuse: return .refused
        case .unreachable: return .noRoute
        case .drop, .hang, .slow, .crash, .garbage, .fullDisk, .reboot, nil:
            return site.presence(of: host, at: now) == .up ? nil : .noRoute
        }
    }

    func host(_ name: String) -> Host? { hostIndex[name].map { hosts[$0] } }

    func keepsReceipts(_ name: String) -> Bool { host(name)?.receipts ?? true }
}

extension TransportFailure {
    static let refused = TransportFailure(.unreachable, sent: false, "Connection refused")
    static let noRoute = TransportFailure(.unreachable, sent: false, "No route to host")
    static let garbled = TransportFailure(.lost, sent: true, "the host says: ?????")
    static let full = TransportFailure(
        .unsuitable, sent: false, "the host can't do this: no receipt can be kept: No space left on device")
    static let reset = TransportFailure(.lost, sent: true, "Connection reset by peer")

    static func noReceipts(_ host: String) -> TransportFailure {
        TransportFailure(.unsuitable, sent: false, "\(host) keeps no receipts")
    }
}
