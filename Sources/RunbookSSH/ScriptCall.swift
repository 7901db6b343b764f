internal import Glibc
internal import RunbookModel
internal import RunbookTransport

/// One request, played as a shell text on a host, and its reply.
struct ScriptCall: Sendable {
    private let request: HostRequest
    private let keepsReceipts: Bool
    /// A lab wants to know for which step a session is, where no receipt tells it; a real server takes no variables.
    private let marksSessions: Bool

    init(_ request: HostRequest, keepsReceipts: Bool, marksSessions: Bool = false) {
        self.request = request
        self.keepsReceipts = keepsReceipts
        self.marksSessions = marksSessions
    }

    /// What a question may take beyond its own time: the way there and back.
    private static let margin = Duration.seconds(15)

    private static let opening = Array(ReceiptScript.opening.utf8)

    func play(_ runner: some ScriptRunner, _ progress: @escaping @Sendable (OutputChunk) -> Void) async -> HostReply {
        if case .witness(let question) = request.operation { return await playWitness(question, runner, progress) }
        if !keepsReceipts { return await playInSession(runner, progress) }
        var random = SystemRandomNumberGenerator()
        let nonce = String(UInt64.random(in: 0...UInt64.max, using: &random), radix: 36)
        guard
            let call = ReceiptScript.call(
                request.operation, nonce: nonce, run: run ?? "", step: request.task.step)
        else {
            return .failure(TransportFailure(.unsuitable, sent: false, "this can't be asked of a host"))
        }
        let reader = ReplyReader(nonce: nonce, keepsOutput: isProbe, progress)
        // A lab wants to know for which step each session is.
        let marks = marksSessions ? "env BLACKSTART_RUN=\(run ?? "-") BLACKSTART_STEP=\(request.task.step) " : ""
        let job = ScriptJob(
            command: "\(marks)/bin/sh -s", environment: [], opening: Self.opening, input: Array(call.utf8),
            mayBeAskedOn: !marksSessions, wantsProofOfLife: isSubmission,
            deadline: deadline)
        do throws(TransportFailure) {
            _ = try await runner.run(job) { reader.take($0) }
        } catch {
            if error.isDeadline { return late }
            // What the host had said before the connection broke still counts, if it was all.
            if reader.ending == nil { return .failure(isQuestion ? error.ofQuestion : error) }
        }
        return reply(reader)
    }

    private var run: String? {
        switch request.operation {
        case .submit(let submission, _): submission.receipt.run
        case .attach(let id, _, _, _), .inspect(let id), .fence(let id), .markLost(let id), .kill(let id, _): id.run
        case .heads(let run, _): run
        case .witness(let question): question.run
        case .arrive(let arrival): arrival.run
        case .contact, .survey, .probe, .tidy: nil
        }
    }

    /// It changes nothing on the host, however much of it came there.
    private var isQuestion: Bool {
        switch request.operation {
        case .contact, .arrive, .survey, .probe, .heads, .witness: true
        case .submit, .attach, .inspect, .fence, .markLost, .kill, .tidy: false
        }
    }

    private var isSubmission: Bool { if case .submit = request.operation { true } else { false } }

    private var isProbe: Bool { if case .probe = request.operation { true } else { false } }

    private var deadline: Duration {
        switch request.operation {
        case .submit(_, let deadline), .attach(_, _, _, let deadline): deadline
        case .probe(let probe): probe.timeout + Self.margin
        case .kill: .seconds(40)
        case .contact, .arrive, .survey, .inspect, .fence, .markLost, .tidy, .heads, .witness: .seconds(30)
        }
    }

    private var late: HostReply {
        switch request.operation {
        case .submit, .attach: .deadline
        case .probe: .probe(ProbeAnswer(.timedOut))
        case .contact, .arrive, .survey, .inspect, .fence, .markLost, .kill, .tidy, .heads, .witness:
            .failure(TransportFailure(.lost, sent: true, "the host did not answer in time"))
        }
    }

    private func reply(_ reader: ReplyReader) -> HostReply {
        switch (request.operation, reader.ending) {
        case (.contact, .facts(let boot, let home, let seconds, let claims, let session)),
            (.arrive, .facts(let boot, let home, let seconds, let claims, let session)):
            return .contact(
                HostFacts(
                    boot: boot, clockOffset: Self.offset(seconds), home: home, claims: claims, session: session))
        case (.survey(let privilege), .survey(var survey, let seconds)):
            survey.facts.clockOffset = Self.offset(seconds)
            // sudo may say nothing at all where it refuses.
            if privilege != nil, survey.isRoot == nil { survey.isRoot = false }
            return .survey(survey)
        case (.probe, .probe(let status, let isCut)):
            return .probe(
                ProbeAnswer(.exit(.exited(status)), stdout: reader.stdout, stderr: reader.stderr, isCut: isCut))
        case (.probe, .late): return .probe(ProbeAnswer(.timedOut, stdout: reader.stdout, stderr: reader.stderr))
        case (.submit, .status(let status)), (.attach, .status(let status)), (.inspect, .status(let status)),
            (.fence, .status(let status)), (.markLost, .status(let status)), (.kill, .status(let status)):
            return .receipt(status)
        case (.tidy, .tidied): return .tidied
        case (.heads, .heads(let heads)): return .heads(heads)
        case (.submit, .refused(let why)):
            // A host says so before it runs anything, and then it does not.
            return .failure(TransportFailure(.unsuitable, sent: false, Self.refusal(why)))
        case (_, .refused(let why)):
            return .failure(TransportFailure(.unsuitable, sent: true, Self.refusal(why)))
        case (_, nil):
            return .failure(
                TransportFailure(.lost, sent: true, reader.hasBegun ? "the answer was cut" : reader.noise))
        case (_, .some):
            return .failure(TransportFailure(.unsuitable, sent: true, "the host's answer makes no sense"))
        }
    }

    private static func refusal(_ why: String) -> String {
        "the host can't do this: \(TerminalText.shown(why).prefix(300))"
    }

    /// Host clock minus ours, milliseconds; nil where it is beyond all bounds.
    private static func offset(_ seconds: Int64?) -> Int64? {
        guard let seconds, (0...1 << 40).contains(seconds) else { return nil }
        return (seconds - Int64(time(nil))) * 1_000
    }

    // MARK: Witnesses

    /// What a witness may answer beside a copy: its words and a signature.
    private static let witnessLimit = 256 << 10

    private func playWitness(
        _ question: WitnessRequest, _ runner: some ScriptRunner, _ progress: @escaping @Sendable (OutputChunk) -> Void
    ) async -> HostReply {
        // An account with a forced command takes no variables and no other words.
        let job = ScriptJob(
            command: WitnessScript.command, environment: [], input: question.input, deadline: deadline)
        let heard = WitnessReader(question, limitBytes: Self.witnessLimit, progress)
        do throws(TransportFailure) {
            _ = try await runner.run(job) { heard.take($0) }
        } catch { return error.isDeadline ? late : .failure(error.ofQuestion) }
        guard let reply = heard.reply else {
            return .failure(
                heard.isCut
                    ? TransportFailure(.lost, sent: false, "the answer was cut")
                    : TransportFailure(.unsuitable, sent: true, "what answers there is no witness"))
        }
        return .witness(reply)
    }

    // MARK: Hosts without receipts

    /// The command goes to the host as it is, and lives as long as the session.
    private func playInSession(
        _ runner: some ScriptRunner, _ progress: @escaping @Sendable (OutputChunk) -> Void
    ) async -> HostReply {
        let marks = marksSessions ? [EnvironmentPair(name: "BLACKSTART_STEP", value: request.task.step)] : []
        switch request.operation {
        case .contact, .arrive:
            let job = ScriptJob(command: "true", environment: marks, input: [], deadline: .seconds(30))
            do throws(TransportFailure) { _ = try await runner.run(job) { _ in .more } } catch {
                return .failure(error.isDeadline ? .silent : error.ofQuestion)
            }
            return .contact(HostFacts(boot: "", clockOffset: nil))
        case .probe(let probe):
            guard case .run(let command, let environment) = probe.probe else { return .failure(.noReceipts) }
            let reader = PlainReader(nil)
            let begun = "BS begun \(UInt64.random(in: 0...UInt64.max))"
            let job = Self.job(
                command, Self.named(probe.label) + environment, probe.privilege, marks: marks, deadline: probe.timeout,
                begun: begun)
            do throws(TransportFailure) {
                let status = Self.status(try await runner.run(job) { reader.take($0) })
                var complaint = reader.stderr
                if probe.privilege != nil, !Self.strike(begun, from: &complaint) {
                    return .failure(TransportFailure(.unsuitable, sent: true, Self.turnedAway(status, complaint)))
                }
                return .probe(
                    ProbeAnswer(.exit(status), stdout: reader.stdout, stderr: complaint, isCut: reader.isCut))
            } catch { return error.isDeadline ? .probe(ProbeAnswer(.timedOut)) : .failure(error.ofQuestion) }
        case .submit(let submission, let deadline):
            let job = Self.job(
                submission.command, Self.named(submission.label) + submission.environment, submission.privilege,
                marks: marks.isEmpty ? [] : marks + [EnvironmentPair(name: "BLACKSTART_ATTEMPT", value: "1")],
                deadline: deadline)
            let reader = PlainReader(progress)
            do throws(TransportFailure) {
                switch try await runner.run(job, output: { reader.take($0) }) {
                case .exited(let code): return .ended(.exited(code))
                case .signalled(let name): return .ended(.signalled(name))
                case .silent:
                    return .failure(TransportFailure(.lost, sent: true, "the session ended without an exit status"))
                }
            } catch { return error.isDeadline ? .deadline : .failure(error) }
        case .survey, .attach, .inspect, .fence, .markLost, .kill, .tidy, .heads, .witness:
            return .failure(.noReceipts)
        }
    }

    /// The name of a command, for a lab that plays it.
    private static func named(_ label: String?) -> [EnvironmentPair] {
        label.map { [EnvironmentPair(name: "BLACKSTART_COMMAND", value: $0)] } ?? []
    }

    /// Takes the line that says that sudo let the question begin out of what was said; false where it is not there.
    private static func strike(_ line: String, from said: inout [UInt8]) -> Bool {
        guard let place = said.firstRange(of: Array("\(line)\n".utf8)) else { return false }
        said.removeSubrange(place)
        return true
    }

    /// What sudo turns away was never asked, and its exit status is no answer.
    private static func turnedAway(_ status: ExitStatus, _ complaint: [UInt8]) -> String {
        var how = ""
        if case .exited(let code) = status { how = " (exit status \(code))" }
        let words = complaint.prefix(200).split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        return refusal("sudo ran nothing\(how): \(words.joined(separator: " "))")
    }

    /// A command with its environment in front. What is secret goes through its input: a list of processes shows the rest.
    ///
    /// - Parameter begun: what it says on stderr as soon as sudo has let it begin.
    private static func job(
        _ command: String, _ environment: [EnvironmentPair], _ privilege: Privilege?, marks: [EnvironmentPair],
        deadline: Duration, begun: String? = nil
    ) -> ScriptJob {
        func exports(_ pairs: [EnvironmentPair]) -> String {
            pairs.map { "export \($0.name)=\(ShellWord.quote($0.value)); " }.joined()
        }
        let hidden = environment.filter(\.content.isHidden)
        let text = exports(environment.filter { !$0.content.isHidden }) + command
        if privilege == nil, hidden.isEmpty {
            return ScriptJob(command: text, environment: marks, input: [], deadline: deadline)
        }
        let mark = "BS \(UInt64.random(in: 0...UInt64.max))"
        let says = privilege == nil ? "" : begun.map { "echo \(ShellWord.quote($0)) >&2; " } ?? ""
        let start =
            says
            + "while IFS= read -r l && [ \"$l\" != \(ShellWord.quote(mark)) ]; do :; done; eval \"$(cat)\"; exec </dev/null; "
        let shell = "/bin/sh -c \(ShellWord.quote(start + text))"
        let password = privilege?.password.map { "\($0.text)\n" }
        let asWhom = privilege == nil ? "" : password == nil ? "sudo -n -- " : "sudo -S -p '' -- "
        return ScriptJob(
            command: asWhom + shell, environment: marks,
            input: Array("\(password ?? "")\(mark)\n\(exports(hidden))\n".utf8), deadline: deadline)
    }

    private static func status(_ end: SessionEnd) -> ExitStatus {
        switch end {
        case .exited(let code): .exited(code)
        case .signalled(let name): .signalled(name)
        case .silent: .signalled("unknown")
        }
    }
}

extension TransportFailure {
    /// A connection that broke over a question: nothing ran.
    var ofQuestion: TransportFailure { kind == .lost ? TransportFailure(kind, sent: false, message) : self }

    static let noReceipts = TransportFailure(.unsuitable, sent: false, "the host keeps no receipts")
    static let silent = TransportFailure(.unreachable, sent: false, "the host did not answer in time")
}
