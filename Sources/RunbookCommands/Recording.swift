internal import Glibc
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport
internal import Synchronization

/// Notes what hosts answer, and makes a fixture of it. Secrets are hidden before anything comes here.
///
/// A command that is asked several times answers in turn: the state of the fixture counts how often it was asked.
final class Recording: Sendable {
    /// Of one stream of one answer.
    private static let outputBytes = 64 << 10
    /// Of all answers together: a fixture that could be read again is not larger. What comes later is noted without its
    /// output.
    private static let recordedBytes = Limits.fixtureBytes
    private static let answersAtMost = 100_000

    private struct Question: Hashable {
        var host: String
        var text: String
        /// `run`, `tcp` or `http`.
        var kind: String
    }

    private struct Heard: Hashable {
        var stdout = ""
        var stderr = ""
        var exit = 0
        var status = 200
        var takes = Duration.zero
    }

    private struct Notes {
        var questions: [Question] = []
        var heard: [Question: [Heard]] = [:]
        /// Hosts that did not answer, with the step that asked and how often in a row.
        var faults: [(host: String, kind: Fault.Kind, step: String, times: Int)] = []
        /// What attempts have printed so far, by receipt.
        var printed: [String: Printed] = [:]
        var answers = 0
        var bytes = 0
    }

    private struct Printed {
        var stdout = HostBytes(limitBytes: Recording.outputBytes)
        var stderr = HostBytes(limitBytes: Recording.outputBytes)
        var since: Int64
        var text: String
    }

    private let notes = Mutex(Notes())
    private let plan: Plan
    private let clock: any RunClock

    init(_ plan: Plan, clock: any RunClock) {
        self.plan = plan
        self.clock = clock
    }

    // MARK: Noting

    fileprivate func asked(_ request: HostRequest) -> Int64 {
        let now = clock.now().uptime
        if case .submit(let submission, _) = request.operation {
            notes.withLock {
                $0.printed[submission.receipt.path] = Printed(since: now, text: submission.label ?? submission.command)
            }
        }
        return now
    }

    fileprivate func printed(_ chunk: OutputChunk, _ request: HostRequest) {
        guard let path = request.operation.receiptPath else { return }
        notes.withLock { notes in
            switch chunk.stream {
            case .stdout: notes.printed[path]?.stdout.take(chunk.bytes)
            case .stderr: notes.printed[path]?.stderr.take(chunk.bytes)
            }
        }
    }

    fileprivate func replied(_ reply: HostReply, to request: HostRequest, since: Int64) {
        let host = request.host
        let takes = Duration.milliseconds(max(0, clock.now().uptime - since)) * plan.inventory.labSpeed
        switch (request.operation, reply) {
        case (.probe(let probe), .probe(let answer)): noteProbe(probe, answer, host, takes)
        case (_, .failure(let failure)) where failure.kind == .unreachable: noteFault(failure, host, request.task.step)
        case (_, .receipt(let status)):
            guard case .exit(let code)? = status.end, let path = request.operation.receiptPath else { return }
            noteEnd(path, code, host)
        case (_, .ended(.exited(let code))):
            if let path = request.operation.receiptPath { noteEnd(path, code, host) }
        default: break
        }
    }

    private func noteProbe(_ probe: ProbeRequest, _ answer: ProbeAnswer, _ host: String, _ takes: Duration) {
        var heard = Heard(
            stdout: Self.text(answer.stdout), stderr: Self.text(answer.stderr), takes: takes)
        switch (probe.probe, answer.result) {
        case (.run(let command, _), .exit(.exited(let code))):
            heard.exit = code
            note(Question(host: host, text: probe.label ?? command, kind: "run"), heard)
        case (.run(let command, _), .timedOut):
            heard.takes = probe.timeout + .seconds(60)
            note(Question(host: host, text: probe.label ?? command, kind: "run"), heard)
        case (.tcp(let address, let port), .open(let isOpen, _)):
            heard.exit = isOpen ? 0 : 1
            note(Question(host: host, text: address.map { "\($0):\(port)" } ?? "\(port)", kind: "tcp"), heard)
        case (.http(let url), .http(let status?, _)):
            heard.status = status
            note(Question(host: host, text: url, kind: "http"), heard)
        default: break
        }
    }

    private func noteFault(_ failure: TransportFailure, _ host: String, _ step: String) {
        let kind: Fault.Kind = failure.message.contains("refused") ? .refuse : .unreachable
        notes.withLock { notes in
            if let last = notes.faults.indices.last, notes.faults[last].host == host, notes.faults[last].step == step,
                notes.faults[last].kind == kind
            {
                notes.faults[last].times += 1
            } else {
                notes.faults.append((host, kind, step, 1))
            }
        }
    }

    private func noteEnd(_ path: String, _ code: Int, _ host: String) {
        let now = clock.now().uptime
        guard let held = notes.withLock({ $0.printed.removeValue(forKey: path) }) else { return }
        let takes = Duration.milliseconds(max(0, now - held.since)) * plan.inventory.labSpeed
        note(
            Question(host: host, text: held.text, kind: "run"),
            Heard(
                stdout: Self.text(held.stdout.bytes), stderr: Self.text(held.stderr.bytes), exit: code & 0xFF,
                takes: takes))
    }

    private func note(_ question: Question, _ heard: Heard) {
        notes.withLock { notes in
            guard notes.answers < Self.answersAtMost else { return }
            notes.answers += 1
            var heard = heard
            notes.bytes += heard.stdout.utf8.count + heard.stderr.utf8.count
            if notes.bytes > Self.recordedBytes { (heard.stdout, heard.stderr) = ("", "") }
            if notes.heard[question] == nil { notes.questions.append(question) }
            notes.heard[question, default: []].append(heard)
        }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix(outputBytes), as: UTF8.self) }

    // MARK: The fixture

    /// What was heard, and what people said, as a fixture that plays the same again.
    func fixture(_ records: [Record], _ end: SessionEnd, began: Int64) -> Fixture {
        let notes = notes.withLock { $0 }
        var fixture = Fixture(path: "", name: "As recorded: \(plan.runbook.name)", clock: began, seed: 1)
        let place = SourcePlace(path: "", line: 1, column: 1)
        var hosts: [String: Int] = [:]
        for (number, question) in notes.questions.enumerated() {
            if hosts[question.host] == nil {
                hosts[question.host] = fixture.hosts.count
                fixture.hosts.append(FixtureHost(pattern: question.host, at: place))
            }
            guard let host = hosts[question.host] else { continue }
            fixture.hosts[host].answers += answers(question, notes.heard[question] ?? [], key: "asked \(number + 1)")
        }
        if fixture.hosts.isEmpty { fixture.hosts = [FixtureHost(pattern: "*", at: place)] }
        fixture.faults = notes.faults.map { noted in
            var fault = Fault(noted.kind, host: noted.host, at: place)
            fault.from = Named(noted.step, at: place)
            fault.times = noted.times
            return fault
        }
        fixture.operatorLines = OperatorLine.all(in: records, plan)
        var expectation = Expectation(at: place)
        expectation.outcome = end.outcome.rawValue
        expectation.steps = StepStates.of(plan, end.engine.state).map {
            ExpectedState(step: Named($0.step, at: place), state: $0.state)
        }
        fixture.expectation = expectation
        return fixture
    }

    /// One answer where it was always the same; else one for each time, told apart by a count.
    private func answers(_ question: Question, _ heard: [Heard], key: String) -> [Answer] {
        let place = SourcePlace(path: "", line: 1, column: 1)
        let isSame =
            Set(heard.map { Heard(stdout: $0.stdout, stderr: $0.stderr, exit: $0.exit, status: $0.status) }).count == 1
        return heard.enumerated().prefix(isSame ? 1 : heard.count).map { number, heard in
            let matcher: Answer.Matcher =
                switch question.kind {
                case "tcp": .tcp(question.text)
                case "http": .http(question.text)
                default: .run(question.text)
                }
            var answer = Answer(matcher, at: place)
            (answer.stdout, answer.stderr, answer.exit) = (heard.stdout, heard.stderr, heard.exit)
            (answer.status, answer.takes) = (heard.status, heard.takes)
            guard !isSame else { return answer }
            answer.when = [StateValue(key: key, value: number == 0 ? nil : "\(number)")]
            answer.set = [StateValue(key: key, value: "\(number + 1)")]
            return answer
        }
    }
}

extension OperatorLine {
    /// What people said in a run, one line for each task that asked.
    fileprivate static func all(in records: [Record], _ plan: Plan) -> [OperatorLine] {
        let place = SourcePlace(path: "", line: 1, column: 1)
        var lines: [OperatorLine] = []
        func line(_ task: TaskID) -> Int {
            if let index = lines.firstIndex(where: { $0.step.name == task.step && $0.host == task.host }) {
                return index
            }
            var line = OperatorLine(step: Named(task.step, at: place))
            line.host = task.host
            lines.append(line)
            return lines.count - 1
        }
        for record in records {
            switch record {
            case .valueRead(let value):
                guard let task = plan.index[value.task],
                    plan.step(of: task).questions.contains(where: { $0.name == value.name })
                else { continue }
                let index = line(value.task)
                lines[index].values.removeAll { $0.name == value.name }
                lines[index].values.append(NamedValue(name: value.name, value: value.value))
            case .answered(let answer):
                let index = line(answer.task)
                // The reason of a rollback is where it goes to.
                if answer.choice != .rollback, let reason = answer.reason { lines[index].reason = reason }
                switch answer.kind {
                case .manual: lines[index].answer = answer.choice == .failed ? .failed : .done
                case .approval:
                    lines[index].approvers.append(answer.by)
                    lines[index].isApproved = answer.choice == .approve
                case .danger, .failure, .unclear, .lapsed, .undo, .irreversible:
                    let target = answer.choice == .rollback ? answer.reason.map { Named($0, at: place) } : nil
                    lines[index].choose.append(OperatorChoice(answer.choice, to: target))
                }
            default: continue
            }
        }
        return lines
    }
}

/// Hands everything on, and lets a recording listen.
struct RecordingTransport: Transport {
    let recording: Recording
    let next: any Transport

    func send(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void
    ) {
        let since = recording.asked(request)
        next.send(
            request,
            progress: { [recording] chunk in
                recording.printed(chunk, request)
                progress(chunk)
            },
            reply: { [recording] said in
                recording.replied(said, to: request, since: since)
                reply(said)
            })
    }

    func close() async { await next.close() }
}

extension HostRequest.Operation {
    /// The attempt that a request is about.
    fileprivate var receiptPath: String? {
        switch self {
        case .submit(let submission, _): submission.receipt.path
        case .attach(let id, _, _, _), .inspect(let id), .fence(let id), .markLost(let id), .kill(let id, _): id.path
        case .contact, .arrive, .survey, .probe, .tidy, .heads, .witness: nil
        }
    }
}

/// The folder that `--record` names.
enum RecordFolder {
    /// Before anything begins: a run whose record could not be kept is better not begun.
    static func make(_ folder: String) throws(CommandFailure) {
        do {
            try SystemCalls.makeFolders(folder)
        } catch {
            throw CommandFailure(.usage, "can't make `\(TerminalText.shown(folder))`: \(error.words)")
        }
        guard !SystemCalls.exists("\(folder)/fixture.yaml") else {
            throw CommandFailure(
                .usage, "`\(TerminalText.shown(folder))/fixture.yaml` exists already; nothing was started",
                hint: "name another folder")
        }
    }

    static func write(_ fixture: Fixture, to folder: String) throws(CommandFailure) {
        do {
            try FileDraft.make(Array(FixtureWriter.write(fixture).utf8), at: "\(folder)/fixture.yaml", mode: 0o600)
        } catch {
            throw CommandFailure(
                .programFailed, "the run is over, but its fixture can't be written: \(error.words)",
                hint: "the journal is whole")
        }
        Terminal.message("Recorded to \(TerminalText.shown(folder))/fixture.yaml\n")
    }
}
