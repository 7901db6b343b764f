internal import ArgumentParser
internal import RunbookEngine
internal import RunbookFormat
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness

/// All that a check has found, each once: runbooks may share an inventory.
struct CheckReport {
    private(set) var diagnostics: [Diagnostic] = []
    private(set) var findings: [Finding] = []
    private(set) var waived: [Preparedness.Waived] = []
    /// Of what the inventories say nothing.
    private(set) var untold: [String] = []

    /// Returns those that are new.
    @discardableResult
    mutating func add(_ more: [Diagnostic]) -> [Diagnostic] {
        let new = more.filter { !diagnostics.contains($0) }
        diagnostics += new
        return new
    }

    mutating func add(_ preparedness: Preparedness, untold: [String]) {
        self.untold += untold.filter { !self.untold.contains($0) }
        let (known, knownWaived) = (Set(findings), Set(waived))
        findings += preparedness.findings.filter { !known.contains($0) }
        waived += preparedness.waived.filter { !knownWaived.contains($0) }
    }

    /// Of the rules; what is wrong with a file ends a check anyway.
    var hasErrors: Bool { findings.contains { $0.rule.severity == .error } }

    // MARK: For people

    /// Of each rule three findings, unless it is to be full.
    func text(isFull: Bool, isQuiet: Bool) -> String {
        let shown = isQuiet ? findings.filter { $0.rule.severity == .error } : findings
        var text = ""
        for rule in Rule.allCases {
            let all = shown.filter { $0.rule == rule }
            for finding in isFull ? all[...] : all.prefix(3) { text += "\n" + Self.block(finding) }
            if !isFull, all.count > 3 {
                text += "\n    and \(all.count - 3) more of \(rule.rawValue): `-v` shows them all\n"
            }
        }
        if isFull {
            for one in waived {
                text +=
                    "\nWAIVED   \(one.finding.rule.rawValue)  \(TerminalText.shown(one.finding.message))\n"
                    + Self.block(
                        "by \(TerminalText.shown(one.waiver.who)) until \(one.waiver.until): "
                            + TerminalText.shown(one.waiver.why), 4)
            }
        }
        guard !isQuiet else { return text }
        let errors = findings.count { $0.rule.severity == .error }
        let counts = [
            Count.findings(errors: errors, warnings: findings.count - errors),
            waived.isEmpty ? nil : "\(waived.count) waived",
        ].compactMap(\.self)
        return text + (text.isEmpty ? "" : "\n")
            + "Preparedness: \(counts.isEmpty ? "nothing found" : counts.joined(separator: ", "))."
            + (findings.isEmpty ? "\n" : " `blackstart check --explain RULE` tells more.\n")
            + (untold.isEmpty
                ? ""
                : Self.block(
                    "Not looked at, because the inventory says nothing of it: \(untold.joined(separator: ", ")).", 0))
    }

    private static func block(_ finding: Finding) -> String {
        let word = finding.rule.severity == .error ? "ERROR" : "WARNING"
        var text = "\(word.padded(9))\(finding.rule.rawValue)  \(TerminalText.shown("\(finding.place)"))\n"
        text += Self.block(Self.sentence(finding.message), 4)
        for line in finding.path { text += Self.block("- \(TerminalText.shown(line))", 6) }
        return text + Self.block("Fix: \(TerminalText.shown(finding.fix)).", 4)
    }

    private static func sentence(_ text: String) -> String {
        TerminalText.shown(text).prefix(1).uppercased() + TerminalText.shown(text).dropFirst() + "."
    }

    static func block(_ text: String, _ indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        return Wrapping.lines(margin + text, columns: 80, indent: text.hasPrefix("- ") ? indent + 2 : indent)
            .joined(separator: "\n") + "\n"
    }

    // MARK: For programs

    var json: String {
        var text = ""
        for diagnostic in diagnostics {
            text += JSONText.line([
                ("type", .string("diagnostic")), ("severity", .string(diagnostic.severity.rawValue)),
                ("path", .string(diagnostic.place.path)), ("line", .integer(Int64(diagnostic.place.line))),
                ("column", .integer(Int64(diagnostic.place.column))),
                ("message", .string(diagnostic.message)), ("hint", .string(diagnostic.hint ?? "")),
            ])
        }
        for finding in findings { text += JSONText.line([("type", .string("finding"))] + Self.pairs(finding)) }
        for one in waived {
            text += JSONText.line(
                [("type", .string("waived"))] + Self.pairs(one.finding) + [
                    ("who", .string(one.waiver.who)), ("why", .string(one.waiver.why)),
                    ("until", .string(one.waiver.until)),
                ])
        }
        if !untold.isEmpty {
            text += JSONText.line([
                ("type", .string("untold")), ("keys", .array(untold.map(JournalValue.string))),
            ])
        }
        return text
    }

    private static func pairs(_ finding: Finding) -> [(String, JournalValue)] {
        [
            ("rule", .string(finding.rule.rawValue)), ("severity", .string(finding.rule.severity.rawValue)),
            ("subject", .string(finding.subject)), ("message", .string(finding.message)),
            ("because", .array(finding.path.map(JournalValue.string))), ("fix", .string(finding.fix)),
            ("source", .string(finding.rule.source)), ("path", .string(finding.place.path)),
            ("line", .integer(Int64(finding.place.line))), ("column", .integer(Int64(finding.place.column))),
        ]
    }

    var annotations: String {
        diagnostics.map(GitHubAnnotation.line).joined() + findings.map(GitHubAnnotation.line).joined()
    }

    var sarif: String { SARIFLog(self).text }
}

/// A rule as `--explain` tells of it.
enum RuleText {
    static func full(_ rule: Rule) -> String {
        var text = "\(rule.rawValue) (\(rule.severity.rawValue)): \(rule.title).\n\n"
        text += CheckReport.block(rule.explanation.replacing("\n", with: " "), 2)
        text += "\n  It serves BSI IT-Grundschutz M 6.138:\n" + CheckReport.block("\"\(rule.source)\"", 4)
        guard rule != .waiverExpired else { return text }
        return text + """

              Whoever accepts a finding says so in the inventory:
                waivers:
                - rule: \(rule.rawValue)
                  about: [NAME]          # without it: whatever the rule finds
                  who: NAME, ROLE
                  why: the reason
                  until: "YYYY-MM-DD"    # then it is a finding again

            """
    }
}

/// What was found as SARIF 2.1.0 (OASIS), which code hosts and editors read.
private struct SARIFLog {
    /// What is wrong with a file itself has no rule of its own.
    private static let fileRule = "INVALID-FILE"
    private let report: CheckReport

    init(_ report: CheckReport) { self.report = report }

    var text: String {
        let results =
            report.diagnostics.map { diagnostic in
                result(
                    Self.fileRule, 0, diagnostic.severity.rawValue,
                    diagnostic.message + (diagnostic.hint.map { "\nhint: \($0)" } ?? ""), diagnostic.place)
            } + report.findings.map { result($0) }
            + report.waived.map { one in
                var result = self.result(one.finding)
                result["suppressions"] = .array([
                    .object([
                        "kind": .string("external"),
                        "justification": .string("\(one.waiver.who), until \(one.waiver.until): \(one.waiver.why)"),
                    ])
                ])
                return result
            }
        let file: JournalFields = [
            "id": .string(Self.fileRule),
            "shortDescription": Self.message("The file is no runbook, inventory or fixture"),
            "defaultConfiguration": .object(["level": .string("error")]),
        ]
        let driver: JournalFields = [
            "name": .string("blackstart"), "version": .string(Blackstart.configuration.version),
            "rules": .array([.object(file)] + Rule.allCases.map { .object(rule($0)) }),
        ]
        return JSONText.line([
            ("$schema", .string("https://json.schemastore.org/sarif-2.1.0.json")), ("version", .string("2.1.0")),
            (
                "runs",
                .array([
                    .object([
                        "tool": .object(["driver": .object(driver)]), "columnKind": .string("unicodeCodePoints"),
                        "results": .array(results.map(JournalValue.object)),
                    ])
                ])
            ),
        ])
    }

    private func rule(_ rule: Rule) -> JournalFields {
        [
            "id": .string(rule.rawValue), "shortDescription": Self.message(rule.title),
            "fullDescription": Self.message(rule.explanation), "help": Self.message("M 6.138: \(rule.source)"),
            "defaultConfiguration": .object(["level": .string(rule.severity.rawValue)]),
        ]
    }

    private func result(_ finding: Finding) -> JournalFields {
        let number = Rule.allCases.firstIndex(of: finding.rule) ?? 0
        let message = ([finding.message] + finding.path + ["Fix: \(finding.fix)"]).joined(separator: "\n")
        return result(finding.rule.rawValue, number + 1, finding.rule.severity.rawValue, message, finding.place)
    }

    private func result(
        _ rule: String, _ number: Int, _ level: String, _ message: String, _ place: SourcePlace
    ) -> JournalFields {
        [
            "ruleId": .string(rule), "ruleIndex": .integer(Int64(number)), "level": .string(level),
            "message": Self.message(message),
            "locations": .array([
                .object([
                    "physicalLocation": .object([
                        "artifactLocation": .object(["uri": .string(Self.reference(place.path))]),
                        "region": .object([
                            "startLine": .integer(Int64(max(1, place.line))),
                            "startColumn": .integer(Int64(max(1, place.column))),
                        ]),
                    ])
                ])
            ]),
        ]
    }

    private static func message(_ text: String) -> JournalValue { .object(["text": .string(text)]) }

    /// A path as a URI reference.
    private static func reference(_ path: String) -> String {
        var reference = ""
        for byte in path.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                reference.unicodeScalars.append(Unicode.Scalar(byte))
            default: reference += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return reference.hasPrefix("/") ? "file://\(reference)" : reference
    }
}
