package import RunbookModel
internal import RunbookPlan
package import RunbookTransport
internal import Synchronization

/// Carries out what the engine decides: the one place where decisions meet the world.
///
///     events ──▶ engine ──▶ records ──▶ journal (durable) ──▶ effects ──▶ hosts, clock, person ──▶ events
///
/// All events that have come are decided on together and their records are made durable in one flush; only then is any
/// of the effects carried out. So nothing goes to a host whose intent is not on disk, and one flush serves many tasks.
package final class Conductor: Sendable {
    package struct Parts: Sendable {
        package var transport: any Transport
        package var storage: any RunStorage
        package var clock: any RunClock
        package var desk: any OperatorDesk
        package var observer: any RunObserver

        package init(
            transport: any Transport, storage: any RunStorage, clock: any RunClock, desk: any OperatorDesk,
            observer: any RunObserver
        ) {
            self.transport = transport
            self.storage = storage
            self.clock = clock
            self.desk = desk
            self.observer = observer
        }
    }

    private let parts: Parts
    private let inbox = Mutex<[Event]>([])

    package init(_ parts: Parts) { self.parts = parts }

    /// Something has happened. Any thread may tell.
    package func post(_ event: Event) {
        inbox.withLock { $0.append(event) }
        parts.clock.wake()
    }

    /// Plays one session to its end. `first` is `began`, or `rollbackRequested` for a session that is there to roll back.
    package func run(_ engine: Engine, first: Event) async throws(ConductorFault) -> SessionEnd {
        var session = Session(engine: engine, parts: parts)
        post(first)
        while true {
            let events = inbox.withLock { inbox in
                defer { inbox = [] }
                return inbox
            }
            if events.isEmpty {
                guard await parts.clock.idle(until: { [self] in inbox.withLock { !$0.isEmpty } }) else {
                    throw .stalled
                }
                continue
            }
            let effects: [Effect]
            do { effects = try session.take(events) } catch { throw .storage(error) }
            if let outcome = session.outcome {
                let uptime = parts.clock.now().uptime
                await parts.storage.handOver()
                await tidy(session.engine.tidying(isFinal: outcome.isFinal))
                await parts.transport.close()
                return SessionEnd(outcome: outcome, engine: session.engine, uptime: uptime)
            }
            do { try carryOut(effects, &session) } catch { throw .storage(error) }
        }
    }

    /// The session is over: hosts need not keep its commands and what they printed. The journal is closed, so this is as
    /// good as it gets: what does not answer in time is left.
    private func tidy(_ requests: [HostRequest]) async {
        guard !requests.isEmpty else { return }
        let open = Countdown(requests.count)
        let clock = parts.clock
        clock.schedule(after: Self.tidyingLimit) {
            open.end()
            clock.wake()
        }
        for request in requests {
            parts.transport.send(request, progress: { _ in }) { _ in
                open.take()
                clock.wake()
            }
        }
        _ = await clock.idle(until: { open.isOver })
    }

    private static let tidyingLimit = Duration.seconds(10)

    private func carryOut(_ effects: [Effect], _ session: inout Session) throws(StorageFault) {
        for effect in effects {
            switch effect {
            case .send(let task, let token, var request):
                if case .submit(var submission, let deadline) = request.operation {
                    submission.journalHead = parts.storage.head
                    request.operation = .submit(submission, deadline: deadline)
                }
                let sink = try session.sink(for: task, &request)
                let observer = parts.observer
                let (id, isWithheld) = (request.task, request.isWithheld)
                parts.transport.send(
                    request,
                    progress: { chunk in
                        guard !isWithheld else { return }
                        sink?.take(chunk)
                        observer.printed(chunk, by: id)
                    },
                    reply: { [self] reply in post(.replied(task: task, token: token, reply, output: nil)) })
            case .wait(let task, let token, let delay):
                parts.clock.schedule(after: delay) { [self] in post(.elapsed(task: task, token: token)) }
            case .hold(let step, let delay):
                parts.clock.schedule(after: delay) { [self] in post(.released(step: step)) }
            case .ask(let task, let token, let question):
                parts.desk.ask(question) { [self] reply in post(.answered(task: task, token: token, reply)) }
            case .withdraw(let task): parts.desk.withdraw(task)
            case .recall(let task, let token, let output):
                post(.recalled(task: task, token: token, parts.storage.text(of: output)))
            case .tidy(let request): parts.transport.send(request, progress: { _ in }, reply: { _ in })
            case .seal, .finish: break
            }
        }
        if session.needsTick {
            session.needsTick = false
            session.hasTick = true
            parts.clock.schedule(after: Session.sealInterval) { [self] in post(.tick) }
        }
    }
}

/// Counts replies that are still to come.
private final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func take() { left.withLock { $0 = max(0, $0 - 1) } }
    func end() { left.withLock { $0 = 0 } }
    var isOver: Bool { left.withLock { $0 == 0 } }
}

/// How a session came to its end.
package struct SessionEnd: Sendable {
    package var outcome: Outcome
    package var engine: Engine
    /// Milliseconds from the session's start to its outcome.
    package var uptime: Int64
}

package enum ConductorFault: Error, Hashable, Sendable {
    case storage(StorageFault)
    /// Nothing is under way and nothing can come any more, but the run is not over: a fault of this program.
    case stalled
}

/// What a session holds between two steps of its conductor.
private struct Session {
    static let sealInterval = Duration.seconds(5)

    var engine: Engine
    let parts: Conductor.Parts
    var outcome: Outcome?
    var needsTick = false
    var hasTick = false
    /// What attempts print that have not ended yet, by task.
    private var printouts: [Int: Printout] = [:]

    private struct Printout {
        var receipt: ReceiptID
        var sink: any OutputSink
        /// Uptime at the submission, or at the first look in a later session.
        var since: Int64
    }

    init(engine: Engine, parts: Conductor.Parts) {
        self.engine = engine
        self.parts = parts
    }

    /// Lets the engine decide on all events and makes its records durable. The effects are safe to carry out.
    mutating func take(_ events: [Event]) throws(StorageFault) -> [Effect] {
        let moment = parts.clock.now()
        var records: [Record] = []
        var effects: [Effect] = []
        for event in events {
            if case .tick = event { hasTick = false }
            let decision = engine.handle(withOutput(event, moment))
            records += decision.records
            effects += decision.effects
        }
        do { try keepOutputs(of: records) } catch {
            if case .full = error { recordFullDisk(moment) }
            throw error
        }
        let outcome = Self.outcome(of: effects)
        if !records.isEmpty || outcome != nil {
            try parts.storage.append(records, at: moment, closing: outcome != nil)
        }
        parts.observer.recorded(records, by: engine, at: moment)
        if outcome != nil {
            self.outcome = outcome
            return []
        }
        if effects.contains(.seal) {
            try parts.storage.seal()
        } else {
            try parts.storage.sealIfDue(at: moment)
        }
        if parts.storage.runsOnReserve { return effects + (try stopOnFullDisk(moment)) }
        needsTick = !records.isEmpty && !hasTick
        return effects
    }

    private static let fullDisk = "the disk that holds the journal is full"

    /// What a command printed found no room, so its end can't be recorded; its host still knows it, and is asked when the
    /// run is resumed. Why the run stops goes on record all the same.
    private func recordFullDisk(_ moment: Moment) {
        guard parts.storage.freeReserve() else { return }
        do {
            try parts.storage.append(
                [.halted(reason: Self.fullDisk), .closed(.interrupted)], at: moment, closing: true)
        } catch {
            // The error that is on its way says enough.
        }
    }

    /// "Disk full, stopped" goes on record while there is room for it.
    private mutating func stopOnFullDisk(_ moment: Moment) throws(StorageFault) -> [Effect] {
        let decision = engine.handle(.haltRequested(reason: Self.fullDisk))
        guard !decision.records.isEmpty else { return [] }
        outcome = Self.outcome(of: decision.effects)
        try parts.storage.append(decision.records, at: moment, closing: outcome != nil)
        parts.observer.recorded(decision.records, by: engine, at: moment)
        if outcome == nil { try parts.storage.seal() }
        return decision.effects
    }

    private static func outcome(of effects: [Effect]) -> Outcome? {
        for case .finish(let outcome) in effects { return outcome }
        return nil
    }

    /// Where the output of a submission goes; nil for requests that print nothing. An attempt that is followed again is
    /// asked for what has not come yet.
    mutating func sink(for task: Int, _ request: inout HostRequest) throws(StorageFault) -> (any OutputSink)? {
        let receipt: ReceiptID
        switch request.operation {
        case .submit(let submission, _): receipt = submission.receipt
        case .attach(let id, _, _, let deadline):
            receipt = id
            if let held = printouts[task], held.receipt == id {
                let summary = held.sink.summary()
                request.operation = .attach(
                    id, stdoutOffset: Int(clamping: summary.stdout.bytes),
                    stderrOffset: Int(clamping: summary.stderr.bytes), deadline: deadline)
                return held.sink
            }
        case .contact, .arrive, .survey, .probe, .inspect, .fence, .markLost, .kill, .tidy, .heads, .witness: return nil
        }
        printouts[task]?.sink.discard()
        let sink = try parts.storage.output(of: receipt)
        printouts[task] = Printout(receipt: receipt, sink: sink, since: parts.clock.now().uptime)
        return sink
    }

    private func withOutput(_ event: Event, _ moment: Moment) -> Event {
        guard case .replied(let task, let token, let reply, nil) = event, let held = printouts[task] else {
            return event
        }
        let summary = held.sink.summary()
        let output = AttemptOutput(
            stdout: summary.stdout, stderr: summary.stderr, tail: summary.tail, text: summary.text,
            isMasked: summary.isMasked, milliseconds: max(0, moment.uptime - held.since))
        return .replied(task: task, token: token, reply, output: output)
    }

    /// What the record of an attempt's end names has to be there before the record is.
    private mutating func keepOutputs(of records: [Record]) throws(StorageFault) {
        for case .attemptEnded(let end) in records {
            guard let task = engine.plan.index[end.attempt.task] else { continue }
            try printouts.removeValue(forKey: task)?.sink.keep()
        }
    }
}
