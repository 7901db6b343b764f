internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
package import RunbookTransport

/// What a run claims its hosts with, and what it knows of others.
package struct SiteHold: Hashable, Sendable {
    package var claim: SiteClaim
    /// Names of runs beside which a person lets it go on.
    package var beside: [String]
    /// Names of claims whose runs this machine knows to be over.
    package var over: Set<String>

    package init(claim: SiteClaim, beside: [String] = [], over: Set<String> = []) {
        self.claim = claim
        self.beside = beside
        self.over = over
    }
}

// One site, one run: a host that another run claims is not touched.

extension Engine {
    /// Tells the host that the run is about to act there.
    mutating func arrive(_ task: Int, over: [String] = []) {
        let turn = run.session.map { Turn(session: $0.mark, after: work[task].cameAfter ?? "", mark: run.mark) }
        send(
            task, .contacting,
            .arrive(Arrival(run: run.id, claim: hold?.claim, beside: hold?.beside ?? [], over: over, turn: turn)))
    }

    /// Whether the host was last come to by another session of this run. One that the journal tells of is over: this one
    /// takes its turn. Of any other somebody has a copy of the run, and the session comes to its end before any effect.
    mutating func isAnothersTurn(_ task: Int, _ facts: HostFacts) -> Bool {
        guard let session = run.session, !facts.session.isEmpty else { return false }
        if facts.session == session.mark {
            work[task].cameAfter = nil
            guard let host = plan.machineName(of: task), !session.earlier.isEmpty, !session.isLast,
                !compared.contains(host)
            else { return false }
            // From here on no earlier session sends anything there: what one sent after this copy was made, shows.
            send(task, .comparing, .heads(run: run.id, mark: run.mark))
            return true
        }
        if work[task].cameAfter != facts.session, session.isLast || session.earlier.contains(facts.session) {
            work[task].cameAfter = facts.session
            arrive(task)
            return true
        }
        haltForTwin(task, "was last used by a session of this run")
        return true
    }

    mutating func receiptsCompared(_ task: Int, _ reply: HostReply) {
        guard case .heads(let heads) = reply, let host = plan.machineName(of: task) else {
            return noContact(task, reply)
        }
        // Of all hosts: two names may be one machine.
        var tasks: [Substring: Int] = [:]
        for other in plan.tasks.indices {
            tasks["\(plan.tasks[other].id.step).\(plan.tasks[other].id.host ?? "-")"[...]] = other
        }
        if let unknown = heads.first(where: { !isKnown($0.receipt, tasks) }) {
            return haltForTwin(task, "has a receipt of this run, \(TerminalText.line(unknown.receipt, columns: 60)),")
        }
        compared.insert(host)
        arrive(task)
    }

    /// Whether a receipt `STEP.HOST.N`, or `….uN` of an undo, is of an attempt that was intended here.
    private func isKnown(_ receipt: String, _ tasks: [Substring: Int]) -> Bool {
        guard let dot = receipt.lastIndex(of: "."), let task = tasks[receipt[..<dot]] else { return false }
        let (last, known) = (receipt[receipt.index(after: dot)...], state.tasks[task])
        let isUndo = last.first == "u"
        guard let number = Int(isUndo ? last.dropFirst() : last) else { return false }
        return number <= (isUndo ? known.undos : known.actions)
    }

    /// Whether an earlier session was on the host of this task, and this one has not been there yet: it takes its turn before
    /// it believes anything that the host remembers, for of two copies of a run only one may go on.
    func hasToCome(_ task: Int) -> Bool {
        guard let session = run.session, !session.earlier.isEmpty, keepsReceipts(task),
            let host = plan.machineName(of: task)
        else { return false }
        return state.hosts[host] != nil && !visited.contains(host)
    }

    mutating func come(_ task: Int, _ purpose: Coming) {
        work[task].coming = purpose
        arrive(task)
    }

    /// The session's turn on the host is taken, or the host can't be asked for it: on with what it came for.
    ///
    /// - Returns: whether it came for something else than to begin.
    mutating func hasCome(_ task: Int) -> Bool {
        if let host = plan.machineName(of: task) { visited.insert(host) }
        let purpose = work[task].coming
        work[task].coming = .toBegin
        switch purpose {
        case .toBegin: return false
        case .toLook: look(task)
        case .toVisit: rest(task)
        }
        return true
    }

    private mutating func haltForTwin(_ task: Int, _ what: String) {
        halt(
            .elsewhere,
            reason: "\(plan.machineName(of: task) ?? "the host") \(what) that this copy of the journal does not know: "
                + "somebody else is carrying on this run. Find out who, and let only one go on, with the newest copy. Once "
                + "the other is known to be dead: `blackstart resume \(run.id) --beside \(run.id) --reason \"…\"`")
        rest(task)
    }

    /// Whether the host is another run's. Then nothing is begun there, and the session comes to its end; but claims that
    /// are known to be over are taken away first.
    mutating func isClaimed(_ task: Int, _ facts: HostFacts) -> Bool {
        guard let hold, let first = facts.claims.first else {
            work[task].clearedClaims = false
            return false
        }
        if !work[task].clearedClaims, facts.claims.allSatisfy({ hold.over.contains($0.name) }) {
            work[task].clearedClaims = true
            arrive(task, over: facts.claims.map(\.name))
            return true
        }
        work[task].clearedClaims = false
        let claim = facts.claims.first { !hold.over.contains($0.name) } ?? first
        halt(.elsewhere, reason: "\(plan.machineName(of: task) ?? "the host") is claimed by \(Self.words(claim))")
        rest(task)
        return true
    }

    /// Who holds a host, and what to type.
    static func words(_ claim: SiteClaim) -> String {
        guard let name = claim.run else {
            return "a run whose claim can't be read: look into ~/.blackstart/receipts/.claims there, "
                + "take it away once its run is over, then resume"
        }
        return "\(claim.holder), which is not over. Let one go on: `blackstart resume \(name)` where it was begun; "
            + "or resume this run with `--beside \(name) --reason \"…\"`, also once that run is known to be dead"
    }
}

extension SiteClaim {
    /// `run r1 (ops at laptop7, since 2026-01-15 03:00 UTC)`, for people: what a host says of it is shown safely.
    package var holder: String {
        guard let run else { return "a run whose claim can't be read" }
        var parts: [String] = []
        if !by.isEmpty { parts.append(by) }
        if !from.isEmpty { parts.append("at \(from)") }
        let who = TerminalText.line(parts.joined(separator: " "), columns: 100)
        // Minutes are enough, and the clock may be wrong.
        let when = since.flatMap { UTCTime.text($0 * 1_000) }.map {
            "since \($0.prefix(10)) \($0.dropFirst(11).prefix(5)) UTC"
        }
        let told = [who.isEmpty ? nil : who, when].compactMap(\.self).joined(separator: ", ")
        return told.isEmpty ? "run \(run)" : "run \(run) (\(told))"
    }
}
