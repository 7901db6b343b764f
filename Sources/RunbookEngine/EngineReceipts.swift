internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

// What a host remembers of an attempt, and what follows from it.

extension Engine {
    /// Asks the host what became of the attempt in flight.
    mutating func inspect(_ task: Int) {
        guard let intent = state.tasks[task].open else { return }
        work[task].kind = intent.attempt.kind
        if hasToCome(task) { return come(task, .toLook) }
        guard keepsReceipts(task) else {
            return ended(
                task, .unknown("the run was interrupted while it was under way, and the host keeps no receipt"), nil)
        }
        send(task, .inspecting, .inspect(receipt(intent.attempt)))
    }

    /// Whether nothing shows that its last command has stopped, and its host can be asked again.
    func canBeReopened(_ task: Int) -> Bool {
        state.tasks[task].atLarge != nil && keepsReceipts(task) && !work[task].wasReopened
    }

    /// Asks again about an attempt that is on record as ended in a way that leaves open whether it still runs.
    mutating func reopen(_ task: Int) {
        guard let intent = state.tasks[task].atLarge else { return rest(task) }
        let wasTimedOut = state.tasks[task].last?.isTimedOut == true
        work[task].wasReopened = true
        record(.attemptReopened(intent.attempt))
        work[task].kind = intent.attempt.kind
        // Only who stops a command counts what it has left behind.
        if wasTimedOut { return send(task, .killing, .kill(receipt(intent.attempt), privilege(task))) }
        inspect(task)
    }

    /// inspect, fence, markLost and kill have come back.
    mutating func receiptReplied(_ task: Int, _ phase: Phase, _ reply: HostReply, _ output: AttemptOutput?) {
        switch reply {
        case .receipt(let status):
            if phase == .killing { killed(task, status, output) } else { judge(task, status, output) }
        case .failure(let failure) where failure.kind == .unsuitable:
            ended(task, .unknown(failure.message), output)
        case .failure(let failure):
            work[task].lastReason = failure.message
            pauseForHost(task, then: phase, output)
        case .deadline:
            work[task].lastReason = "no answer in time"
            pauseForHost(task, then: phase, output)
        case .contact, .survey, .probe, .ended, .tidied, .heads, .witness:
            ended(task, .unknown("the answer was to another question"), output)
        }
    }

    /// The table of receipts: what the host remembers, and what follows from it.
    mutating func judge(_ task: Int, _ status: ReceiptStatus, _ output: AttemptOutput?) {
        guard let intent = state.tasks[task].open else { return }
        let id = receipt(intent.attempt)
        var output = output
        if status.isOutputCut { output?.isCut = true }
        if status.refused == .taken { return carriedOnElsewhere(task, wasSent: status.claimed) }
        if let digest = status.digest, digest != CommandDigest.receipt(intent.digest, mark: run.mark) {
            if status.run == run.mark { return carriedOnElsewhere(task, wasSent: true) }
            return fenced(task, "another run has a receipt of this name there", output)
        }
        if status.end != nil, work[task].phase != .submitting, work[task].phase != .following,
            hasUnread(status, output)
        {
            return follow(task, id)
        }
        switch (status.refused, status.end, status.go) {
        case (.taken, _, _): carriedOnElsewhere(task, wasSent: status.claimed)
        case (.boot, _, _): fenced(task, "the host was restarted just before", output)
        case (.home, _, _): fenced(task, "the folder of its receipts was replaced just before", output)
        case (.conflict, _, _): fenced(task, "another run has a receipt of this name there", output)
        case (nil, .exit(let code), _) where status.wasStopped: stopped(task, status, code, output)
        case (nil, .exit(let code), _): ended(task, .exited(code), output, stdoutBytes: status.stdoutBytes)
        case (nil, .lost, _):
            ended(task, .unknown("it was running and died without an exit status"), output, hasStopped: true)
        case (nil, nil, .run(let boot)):
            let same = boot.isEmpty || status.boot.isEmpty || boot == status.boot
            if status.alive, same {
                follow(task, id)
                // It runs on by itself: what does not wait for it may start. A rollback is given up once its undos have ended.
                if abandonedBy == nil { reviewed(task) }
            } else if work[task].phase == .marking {
                ended(task, .unknown("it was running when the host went down"), output, hasStopped: true)
            } else {
                send(task, .marking, .markLost(id))
            }
        // In another folder, or one that may have lost something, a missing receipt proves nothing.
        case (nil, nil, .fenced) where !isHome(task, status), (nil, nil, .none) where !isHome(task, status):
            // Nor does another boot id: it may be that of another machine, on which nothing has stopped.
            ended(task, .unknown(Self.otherFolder), output)
        case (nil, nil, .fenced): fenced(task, "the command had not started", output)
        case (nil, nil, .none):
            if intent.boot.isEmpty || status.boot.isEmpty {
                return ended(
                    task, .unknown("no receipt is left, and the host can't tell whether it was restarted"), output)
            }
            let rebooted = intent.boot != status.boot
            if rebooted {
                ended(task, .unknown("the host was restarted, and no receipt is left"), output, hasStopped: true)
            } else if work[task].phase == .fencing {
                ended(task, .unknown("the host could not fence it"), output)
            } else {
                send(task, .fencing, .fence(id))
            }
        }
    }

    private mutating func follow(_ task: Int, _ id: ReceiptID) {
        send(task, .following, .attach(id, stdoutOffset: 0, stderrOffset: 0, deadline: timeout(task)))
    }

    /// Whether the host holds output of the attempt that has not come to us: its last words, for the record.
    private func hasUnread(_ status: ReceiptStatus, _ output: AttemptOutput?) -> Bool {
        status.refused == nil
            && (Int64(clamping: status.stdoutBytes) > output?.stdout.bytes ?? 0
                || Int64(clamping: status.stderrBytes) > output?.stderr.bytes ?? 0)
    }

    /// Whether the host looked where the attempt was submitted.
    private func isHome(_ task: Int, _ status: ReceiptStatus) -> Bool {
        !status.home.isEmpty && status.home == state.tasks[task].home
    }

    private static let otherFolder =
        "the host keeps no trace of it, but its receipts are in another folder now (another user or home)"

    /// Only this run submits its attempts, each once: whoever did so before goes on with a copy of this run. The attempt
    /// stays open, for its receipt tells how it ends.
    private mutating func carriedOnElsewhere(_ task: Int, wasSent: Bool) {
        let id = plan.tasks[task].id
        let host = plan.machineName(of: task) ?? "its host"
        let what =
            wasSent ? "was already sent by another controller" : "was not sent: another controller came to \(host)"
        halt(
            .elsewhere,
            reason: "\(id) \(what): somebody else is carrying on this run. "
                + "Find out who, let only one go on, then resume")
        rest(task)
    }

    private mutating func killed(_ task: Int, _ status: ReceiptStatus, _ output: AttemptOutput?) {
        let limit = DurationText.words(timeout(task))
        if case .fenced = status.go, isHome(task, status) {
            return fenced(task, "it had not started within \(limit)", output)
        }
        switch status.end {
        // Nobody had to stop it.
        case .exit where !status.wasStopped && hasUnread(status, output):
            if let intent = state.tasks[task].open { follow(task, receipt(intent.attempt)) }
        case .exit(let code) where !status.wasStopped:
            ended(task, .exited(code), output, stdoutBytes: status.stdoutBytes)
        case .exit(let code): stopped(task, status, code, output)
        case .lost:
            let left = Self.left(status)
            ended(
                task, .unknown("it ran longer than \(limit) and was stopped; how far it came is not known\(left)"),
                output, hasStopped: status.leftRunning == 0)
        case nil:
            ended(
                task, .unknown("it ran longer than \(limit) and could not be stopped; it may still be running"), output)
        }
    }

    /// It ended after it was told to stop, in this session or in an earlier one: the receipt says so.
    private mutating func stopped(_ task: Int, _ status: ReceiptStatus, _ code: Int, _ output: AttemptOutput?) {
        let left = Self.left(status)
        guard code == 0 else {
            // Where the host can't count them, what the command began in the background is passed over: it has ended itself.
            let hasStopped = status.leftRunning ?? 0 == 0
            return ended(task, .timedOut(status: code), output, left: left, hasStopped: hasStopped)
        }
        // By itself, or because it was told to stop: its check knows.
        let limit = DurationText.words(timeout(task))
        let why = "it ran longer than \(limit), was told to stop and ended with exit status 0\(left)"
        ended(task, .unknown(why), output, hasStopped: status.leftRunning == 0)
    }

    /// What a kill may have left behind: whatever began a session of its own.
    private static func left(_ status: ReceiptStatus) -> String {
        switch status.leftRunning {
        case 0: ""
        case 1: "; 1 process that it started is still running"
        case let count?: "; \(count) processes that it started are still running"
        case nil: "; what it started in the background may still be running"
        }
    }

    /// The host has made sure that the attempt never starts: the next one begins, and counts as no retry.
    private mutating func fenced(_ task: Int, _ why: String, _ output: AttemptOutput?) {
        guard work[task].fences < Self.fencesPerSession else { return ended(task, .neverRan(why), output) }
        work[task].fences += 1
        close(task, .neverRan(why), output)
        if mode == .settling { return rest(task) }
        arrive(task)
    }

    /// How often a task may begin again because the host proved that nothing had run.
    private static var fencesPerSession: Int { 10 }
}
