/// A rule of preparedness, by the name that findings and waivers give it.
package enum Rule: String, Hashable, Sendable, CaseIterable {
    case bootUnreachable = "BOOT-UNREACHABLE"
    case exclusiveVirtual = "EXCLUSIVE-VIRTUAL"
    case orderViolation = "ORDER-VIOLATION"
    case runnerDepends = "RUNNER-DEPENDS"
    case rtoInfeasible = "RTO-INFEASIBLE"
    case clock = "CLOCK"
    case licenceGrace = "LICENCE-GRACE"
    case keyLock = "KEY-LOCK"
    case affinity = "AFFINITY"
    case quorumDomain = "QUORUM-DOMAIN"
    case capacity = "CAPACITY-N-1"
    case maxPrinciple = "MAX-PRINCIPLE"
    case cumulation = "CUMULATION"
    case backupMissing = "BACKUP-MISSING"
    case backupStale = "BACKUP-STALE"
    case backupUntested = "BACKUP-UNTESTED"
    case backupNoImage = "BACKUP-NO-IMAGE"
    case snapshotOnly = "SNAPSHOT-ONLY"
    case backupCircular = "BACKUP-CIRCULAR"
    case configStale = "CONFIG-STALE"
    case configOnlyInside = "CONFIG-ONLY-INSIDE"
    case healthUnchecked = "HEALTH-UNCHECKED"
    case forceMajeure = "FORCE-MAJEURE"
    case packWeak = "PACK-WEAK"
    case personnel = "PERSONNEL"
    case procedureMissing = "PROCEDURE-MISSING"
    case scenarioGap = "SCENARIO-GAP"
    case compromiseIncomplete = "COMPROMISE-INCOMPLETE"
    case theftIncomplete = "THEFT-INCOMPLETE"
    case drillOverdue = "DRILL-OVERDUE"
    case changedSinceDrill = "CHANGED-SINCE-DRILL"
    case onlyAuthorDrilled = "ONLY-AUTHOR-DRILLED"
    case draftGap = "DRAFT-GAP"
    case strangerUnready = "STRANGER-UNREADY"
    case unsafeStep = "UNSAFE-STEP"
    case verifyWeak = "VERIFY-WEAK"
    case planOrphan = "PLAN-ORPHAN"
    case waiverExpired = "WAIVER-EXPIRED"
}

/// Somebody accepts a finding, for a while.
package struct Waiver: Hashable, Sendable {
    package var rule: Rule
    /// Hosts, services or steps; empty: whatever the rule finds.
    package var about: [Named]
    package var who: String
    package var why: String
    /// The last day that it holds, as `2026-08-02`.
    package var until: String
    package var place: SourcePlace

    package init(rule: Rule, about: [Named], who: String, why: String, until: String, at place: SourcePlace) {
        self.rule = rule
        self.about = about
        self.who = who
        self.why = why
        self.until = until
        self.place = place
    }
}
