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
        send(
            task, .contacting,
            .arrive(Arrival(run: run.id, claim: hold?.claim, beside: hold?.beside ?? [], over: over)))
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
        halt(.failed, reason: "\(plan.machineName(of: task) ?? "the host") is claimed by \(Self.words(claim))")
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
