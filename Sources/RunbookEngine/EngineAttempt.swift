internal import RunbookModel
internal import RunbookPlan
package import RunbookTransport

// One attempt of an action or an undo, from intent to a known end.

extension Engine {
    /// Begins the action of a task that holds a slot.
    ///
    /// The one gate of every start, first or again: while an earlier session is being settled, and where something that it
    /// needs no longer holds, it waits for its turn.
    mutating func startAction(_ task: Int) {
        guard mode == .forward, hasAllNeeds(plan.tasks[task].step) else { return rest(task) }
        work[task].kind = .action
        work[task].checkTries = 0
        work[task].waited = 0
        work[task].isByHand = false
        work[task].printed = .unread
        // Decided when the run was planned, and on record in its opening.
        if plan.isUnaskedApproval(task) {
            return settle(task, .skipped, "its condition does not hold", tolerated: true)
        }
        let step = plan.step(of: task)
        let isApproval = plan.approvalTerms(task) != nil
        let scope = scope(task)
        if let missing = scope.unknown(among: step.references + step.environment.flatMap(\.value.references)) {
            return attemptFailed(task, "it needs \(missing.name), and that is not known")
        }
        if let fault = valueFault(task) { return attemptFailed(task, fault) }
        do {
            if !isApproval, let condition = step.when, try !condition.holds(scope.value) {
                return settle(task, .skipped, "its condition does not hold", tolerated: true)
            }
        } catch {
            let value = TerminalText.shown(error.value)
            return attemptFailed(task, "its `when` wants true or false, and \(error.name) is \"\(value)\"")
        }
        // No check stands in for people.
        if isApproval { return perform(task) }
        switch step.skipIf {
        case .check(let check): probe(task, .skipCheck, check)
        case .verified:
            if let verify = step.verify { probe(task, .skipCheck, verify) } else { perform(task) }
        case .never: perform(task)
        }
    }

    /// The action itself, now that it is known to be wanted.
    mutating func perform(_ task: Int) {
        guard mayBeginNow(task) else { return }
        let step = plan.step(of: task)
        if let danger = step.danger, !state.tasks[task].confirmed {
            return ask(task, .danger, scope(task).text(danger), [.confirm, .skip, .stop])
        }
        switch step.action {
        case .run, .script, .copy, .reboot: arrive(task)
        case .waitFor(let check):
            stagger(task)
            work[task].checkTries = 0
            probe(task, .waitingFor, check)
        case .manual(let text):
            work[task].hasBegun = true
            ask(task, .manual, scope(task).text(text), [.done, .failed, .skip, .stop], values: step.questions)
        case .approval(let approval): askForApproval(task, approval)
        case .checkpoint(let name):
            record(.checkpointReached(step: plan.tasks[task].id.step, name: name))
            settle(task, Conclusion(state: .ok, proof: .reached))
            decision.effects.append(.seal)
        }
    }

    /// Nothing has been changed yet: in a session that ends, or that a person has paused, it goes back to where it waits
    /// for its turn.
    mutating func mayBeginNow(_ task: Int) -> Bool {
        if startsNew, !state.isPaused { return true }
        rest(task)
        if startsNew { enqueue(task) }
        return false
    }

    /// The command of an attempt, filled in, and how long it may take.
    private func command(_ task: Int, number: Int) -> CommandText {
        let step = plan.step(of: task)
        let scope = scope(task)
        switch work[task].kind {
        case .action:
            switch step.action {
            case .run(let template): return filled(template, task)
            case .script(let script):
                return ScriptCommand(script, scope, plan.attachments).run(keepsReceipts: keepsReceipts(task))
            case .copy(let copy):
                return FileCommand(copy, scope, plan.attachments).copy(run, plan.tasks[task].id, number: number)
            case .reboot(let command):
                var reboot = command.map { filled($0, task) } ?? CommandText(CommandText.reboot)
                reboot.label = "reboot"
                return reboot
            case .waitFor, .manual, .approval, .checkpoint: break
            }
        case .undo:
            switch step.undo {
            case .run(let template, _, _): return filled(template, task)
            case .script(let script, _, _):
                return ScriptCommand(script, scope, plan.attachments).run(keepsReceipts: keepsReceipts(task))
            case .restore(let copy, _):
                return FileCommand(copy, scope, plan.attachments).restore(
                    run, plan.tasks[task].id, number: state.tasks[task].actions)
            case .nothing, nil: break
            }
        }
        return CommandText("")
    }

    /// How long an attempt may take.
    func timeout(_ task: Int) -> Duration {
        let step = plan.step(of: task)
        guard work[task].kind == .undo else { return step.timeout }
        switch step.undo {
        case .run(_, let timeout, _), .script(_, let timeout, _), .restore(_, let timeout): return timeout
        case .nothing, nil: return step.timeout
        }
    }

    mutating func contacted(_ task: Int, _ reply: HostReply) {
        guard case .contact(let facts) = reply else { return noContact(task, reply) }
        if isClaimed(task, facts) || isAnothersTurn(task, facts) { return }
        if let host = plan.machineName(of: task) {
            let sighting = HostSighting(host: host, boot: facts.boot, clockOffset: facts.clockOffset, home: facts.home)
            if state.hosts[host] != sighting { record(.hostSeen(sighting)) }
        }
        if hasCome(task) { return }
        guard mayBeginNow(task) else { return }
        let kind = work[task].kind
        work[task].isUndoChosen = false
        work[task].doubt = nil
        let number = (kind == .action ? state.tasks[task].actions : state.tasks[task].undos) + 1
        let name = AttemptName(task: plan.tasks[task].id, kind: kind, number: number)
        stagger(task)
        let command = command(task, number: number)
        let environment = environment(task) + command.variables
        let digest = CommandDigest.text(command.text, environment)
        record(
            .attemptIntended(
                AttemptIntent(
                    attempt: name, digest: digest, command: CommandDigest.recorded(command.label ?? command.text),
                    boot: facts.boot)))
        work[task].waited = 0
        work[task].sent = name
        send(
            task, .submitting,
            .submit(
                Submission(
                    receipt: receipt(name), command: command.text, label: command.label, environment: environment,
                    privilege: privilege(task),
                    boot: facts.boot.isEmpty ? nil : facts.boot, journalHead: "",
                    digest: CommandDigest.receipt(digest, mark: run.mark), mark: run.mark, home: facts.home,
                    session: run.session?.mark),
                deadline: timeout(task)))
    }

    mutating func noContact(_ task: Int, _ reply: HostReply) {
        if work[task].coming != .toBegin {
            // What is in flight waits for its host. Of the rest, a host that can't be asked says nothing.
            if state.tasks[task].open == nil {
                _ = hasCome(task)
            } else {
                work[task].coming = .toBegin
                work[task].lastReason = Self.words(reply)
                pauseForHost(task, then: .inspecting, nil)
            }
            return
        }
        guard case .failure(let failure) = reply else {
            return attemptFailed(task, "the host gave an answer that does not fit the question")
        }
        if failure.isBeforeLogin || !failure.sent { unreachableFailure = true }
        attemptFailed(task, failure.message, isLasting: failure.isLasting)
    }

    private static func words(_ reply: HostReply) -> String {
        if case .failure(let failure) = reply { failure.message } else { "the answer was to another question" }
    }

    /// The submission or the following of it has come back.
    mutating func submitted(_ task: Int, _ reply: HostReply, _ output: AttemptOutput?) {
        switch reply {
        case .receipt(let status): judge(task, status, output)
        case .ended(.exited(let code)): ended(task, .exited(code), output)
        case .ended(.signalled(let name)): ended(task, .signalled(name), output)
        case .deadline:
            guard keepsReceipts(task), let name = state.tasks[task].open?.attempt else {
                return ended(task, .unknown("it did not end in time, and the host keeps no receipt"), output)
            }
            send(task, .killing, .kill(receipt(name), privilege(task)))
        case .failure(let failure): submissionLost(task, failure, output)
        case .contact, .survey, .probe, .tidied, .heads, .witness:
            ended(task, .unknown("the answer was to another question"), output)
        }
    }

    private mutating func submissionLost(_ task: Int, _ failure: TransportFailure, _ output: AttemptOutput?) {
        // Only the submission itself can say that it never left. Once a receipt was seen, a connection that breaks says
        // nothing about the attempt.
        if !failure.sent, work[task].phase == .submitting {
            if failure.isBeforeLogin { unreachableFailure = true }
            return ended(task, .neverRan(failure.message), output)
        }
        guard keepsReceipts(task) else { return ended(task, .unknown(failure.message), output) }
        work[task].lastReason = failure.message
        pauseForHost(task, then: .inspecting, output)
    }

    /// Waits for the host to come back, a little longer each time, in all at most the step's timeout (a minute at least). What
    /// was waited for before, and is only asked about once more, waits a minute: a person may know.
    mutating func pauseForHost(_ task: Int, then next: Phase, _ output: AttemptOutput?) {
        let budget = work[task].wasReopened ? 60_000 : max(60_000, timeout(task).wholeMilliseconds)
        guard work[task].waited < budget else {
            return ended(task, .unknown("the host could not be asked: \(work[task].lastReason)"), output)
        }
        let delay = min(15_000, max(500, work[task].waited))
        work[task].waited += delay
        pause(task, .milliseconds(delay), then: next)
    }

    /// The end of the attempt is known, or known to be unknown.
    ///
    /// - Parameters:
    ///   - hasStopped: of an unknown result, that the command does not run any more all the same.
    ///   - stdoutBytes: how much it printed, as its host says.
    mutating func ended(
        _ task: Int, _ result: AttemptEnd.Result, _ output: AttemptOutput?, left: String = "", hasStopped: Bool = false,
        stdoutBytes: Int? = nil
    ) {
        var output = output
        if isWithheld(task) { output?.isCut = true }
        guard let kind = close(task, result, output, hasStopped: hasStopped) else { return }
        work[task].checkTries = 0
        // It was asked about once more only to know whether it has stopped.
        if kind == .action, state.tasks[task].settlement != nil { return look(task) }
        // Of an attempt that was cut short, what it printed may be cut short as well: no value is taken from it.
        if case .exited(0) = result { work[task].printed = Self.printed(output, stdoutBytes) }
        if kind == .action, case .reboot = plan.step(of: task).action {
            switch result {
            case .exited(0), .signalled, .unknown: return awaitReboot(task)
            case .exited, .neverRan, .timedOut: break
            }
        }
        switch result {
        case .exited(0): kind == .action ? verify(task, done: .exited) : confirmUndo(task)
        case .exited(let code): attemptFailed(task, "exit status \(code)")
        case .signalled(let name): attemptFailed(task, "ended by signal \(name)")
        case .neverRan(let why): attemptFailed(task, why)
        case .timedOut(let status):
            let limit = DurationText.words(timeout(task))
            attemptFailed(task, "it did not end within \(limit) and was stopped (exit status \(status))\(left)")
        case .unknown(let why): kind == .action ? settleUnknown(task, why) : settleUnknownUndo(task, why)
        }
    }

    /// What an action printed, where all of it has come. What has not been fetched is not "nothing".
    private static func printed(_ output: AttemptOutput?, _ stdoutBytes: Int?) -> Printed {
        guard let output else { return stdoutBytes == 0 ? .read([], mayBeMasked: false) : .lost }
        if output.isCut { return .lost }
        if let stdoutBytes, output.stdout.bytes < stdoutBytes { return .lost }
        return .read(output.text, mayBeMasked: output.isMasked)
    }

    /// Puts the end of the attempt in flight on record, and tells of which kind it was.
    @discardableResult
    mutating func close(
        _ task: Int, _ result: AttemptEnd.Result, _ output: AttemptOutput?, hasStopped: Bool = false
    ) -> AttemptKind? {
        guard let intent = state.tasks[task].open else { return nil }
        var end = AttemptEnd(
            attempt: intent.attempt, result: result, stdout: output?.stdout, stderr: output?.stderr,
            tail: output?.tail ?? [], milliseconds: output?.milliseconds ?? 0,
            isOutputCut: output?.isCut ?? false)
        end.mayStillRun = (end.isUnknown || end.isTimedOut) && !hasStopped
        record(.attemptEnded(end))
        if handlesSecrets(task), let host = plan.machineName(of: task) {
            // What a command with a secret printed does not stay on its host any longer than it has to.
            let request = HostRequest(host: host, task: plan.tasks[task].id, .tidy([receipt(intent.attempt)]))
            if keepsReceipts(task) { decision.effects.append(.tidy(request)) }
        }
        return intent.attempt.kind
    }

    /// Whether what the attempt in flight printed can't be shown: an earlier session gave it secrets, and if one has changed
    /// since, nothing knows what to hide.
    func isWithheld(_ task: Int) -> Bool {
        guard let open = state.tasks[task].open else { return false }
        return handlesSecrets(task) && work[task].sent != open.attempt
    }

    private func handlesSecrets(_ task: Int) -> Bool {
        plan.step(of: task).environment.contains { $0.value.references.contains { $0.path.first == "secrets" } }
    }

    /// What hosts need not keep once the session is over, one request a host: of a run that goes on, only what was given
    /// secrets. The claims of a run end with it, on every host where it has been.
    package func tidying(isFinal: Bool) -> [HostRequest] {
        let claim = isFinal ? hold?.claim : nil
        var requests: [HostRequest] = []
        var receipts: [[ReceiptID]] = []
        for (task, known) in state.tasks.enumerated() where keepsReceipts(task) {
            guard isFinal || handlesSecrets(task) else { continue }
            let id = plan.tasks[task].id
            let attempts =
                (0..<known.actions).map { ReceiptID(run: run.id, task: id, kind: .action, number: $0 + 1) }
                + (0..<known.undos).map { ReceiptID(run: run.id, task: id, kind: .undo, number: $0 + 1) }
            guard let host = plan.machineName(of: task), !attempts.isEmpty || claim != nil && state.hosts[host] != nil
            else { continue }
            if let place = requests.firstIndex(where: { $0.host == host }) {
                receipts[place] += attempts
            } else {
                requests.append(HostRequest(host: host, task: id, .tidy(attempts)))
                receipts.append(attempts)
            }
        }
        return zip(requests, receipts).map { HostRequest(host: $0.host, task: $0.task, .tidy($1, leaving: claim)) }
    }
}
