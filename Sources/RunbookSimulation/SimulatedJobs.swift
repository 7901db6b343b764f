import RunbookModel
import RunbookTransport

/// A command that runs on a host. It goes on when no one follows it, and dies with its host.
struct SimulatedJob {
    var host: String
    /// Site time of its end, in milliseconds; nil when it hangs.
    var endsAt: Int64?
    var answer: SiteAnswer
    /// Where its end is written down; nil for a command in a session.
    var receipt: ReceiptKey?
    var followers: [Follower] = []

    /// Someone who waits for the end of a job over a connection.
    struct Follower {
        enum Wish {
            case receipt(stdoutOffset: Int, stderrOffset: Int)
            case ended
            case probe
        }

        var number: Int
        var session: Int
        var wish: Wish
        var pending: WorldCore.PendingRequest
    }
}

extension WorldCore {
    /// Starts a command as the fixture answers it. `hang` never ends.
    mutating func startJob(
        _ command: String, _ privilege: Privilege?, receipt: ReceiptKey?, hangs: Bool, _ pending: PendingRequest
    ) -> Int {
        let refusal = site.refusal(of: privilege, on: pending.host)
        let answer =
            refusal.map(SiteAnswer.refused) ?? site.answer(host: pending.host, query: .run(command))
        let number = nextNumber()
        let (takes, overflow) = answer.takes.wholeMilliseconds.multipliedReportingOverflow(by: pending.slowness)
        let ends = hangs ? nil : after(overflow ? .max : takes)
        jobs[number] = SimulatedJob(host: pending.host, endsAt: ends, answer: answer, receipt: receipt)
        return number
    }

    /// The host is restarted half-way through a job.
    mutating func putRestart(during job: Int) {
        guard let host = jobs[job]?.host else { return }
        let left = (jobs[job]?.endsAt).map { max(0, $0 - now) } ?? 0
        put(.restart(host), after: left / 2, session: nil)
    }

    /// The end of a job is put in the queue last, so that a cut at the same instant comes before it.
    mutating func putEnd(of job: Int) {
        guard let ends = jobs[job]?.endsAt else { return }
        put(.jobEnds(job), after: ends - now, session: nil)
    }

    /// The request waits for the end of the job, at most `limit`, after which it hears `late`.
    mutating func addFollower(
        to job: Int, _ wish: SimulatedJob.Follower.Wish, limit: Duration, late: HostReply, cut: Bool,
        _ pending: PendingRequest
    ) {
        let number = nextNumber()
        jobs[job]?.followers.append(
            SimulatedJob.Follower(number: number, session: pending.session, wish: wish, pending: pending))
        if cut {
            let left = (jobs[job]?.endsAt).map { max(0, $0 - now) } ?? 0
            let reply = HostReply.failure(.reset)
            put(.followerLeaves(job: job, follower: number, reply), after: left / 2, session: pending.session)
        }
        // A command that ends at the very instant of its deadline has ended in time.
        if let ends = jobs[job]?.endsAt, ends - now <= limit.wholeMilliseconds { return }
        put(
            .followerLeaves(job: job, follower: number, late), after: limit.wholeMilliseconds, session: pending.session)
    }

    mutating func leave(job: Int, follower: Int, _ reply: HostReply) {
        guard let index = jobs[job]?.followers.firstIndex(where: { $0.number == follower }),
            let left = jobs[job]?.followers.remove(at: index)
        else { return }
        answer(left.pending, reply)
    }

    mutating func endJob(_ number: Int) {
        guard let job = jobs.removeValue(forKey: number) else { return }
        let (stdout, stderr) = (Array(job.answer.stdout.utf8), Array(job.answer.stderr.utf8))
        let exit = job.answer.exit & 0xFF
        if let key = job.receipt {
            receipts[key]?.end = .exit(exit)
            receipts[key]?.stdout = stdout
            receipts[key]?.stderr = stderr
            receipts[key]?.job = nil
        }
        for follower in job.followers {
            switch follower.wish {
            case .receipt(let stdoutOffset, let stderrOffset):
                guard let key = job.receipt else { continue }
                tellOutput(stdout, from: stdoutOffset, .stdout, follower.pending)
                tellOutput(stderr, from: stderrOffset, .stderr, follower.pending)
                answer(follower.pending, .receipt(status(key)))
            case .ended:
                tellOutput(stdout, from: 0, .stdout, follower.pending)
                tellOutput(stderr, from: 0, .stderr, follower.pending)
                answer(follower.pending, .ended(.exited(exit)))
            case .probe:
                let kept = Limits.checkOutputBytes
                let told = ProbeAnswer(
                    .exit(.exited(exit)), stdout: Array(stdout.prefix(kept)), stderr: Array(stderr.prefix(kept)),
                    isCut: stdout.count > kept)
                answer(follower.pending, .probe(told))
            }
        }
        carryOut(site.apply(job.answer.set, by: job.host, at: now))
    }

    mutating func tellOutput(
        _ bytes: [UInt8], from offset: Int, _ stream: OutputChunk.Stream, _ pending: PendingRequest
    ) {
        guard offset >= 0, offset < bytes.count else { return }
        let chunk = OutputChunk(stream, Array(bytes[offset...]))
        let progress = pending.progress
        put(.call { progress(chunk) }, after: 0, session: pending.session)
    }

    // MARK: Power

    mutating func reboot(_ host: String) { carryOut(site.reboot(host, at: now)) }

    mutating func carryOut(_ changes: [FixtureSite.PowerChange]) {
        for change in changes {
            switch change {
            case .wentOff(let host):
                cutFollowers(on: host)
                for number in jobNumbers(on: host) {
                    if let key = jobs.removeValue(forKey: number)?.receipt { receipts[key]?.job = nil }
                }
            // Whether a host answers is asked of the site, by the time.
            case .boots: break
            }
        }
    }

    mutating func cutFollowers(on host: String) {
        for number in jobNumbers(on: host) {
            let left = jobs[number]?.followers ?? []
            jobs[number]?.followers = []
            for follower in left { answer(follower.pending, .failure(.reset)) }
        }
    }

    /// The session lets go of its connections.
    mutating func cutFollowers(of session: Int) {
        for number in jobs.keys.sorted() {
            let left = jobs[number]?.followers.filter { $0.session == session } ?? []
            jobs[number]?.followers.removeAll { $0.session == session }
            for follower in left { answer(follower.pending, .failure(.reset)) }
        }
    }

    private func jobNumbers(on host: String) -> [Int] {
        jobs.filter { $0.value.host == host }.keys.sorted()
    }
}
