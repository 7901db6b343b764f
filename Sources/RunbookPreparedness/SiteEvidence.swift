package import RunbookPlan

/// What the rules look at beside a plan and its inventory: what was read from the other files of the site. What is nil
/// was not looked at, and rules that rest on it find nothing.
package struct SiteEvidence: Sendable {
    /// The runbooks of `scenarios`, by their paths as written.
    package var runbooks: [String: Runbook]?
    /// As many as the inventory has `packs`.
    package var packs: [Pack]?

    package init() {}

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
