package import RunbookPlan

/// What the rules look at beside a plan and its inventory: what was read from the other files of the site. What is nil
/// was not looked at, and rules that rest on it find nothing.
package struct SiteEvidence: Sendable {
    /// The runbooks of `scenarios`, by their paths as written.
    package var runbooks: [String: Runbook]?
    /// As many as the inventory has `packs`.
    package var packs: [Pack]?

    /// By host the newest snapshot of its configuration.
    package var snapshots: [String: Snapshot]?
    /// Drills of the runbook, from signed journals.
    package var drills: [Drill]?
    /// By step id how long it took in live runs, from signed journals.
    package var measured: [String: MeasuredTime] = [:]

    /// Where a run would write its journal, if that is no disk of this machine.
    package var journal: Remote?

    package init() {}

    /// A place that other machines have to be up for.
    package struct Remote: Hashable, Sendable {
        package var path: String
        /// In words: `a network file system (nfs4)`.
        package var medium: String

        package init(path: String, medium: String) {
            self.path = path
            self.medium = medium
        }
    }

    /// The newest snapshot of a host.
    package struct Snapshot: Hashable, Sendable {
        /// As `2026-08-02`.
        package var day: String
        /// Its files are not what they were when it was made.
        package var isAltered: Bool

        package init(day: String, isAltered: Bool) {
            self.day = day
            self.isAltered = isAltered
        }
    }

    /// A run or dry run that somebody declared to be a drill.
    package struct Drill: Hashable, Sendable {
        package var run: String
        /// As `2026-08-02`.
        package var day: String
        package var tookPart: [String]
        package var isAuthorPresent: Bool
        /// What is not as it was then, in sentences.
        package var changes: [String]

        package init(run: String, day: String, tookPart: [String], isAuthorPresent: Bool, changes: [String]) {
            self.run = run
            self.day = day
            self.tookPart = tookPart
            self.isAuthorPresent = isAuthorPresent
            self.changes = changes
        }
    }

    package enum Runbook: Sendable {
        case plan(Plan)
        /// Why it can't be read.
        case unreadable(String)
    }

    package enum Pack: Hashable, Sendable {
        /// It is not where it can be read from here.
        case elsewhere
        /// Why it can't be read.
        case unreadable(String)
        case unencrypted
        /// How many keys open it, and those of the files read that were changed after it was made.
        case encrypted(keys: Int, newer: [String])
    }
}
