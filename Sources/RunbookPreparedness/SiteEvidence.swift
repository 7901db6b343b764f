package import RunbookPlan

/// What the rules look at beside a plan and its inventory: what was read from the other files of the site.
package struct SiteEvidence: Sendable {
    /// Plans of the other runbooks of the site, in the order in which they were named.
    package var plans: [Plan] = []

    package init() {}
}
