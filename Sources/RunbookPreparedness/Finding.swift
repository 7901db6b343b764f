package import RunbookModel

/// Something that a rule has found.
package struct Finding: Hashable, Sendable {
    package var rule: Rule
    /// The host, service or step that it is about, as waivers name it.
    package var subject: String
    package var message: String
    /// How it comes about, sentence by sentence; empty where the message says it all.
    package var path: [String]
    package var fix: String
    package var place: SourcePlace

    package init(
        _ rule: Rule, _ subject: String, _ message: String, path: [String] = [], fix: String, at place: SourcePlace
    ) {
        self.rule = rule
        self.subject = subject
        self.message = message
        self.path = path
        self.fix = fix
        self.place = place
    }
}

/// What a check of preparedness says.
package struct Preparedness: Hashable, Sendable {
    /// By rule, then in file order.
    package var findings: [Finding]
    /// Those that somebody has accepted, with the entry that says so.
    package var waived: [Waived]

    package struct Waived: Hashable, Sendable {
        package var finding: Finding
        package var waiver: Waiver
    }
}
