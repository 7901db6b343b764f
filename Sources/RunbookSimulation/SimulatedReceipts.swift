import RunbookModel
import RunbookTransport

struct ReceiptKey: Hashable {
    var host: String
    /// Which home of the host's login it is in, from 0.
    var home: Int
    var path: String
}

/// What a simulated host remembers of an attempt. That there is one means that it is claimed.
struct SimulatedReceipt {
    /// nil where the fence claimed it.
    var digest: String?
    /// The mark of the run.
    var run: String?
    /// Of the journal, at the submission.
    var head = ""
    var go = ReceiptStatus.Go.none
    var end: ReceiptStatus.End?
    /// The running command; nil before the start, after the end, and when the host died under it.
    var job: Int?
    var stdout: [UInt8] = []
    var stderr: [UInt8] = []
    var wasStopped = false
}

/// What a host does with receipts, verb by verb:
///
///     arrive    the run's folder gets its mark, unless it has one; the session that comes after the last one has its turn
///     submit    other boot id, other home, another session's turn -> refused | absent -> claimed, go=run | other run's -> conflict | else taken
///     attach    running -> follow from the offsets | else the receipt
///     fence     run was never there -> nothing | no go -> go=fenced | else the receipt
///     markLost  go=run, dead, no end -> end=lost | else the receipt
///     kill      no go -> go=fenced | running -> end=exit 143 | else the receipt
///     tidy      ended -> output removed
///     heads     of the journal, at each submission
extension WorldCore {
    func key(_ host: String, _ path: String) -> ReceiptKey {
        ReceiptKey(host: host, home: homes[host] ?? 0, path: path)
    }

    mutating func arrived(_ arrival: Arrival, _ pending: PendingRequest) {
        let folder = key(pending.host, arrival.run)
        if keepsReceipts(pending.host) {
            marked.insert(folder)
            if let turn = arrival.turn, turns[folder, default: ""] == turn.after { turns[folder] = turn.session }
        }
        answer(
            pending,
            .contact(
                HostFacts(
                    boot: site.bootID(of: pending.host), clockOffset: 0, home: homeID(folder),
                    session: turns[folder] ?? "")))
    }

    /// What tells the folder that a receipt is in, or would be; empty where its run has left no mark.
    private func homeID(_ key: ReceiptKey) -> String {
        let run = String(key.path.prefix { $0 != "/" })
        let isMarked = marked.contains(ReceiptKey(host: key.host, home: key.home, path: run))
        return isMarked ? "\(key.host)-home\(key.home)" : ""
    }

    mutating func submit(_ submission: Submission, deadline: Duration, _ pending: PendingRequest) {
        guard keepsReceipts(pending.host) else { return runInSession(submission, deadline: deadline, pending) }
        let key = key(pending.host, submission.receipt.path)
        let boot = site.bootID(of: pending.host)
        if let expected = submission.boot, expected != boot {
            return answer(pending, .receipt(status(key, refused: .boot)))
        }
        if let home = submission.home, home != homeID(key) {
            return answer(pending, .receipt(status(key, refused: .home)))
        }
        let last = turns[self.key(pending.host, submission.receipt.run)]
        if let session = submission.session, let last, last != session {
            return answer(pending, .receipt(status(key, refused: .taken)))
        }
        if let known = receipts[key] {
            guard let digest = known.digest else { return answer(pending, .receipt(status(key))) }
            let isOurs = digest == submission.digest || (known.run == submission.mark && !submission.mark.isEmpty)
            return answer(pending, .receipt(status(key, refused: isOurs ? .taken : .conflict)))
        }
        if pending.host != Host.localName, site.strike([.fullDisk], on: pending.host) != nil {
            return answer(pending, .failure(.full))
        }
        let faults = strikeCommand(on: pending.host)
        let job = startJob(
            submission.label ?? submission.command, submission.privilege, receipt: key, hangs: faults.hang, pending)
        if faults.restart { putRestart(during: job) }
        receipts[key] = SimulatedReceipt(
            digest: submission.digest, run: submission.mark, head: submission.journalHead, go: .run(boot: boot),
            job: job)
        note(submission, pending)
        addFollower(
            to: job, .receipt(stdoutOffset: 0, stderrOffset: 0), limit: deadline, late: .deadline, cut: faults.drop,
            pending)
        putEnd(of: job)
    }

    mutating func tellHeads(of run: String, mark: String?, _ pending: PendingRequest) {
        guard keepsReceipts(pending.host) else { return answer(pending, .failure(.noReceipts(pending.host))) }
        let heads = receipts.filter { $0.key == key($0.key.host, $0.key.path) }
            .filter { $0.key.host == pending.host && $0.key.path.hasPrefix("\(run)/") }
            .filter { mark == nil || $0.value.run == mark }
            .sorted { $0.key.path < $1.key.path }
            .compactMap { key, receipt -> ReceiptHead? in
                let parts = receipt.head.split(separator: ":")
                guard parts.count == 2, let sequence = Int(parts[0]) else { return nil }
                return ReceiptHead(
                    receipt: String(key.path.dropFirst(run.count + 1)), sequence: sequence, hash: String(parts[1]))
            }
        answer(pending, .heads(heads))
    }

    /// A host without receipts: the command runs in the session; a cut leaves no one who knows how it ended.
    private mutating func runInSession(_ submission: Submission, deadline: Duration, _ pending: PendingRequest) {
        let faults = strikeCommand(on: pending.host)
        let job = startJob(
            submission.label ?? submission.command, submission.privilege, receipt: nil, hangs: faults.hang, pending)
        if faults.restart { putRestart(during: job) }
        note(submission, pending)
        addFollower(to: job, .ended, limit: deadline, late: .deadline, cut: faults.drop, pending)
        putEnd(of: job)
    }

    private mutating func note(_ submission: Submission, _ pending: PendingRequest) {
        ran.append(
            RanCommand(
                host: pending.host, step: pending.request.task.step, command: submission.label ?? submission.command,
                at: now))
    }

    private mutating func strikeCommand(on host: String) -> (hang: Bool, drop: Bool, restart: Bool) {
        let hangs = site.strike([.hang], on: host) != nil
        guard host != Host.localName else { return (hangs, false, false) }
        return (hangs, site.strike([.drop], on: host) != nil, site.strike([.reboot], on: host) != nil)
    }

    mutating func follow(
        _ key: ReceiptKey, _ stdoutOffset: Int, _ stderrOffset: Int, deadline: Duration, _ pending: PendingRequest
    ) {
        guard let receipt = receipts[key], let job = receipt.job else {
            tellOutput(receipts[key]?.stdout ?? [], from: stdoutOffset, .stdout, pending)
            tellOutput(receipts[key]?.stderr ?? [], from: stderrOffset, .stderr, pending)
            return answer(pending, .receipt(status(key)))
        }
        let cut = pending.host != Host.localName && site.strike([.drop], on: pending.host) != nil
        addFollower(
            to: job, .receipt(stdoutOffset: stdoutOffset, stderrOffset: stderrOffset), limit: deadline, late: .deadline,
            cut: cut, pending)
    }

    /// The key of a receipt on the request's host; answers for a host that keeps none.
    mutating func receiptKey(_ receipt: ReceiptID, _ pending: PendingRequest) -> ReceiptKey? {
        if keepsReceipts(pending.host) { return key(pending.host, receipt.path) }
        answer(pending, .failure(.noReceipts(pending.host)))
        return nil
    }

    /// Does something to a receipt and replies with it as it is after.
    mutating func atReceipt(
        _ receipt: ReceiptID, _ pending: PendingRequest, _ change: (inout WorldCore, ReceiptKey) -> Void
    ) {
        guard let key = receiptKey(receipt, pending) else { return }
        change(&self, key)
        answer(pending, .receipt(status(key)))
    }

    mutating func fence(_ key: ReceiptKey) {
        guard !homeID(key).isEmpty else { return }
        if receipts[key, default: SimulatedReceipt()].go == .none {
            receipts[key, default: SimulatedReceipt()].go = .fenced
        }
    }

    mutating func markLost(_ key: ReceiptKey) {
        guard let receipt = receipts[key], case .run = receipt.go, receipt.job == nil, receipt.end == nil else {
            return
        }
        receipts[key]?.end = .lost
    }

    mutating func kill(_ key: ReceiptKey) {
        fence(key)
        guard let number = receipts[key]?.job, let job = jobs.removeValue(forKey: number) else { return }
        receipts[key]?.job = nil
        receipts[key]?.end = .exit(128 + 15)
        receipts[key]?.wasStopped = true
        for follower in job.followers { answer(follower.pending, .receipt(status(key))) }
    }

    mutating func tidy(_ key: ReceiptKey) {
        guard receipts[key]?.end != nil else { return }
        receipts[key]?.stdout = []
        receipts[key]?.stderr = []
    }

    func status(_ key: ReceiptKey, refused: ReceiptStatus.Refusal? = nil) -> ReceiptStatus {
        let boot = site.bootID(of: key.host)
        var status = ReceiptStatus(claimed: false, boot: boot, refused: refused)
        status.home = homeID(key)
        guard let receipt = receipts[key] else { return status }
        status.claimed = true
        status.digest = receipt.digest
        status.run = receipt.run
        status.go = receipt.go
        status.end = receipt.end
        status.alive = receipt.job != nil
        status.stdoutBytes = receipt.stdout.count
        status.stderrBytes = receipt.stderr.count
        status.wasStopped = receipt.wasStopped
        // Commands of a simulation have no children that could be left behind.
        if receipt.wasStopped { status.leftRunning = 0 }
        return status
    }
}
