package import RunbookModel

/// The instant of an event: a monotonic reading for durations and order, a wall reading for people only.
package struct Moment: Hashable, Sendable {
    /// Milliseconds since the session began; never goes back.
    package var uptime: Int64
    /// Milliseconds since 1970 UTC; may be wrong in a blackout.
    package var wall: Int64

    package init(uptime: Int64, wall: Int64) {
        self.uptime = uptime
        self.wall = wall
    }
}

/// Reaches hosts. Implemented over SSH (and a local shell) and by the simulation; the engine can't tell which.
///
/// `send` returns at once. The reply comes exactly once, later, on any thread, and never from inside `send`.
package protocol Transport: Sendable {
    func send(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void,
        reply: @escaping @Sendable (HostReply) -> Void)
    /// Lets go of every connection. Commands that run on hosts go on.
    func close() async
}

extension Transport {
    /// The reply, for whoever can wait; what is printed meanwhile is nobody's unless `progress` takes it.
    package func ask(
        _ request: HostRequest, progress: @escaping @Sendable (OutputChunk) -> Void = { _ in }
    ) async -> HostReply {
        await withCheckedContinuation { continuation in
            send(request, progress: progress, reply: { continuation.resume(returning: $0) })
        }
    }
}

/// Tells and waits for time.
package protocol RunClock: Sendable {
    func now() -> Moment
    /// Calls `body` once, `delay` from now, on any thread, never from inside `schedule`.
    func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void)
    /// Returns when `arrived()` has become true. A virtual clock runs what is scheduled next, moving its time on; it
    /// returns false when nothing is scheduled and nothing can arrive any more.
    func idle(until arrived: @escaping @Sendable () -> Bool) async -> Bool
    /// Wakes `idle` up; called after something arrived.
    func wake()
}

/// The person at the controls, or what stands in for one.
package protocol OperatorDesk: Sendable {
    /// Asks; the reply comes once, later, never from inside `ask`. `nobody` where no one can answer.
    func ask(_ question: Question, reply: @escaping @Sendable (OperatorReply) -> Void)
    /// The question has settled itself; no answer is wanted any more.
    func withdraw(_ task: TaskID)
}

/// Names one attempt on its host: the folder of its receipt.
package struct ReceiptID: Hashable, Sendable {
    package var run: String
    package var task: TaskID
    package var kind: AttemptKind
    /// From 1.
    package var number: Int

    package init(run: String, task: TaskID, kind: AttemptKind, number: Int) {
        self.run = run
        self.task = task
        self.kind = kind
        self.number = number
    }

    /// `RUN/STEP.HOST.N`, undo attempts `RUN/STEP.HOST.uN`: characters `[A-Za-z0-9._/-]` only.
    package var path: String { "\(run)/\(task.step).\(task.host ?? "-").\(kind == .undo ? "u" : "")\(number)" }
}

/// A command to be run at most once.
package struct Submission: Hashable, Sendable {
    package var receipt: ReceiptID
    /// Shell text, run by `/bin/sh` on the host.
    package var command: String
    /// What it is called in a fixture, where that is not its text.
    package var label: String?
    package var environment: [EnvironmentPair]
    /// Run as root; nil means as whoever logs in.
    package var privilege: Privilege?
    /// Refuse unless the host still has this boot id.
    package var boot: String?
    /// Head of the journal at submission, `seq:sha256`, kept in the receipt.
    package var journalHead: String
    /// Lower-case hex SHA-256 of command, environment and run: tells one submission from another under the same receipt.
    package var digest: String
    /// Tells the run from every other of its name.
    package var mark: String
    /// Refuse unless the receipts' folder is still this one.
    package var home: String?
    /// Refuse where another session came to the host after this one.
    package var session: String?

    package init(
        receipt: ReceiptID, command: String, label: String? = nil, environment: [EnvironmentPair],
        privilege: Privilege? = nil,
        boot: String?, journalHead: String, digest: String, mark: String = "", home: String? = nil,
        session: String? = nil
    ) {
        self.session = session
        self.mark = mark
        self.home = home
        self.receipt = receipt
        self.command = command
        self.label = label
        self.environment = environment
        self.privilege = privilege
        self.boot = boot
        self.journalHead = journalHead
        self.digest = digest
    }
}

/// Text that may have secrets in it: by name until a vault fills them in.
package struct HiddenText: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        case plain(String)
        case secret(String)
    }

    package var parts: [Part]
    /// Whether a secret is in it, by name or filled in: then it must not be written down anywhere.
    package var isHidden: Bool

    package init(_ parts: [Part]) {
        self.parts = parts
        isHidden = parts.contains { if case .secret = $0 { true } else { false } }
    }

    /// A secret itself.
    package init(filled secret: String) {
        parts = [.plain(secret)]
        isHidden = true
    }

    /// Secrets that are not filled in stand as they do in a runbook.
    package var text: String {
        parts.map {
            switch $0 {
            case .plain(let text): text
            case .secret(let name): "${{ secrets.\(name) }}"
            }
        }.joined()
    }
}

package struct EnvironmentPair: Hashable, Sendable {
    package var name: String
    package var content: HiddenText

    package init(name: String, _ content: HiddenText) {
        self.name = name
        self.content = content
    }

    package init(name: String, value: String) { self.init(name: name, HiddenText([.plain(value)])) }

    package var value: String { content.text }
}

/// The right to act as root, with `sudo`.
package struct Privilege: Hashable, Sendable {
    /// nil where none is wanted.
    package var password: HiddenText?

    package init(password: HiddenText?) { self.password = password }
}

/// A read-only question, with every expression already filled in.
package struct ProbeRequest: Hashable, Sendable {
    package enum Probe: Hashable, Sendable {
        case run(command: String, environment: [EnvironmentPair])
        /// nil address: the host's own.
        case tcp(address: String?, port: Int)
        case http(url: String)
    }

    package var probe: Probe
    /// What a command is called in a fixture, where that is not its text.
    package var label: String?
    /// Ask as root; nil means as whoever logs in.
    package var privilege: Privilege?
    package var timeout: Duration

    package init(_ probe: Probe, label: String? = nil, privilege: Privilege? = nil, timeout: Duration) {
        self.probe = probe
        self.label = label
        self.privilege = privilege
        self.timeout = timeout
    }
}

extension ProbeRequest {
    /// Whether the controller's own machine tries it: tcp and http.
    package var isAskedFromHere: Bool {
        switch probe {
        case .run: false
        case .tcp, .http: true
        }
    }
}

/// What the engine asks of a machine.
package struct HostRequest: Hashable, Sendable {
    package enum Operation: Hashable, Sendable {
        /// Connect if need be; who is there?
        case contact
        /// The same for a run that is about to act there: it leaves its mark and its claim where receipts are kept.
        case arrive(Arrival)
        /// Look at the host as one looks at it before an emergency, as root too where that is wanted; changes nothing.
        case survey(Privilege?)
        case probe(ProbeRequest)
        /// Submit and follow to the end, at most until `deadline` from now.
        case submit(Submission, deadline: Duration)
        /// Follow a submitted attempt to its end, from these offsets in its output.
        case attach(ReceiptID, stdoutOffset: Int, stderrOffset: Int, deadline: Duration)
        case inspect(ReceiptID)
        /// Make sure that it never starts, unless it has.
        case fence(ReceiptID)
        /// Write down that it died without an exit status, if so.
        case markLost(ReceiptID)
        /// TERM, then KILL after a grace of 5 s; replies with the receipt after.
        case kill(ReceiptID, Privilege?)
        /// Remove output and text of ended attempts; the tombstones stay. The claim of a run that is over goes, too.
        case tidy([ReceiptID], leaving: SiteClaim? = nil)
        /// What the receipts of a run say of its journal; of the one with this mark, or of all of that name. Changes nothing.
        case heads(run: String, mark: String? = nil)
        /// Of a witness: to keep some of a journal, or to tell what it keeps.
        case witness(WitnessRequest)
    }

    /// A host of the inventory, or ``Host/localName`` for this machine.
    package var host: String
    /// The task it is for: a fixture's faults go by it, and commands see it as BLACKSTART_STEP.
    package var task: TaskID
    package var operation: Operation
    /// What the attempt prints is neither kept nor shown.
    package var isWithheld = false

    package init(host: String, task: TaskID, _ operation: Operation) {
        self.host = host
        self.task = task
        self.operation = operation
    }
}

/// A question only a person can answer.
package struct Question: Hashable, Sendable {
    package var kind: QuestionKind
    package var task: TaskID
    /// For people: what happened, in sentences; the desk adds what the plan knows.
    package var text: String
    package var choices: [Choice]
    /// Values that `done` has to come with.
    package var values: [ValueQuestion]
    /// Whether nobody can have known beforehand that it would be asked.
    package var isUnforeseen: Bool

    package init(
        _ kind: QuestionKind, task: TaskID, text: String, choices: [Choice], values: [ValueQuestion] = [],
        isUnforeseen: Bool = false
    ) {
        self.isUnforeseen = isUnforeseen
        self.values = values
        self.kind = kind
        self.task = task
        self.text = text
        self.choices = choices
    }
}

package enum OperatorReply: Hashable, Sendable {
    /// `reason` is what the person gave as reason or evidence.
    case choice(
        Choice, reason: String?, by: String, values: [NamedValue] = [], signature: AnswerSignature? = nil)
    /// No one is there to answer.
    case nobody
}
