package import ArgumentParser
internal import Glibc
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport
internal import Synchronization

/// `approve RUN STEP --key KEY`: a person agrees, from another terminal and with a key of their own.
package struct ApproveCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve a step of a run, or refuse it, with your own key.",
        discussion: """
            Your key has to be among the allowed signers of who runs the runbook, and you among the inventory's contacts \
            with one of the roles that the step wants.
            """)

    @Argument(help: ArgumentHelp("The run, or its folder.", valueName: "run"))
    package var name: String

    @Argument(help: "The step that waits for approval.")
    package var step: String

    @Option(help: "Your private key (Ed25519), or a public one of any kind whose other half an agent holds.")
    package var key: String?

    @Option(help: "A signature that `ssh-keygen -Y sign -n blackstart-approval` made, instead of a key.")
    package var signature: String?

    @Option(name: .customLong("as"), help: "Whose signature it is: the name among the allowed signers.")
    package var signer: String?

    @Flag(help: "Refuse it.")
    package var refuse = false

    @Option(help: "The folder of all runs, instead of $BLACKSTART_HOME/runs.")
    package var runDir: String?

    @Option(help: "The allowed signers, instead of those of the inventory or of $BLACKSTART_HOME.")
    package var allowedSigners: String?

    package init() {}

    package func run() throws {
        let places = Places()
        let folder = try RecordedRun.find(name, runs: places.runs(runDir))
        let recorded = try RecordedRun.read(folder, places)
        let plan = recorded.plan
        guard let task = plan.index[TaskID(step: step, host: nil)],
            case .approval(let approval) = plan.step(of: task).action
        else {
            let names = plan.runbook.steps.filter { if case .approval = $0.action { true } else { false } }.map(\.id)
            throw CommandFailure(
                .usage, "the step `\(TerminalText.shown(step))` of run `\(recorded.opening.run)` wants no approval",
                hint: names.isEmpty ? "no step of it does" : "these do: \(names.joined(separator: ", "))")
        }
        if let settled = recorded.state.tasks[task].settlement {
            throw CommandFailure(.usage, "the step `\(step)` is \(settled.state.rawValue) already")
        }
        guard let question = ApprovalLedger(plan.approvalTerms, recorded.entries).questions(step).last else {
            throw CommandFailure(
                .usage, "run `\(recorded.opening.run)` has not come to the step `\(step)` yet",
                hint: "an approval is signed over all that has happened before; `blackstart status` says how far it is")
        }
        let waited = recorded.waiting(at: SystemClock().now().wall).tasks[task].waitedForApproval
        if let timeout = approval.timeout, waited >= timeout {
            throw CommandFailure(
                .usage, "the step `\(step)` was to be approved within \(DurationText.words(timeout)), which are over",
                hint:
                    "`blackstart resume \(recorded.opening.run)` asks what becomes of it; `retry` there asks for approval anew"
            )
        }
        let journal = try RecordedRun.bytes(of: folder.journal)
        let terms = plan.approvalTerms
        let signed = try self.signed(over: journal, question, places)
        guard terms.contains(where: { $0.step == step && $0.person(signed.signer) != nil }) else {
            throw CommandFailure(
                .usage,
                "`\(TerminalText.shown(signed.signer))` has none of the roles \(approval.roles.map(\.name).joined(separator: ", "))",
                hint: "the inventory's `contacts` give roles, and `signer` tells whose key is whose")
        }
        try check(signed, over: journal, plan.inventory, places)
        do { try ApprovalFiles(folder).add(signed, step: step) } catch {
            throw CommandFailure(.programFailed, "can't write to \(TerminalText.shown(folder.path)): \(error.words)")
        }
        Terminal.out(
            "\(refuse ? "Refused" : "Approved"): \(step) of run \(recorded.opening.run), by \(signed.signer).\n")
    }

    /// Made now with a key, or handed in.
    private func signed(
        over journal: [UInt8], _ question: Int, _ places: Places
    ) throws(CommandFailure) -> ApprovalSignature {
        if let signature {
            guard key == nil, let signer else {
                throw CommandFailure(.usage, "`--signature` goes with `--as NAME`, and without `--key`")
            }
            guard let bytes = try? SystemCalls.contents(of: signature, limitBytes: ApprovalFiles.limitBytes),
                let read = try? SSHSIG(armoured: bytes)
            else {
                throw CommandFailure(.usage, "`\(TerminalText.shown(signature))` is no signature of ssh-keygen")
            }
            return ApprovalSignature(signer: signer, covers: question, isApproved: !refuse, signature: read)
        }
        guard let key else {
            throw CommandFailure(
                .usage, "name your key with `--key`, or hand a signature in with `--signature` and `--as`",
                hint:
                    "by hand: head -n \(question) journal.jsonl | ssh-keygen -Y sign -n \(ApprovalSignature.namespace) -f KEY"
            )
        }
        var options = RunsOptions()
        options.operatorKey = key
        let own = try Operator.key(options, places, useAgent: true, asks: Terminal.hasTerminalIn)
        do { return try ApprovalSignature(!refuse, over: journal, covers: question, by: own) } catch {
            throw CommandFailure(.programFailed, "can't sign: \(error.message)")
        }
    }

    private func check(
        _ signed: ApprovalSignature, over journal: [UInt8], _ inventory: Inventory, _ places: Places
    ) throws(CommandFailure) {
        var options = TrustOptions()
        options.allowedSigners = allowedSigners
        let trust = try SiteTrust.of(options, frozen: inventory, places)?.signers
        let path = trust?.path ?? OperatorKeyStore.allowedSignersPath(home: places.home)
        guard
            trust?.signers.permits(
                principal: signed.signer, key: signed.signature.publicKey, namespace: ApprovalSignature.namespace,
                at: SystemClock().now().wall) == true
        else {
            throw CommandFailure(
                .usage,
                "`\(TerminalText.shown(signed.signer))` is not among the allowed signers in \(TerminalText.shown(path))",
                hint: "who runs the runbook adds this line: "
                    + AllowedSigners.line(
                        principal: signed.signer, namespaces: [ApprovalSignature.namespace],
                        key: signed.signature.publicKey
                    ).trimmingLineEnd)
        }
        guard let trust, signed.isTrusted(by: trust.signers, over: journal, at: SystemClock().now().wall) else {
            throw CommandFailure(
                .usage, "the signature is not one over the journal up to line \(signed.covers)",
                hint:
                    "sign \(refuse ? "that and a last line `refuse`" : "exactly that"): head -n \(signed.covers) journal.jsonl"
            )
        }
    }
}

extension String {
    fileprivate var trimmingLineEnd: String { hasSuffix("\n") ? String(dropLast()) : self }
}

/// The approvals that lie in the folder of a run, one file each.
struct ApprovalFiles {
    static let limitBytes = 64 << 10

    private let folder: String

    init(_ run: RunFolder) { folder = "\(run.path)/approvals" }

    /// Whole or not at all: who looks sees no half of it.
    func add(_ approval: ApprovalSignature, step: String) throws(SystemError) {
        try SystemCalls.makeFolders(folder)
        var generator = SystemRandomNumberGenerator()
        let name = "\(folder)/\(Self.stem(step)).\(String(generator.next() as UInt64, radix: 36))"
        let descriptor = try SystemCalls.open("\(name).part", O_WRONLY | O_CREAT | O_EXCL)
        defer { close(descriptor) }
        try SystemCalls.write(Array(approval.text.utf8), to: descriptor)
        try SystemCalls.flush(descriptor)
        guard rename("\(name).part", name) == 0 else { throw SystemError(errno) }
    }

    /// What the name of a file about `step` begins with: a step of an included runbook has a `/` in its id.
    private static func stem(_ step: String) -> String {
        String(step.map { $0 == "/" ? "+" : $0 })
    }

    /// Names of the files about `step`, the oldest first.
    func names(_ step: String) -> [String] {
        let stem = Self.stem(step)
        var found: [(name: String, seconds: Int, nanoseconds: Int)] = []
        for name in (try? SystemCalls.names(in: folder)) ?? [] {
            var facts = stat()
            guard name.hasPrefix("\(stem)."), !name.hasSuffix(".part"), stat("\(folder)/\(name)", &facts) == 0 else {
                continue
            }
            found.append((name, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec))
        }
        return found.sorted { ($0.seconds, $0.nanoseconds, $0.name) < ($1.seconds, $1.nanoseconds, $1.name) }
            .map(\.name)
    }

    func text(_ name: String) -> String? {
        (try? SystemCalls.contents(of: "\(folder)/\(name)", limitBytes: Self.limitBytes)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// Watches for approvals from elsewhere while the question is open, and asks the person at hand as well. Whoever answers,
/// the answer is signed with their own key.
final class ApprovalDesk: OperatorDesk {
    private struct Watch {
        var number = 0
        /// Open questions by task, each with the number that tells it from the ones before.
        var open: [TaskID: Int] = [:]
        /// Files that have been looked at.
        var seen: Set<String> = []
    }

    private let files: ApprovalFiles
    private let journal: String
    private let terms: [ApprovalTerms]
    private let signers: AllowedSigners?
    /// Of the person at hand.
    private let key: any OperatorKey
    private let next: any OperatorDesk
    private let clock: any RunClock
    /// Who can be asked: somebody at hand, somebody elsewhere, or nobody, and then one look has to do.
    package enum Audience: Hashable, Sendable { case atHand, elsewhere, nobody }

    private let audience: Audience
    private let watch = Mutex(Watch())

    init(
        _ folder: RunFolder, _ terms: [ApprovalTerms], signers: AllowedSigners?, key: any OperatorKey,
        audience: Audience, clock: any RunClock,
        next: any OperatorDesk
    ) {
        files = ApprovalFiles(folder)
        journal = folder.journal
        self.terms = terms
        self.signers = signers
        self.key = key
        self.audience = audience
        self.clock = clock
        self.next = next
    }

    func ask(_ question: Question, reply: @escaping @Sendable (OperatorReply) -> Void) {
        guard question.kind == .approval else { return next.ask(question, reply: reply) }
        let number = watch.withLock { watch in
            watch.number += 1
            watch.open[question.task] = watch.number
            return watch.number
        }
        let once: @Sendable (OperatorReply) -> Void = { [self] answer in
            let isFirst = watch.withLock { watch in
                guard watch.open[question.task] == number else { return false }
                watch.open[question.task] = nil
                return true
            }
            if isFirst { reply(answer) }
        }
        if let found = look(question.task) {
            clock.schedule(after: .zero) { once(found) }
            return
        }
        askNext(question, once)
        if audience != .nobody { lookAgain(question.task, number, once) }
    }

    /// Asks again after an answer that could not be signed: the next one may be another.
    private func askNext(_ question: Question, _ once: @escaping @Sendable (OperatorReply) -> Void) {
        next.ask(question) { [self] answer in
            // Nobody is at hand, and somebody elsewhere may answer yet.
            if audience == .elsewhere, answer == .nobody { return }
            let signed = signed(answer, question.task)
            if signed == .nobody, answer != .nobody, watch.withLock({ $0.open[question.task] != nil }) {
                return askNext(question, once)
            }
            once(signed)
        }
    }

    func withdraw(_ task: TaskID) {
        watch.withLock { $0.open[task] = nil }
        next.withdraw(task)
    }

    private func lookAgain(_ task: TaskID, _ number: Int, _ once: @escaping @Sendable (OperatorReply) -> Void) {
        clock.schedule(after: .seconds(1)) { [self] in
            guard watch.withLock({ $0.open[task] == number }) else { return }
            guard let found = look(task) else { return lookAgain(task, number, once) }
            next.withdraw(task)
            once(found)
        }
    }

    /// The first approval that has not been looked at and that counts.
    private func look(_ task: TaskID) -> OperatorReply? {
        let names = files.names(task.step).filter { name in watch.withLock { $0.seen.insert(name).inserted } }
        guard !names.isEmpty, let bytes = try? JournalReader.contents(of: journal) else { return nil }
        let questions = ApprovalLedger(terms, JournalReader.read(bytes).entries).questions(task.step)
        for (index, name) in names.enumerated() {
            guard let text = files.text(name), let approval = ApprovalSignature(text),
                questions.contains(approval.covers), let signers,
                approval.isTrusted(by: signers, over: bytes, at: clock.now().wall)
            else {
                Terminal.message(
                    "blackstart: warning: approvals/\(TerminalText.shown(name)) was not counted: "
                        + "it is not signed by an allowed signer for this step as it stands\n")
                continue
            }
            // The others are looked at when it is asked again.
            watch.withLock { watch in for later in names[(index + 1)...] { watch.seen.remove(later) } }
            return .choice(
                approval.isApproved ? .approve : .failed, reason: nil, by: approval.signer, signature: approval.word)
        }
        return nil
    }

    /// The answer of the person at hand, with their signature.
    private func signed(_ answer: OperatorReply, _ task: TaskID) -> OperatorReply {
        guard case .choice(let choice, let reason, _, let values, nil) = answer,
            choice == .approve || choice == .failed
        else { return answer }
        func unsigned(_ why: String) -> OperatorReply {
            Terminal.message("blackstart: warning: the answer does not count: \(why)\n")
            return .nobody
        }
        guard let bytes = try? JournalReader.contents(of: journal),
            let question = ApprovalLedger(terms, JournalReader.read(bytes).entries).questions(task.step).last
        else { return unsigned("the journal can't be read") }
        do throws(KeyFault) {
            let signature = try ApprovalSignature(choice == .approve, over: bytes, covers: question, by: key)
            // As an answer from elsewhere: who sits at the terminal is nobody else's voucher.
            guard let signers, signature.isTrusted(by: signers, over: bytes, at: clock.now().wall) else {
                return unsigned("\(key.principal) (\(key.publicKey.fingerprint)) is not among the allowed signers")
            }
            return .choice(choice, reason: reason, by: key.principal, values: values, signature: signature.word)
        } catch { return unsigned(error.message) }
    }
}
