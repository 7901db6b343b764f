internal import RunbookModel
internal import RunbookPattern
internal import RunbookPlan
internal import RunbookTransport

/// What a check that passed has seen, worded in one place: a screen, a record, a report and `status` say the same.
enum Evidence {
    /// Characters of what is shown of a host's answer or of a command: a line of a terminal has room for it.
    static let columns = 60

    /// The reason of a task that its check has shown to be done.
    static func verified(_ seen: String) -> String { "verified: \(seen)" }
}

extension CheckVerdict {
    /// Whether it passed, and what was seen, or why not;
    /// nil where nothing was learnt.
    var evidence: (isPassed: Bool, words: String)? {
        switch self {
        case .passed(let seen): (true, seen)
        case .failed(let why): (false, why)
        case .unanswered: nil
        }
    }
}

extension Check {
    /// What `answer`, which is what this check wants, has shown: one line, safe to show.
    func evidence(_ answer: ProbeAnswer, _ scope: Scope) -> String {
        switch probe {
        case .copied(let copy): "\(Self.shown(scope.text(copy.target))) is in place"
        case .tcp(let template):
            "\(template.source.contains(":") ? "" : "port ")\(Self.shown(scope.text(template))) accepts connections"
        case .http(let template):
            looksAtText
                ? value(in: answer, scope) : "\(Self.shown(scope.text(template))) answered \(status)"
        case .run(let template):
            looksAtText ? value(in: answer, scope) : status(of: scope.text(template), answer)
        }
    }

    private var looksAtText: Bool { equals != nil || contains != nil || matches != nil }

    /// The line of the output that the check looked for.
    private func value(in answer: ProbeAnswer, _ scope: Scope) -> String {
        let text = String(decoding: Self.trimmed(answer.stdout), as: UTF8.self)
        guard !text.isEmpty else { return "it printed nothing" }
        guard equals == nil else { return Self.shown(text) }
        let lines = text.split(whereSeparator: \.isNewline)
        var found: Substring?
        if let contains {
            let wanted = scope.text(contains)
            found = lines.first { $0.contains(wanted) }
        } else if let matches {
            found = Self.first(lines, matching: scope.text(matches))
        }
        return Self.shown(found.map(String.init) ?? text)
    }

    /// In time that grows with the text, as everything that depends on what a host says.
    private static func first(_ lines: [Substring], matching text: String) -> Substring? {
        do throws(PatternFault) {
            let pattern = try Pattern(text)
            for line in lines {
                if try pattern.isFound(in: String(line)) { return line }
            }
        } catch { return nil }
        return nil
    }

    /// Of a check that looks at nothing but a status: the command, its status, and what it said.
    private func status(of command: String, _ answer: ProbeAnswer) -> String {
        let words = Self.shown(String(decoding: answer.stdout.prefix(1_024), as: UTF8.self))
        return "`\(Self.shown(command))` exited with \(passingExit)\(words.isEmpty ? "" : ": \(words)")"
    }

    private static func shown(_ text: String) -> String { TerminalText.line(text, columns: Evidence.columns) }
}
