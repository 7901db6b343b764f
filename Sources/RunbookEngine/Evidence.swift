internal import RunbookModel
internal import RunbookPattern
internal import RunbookPlan
internal import RunbookTransport

/// Why a task counts as done, or an undo as UNDONE. Nothing else makes a task so; worded in one place: a screen, a record, a
/// report and `status` say the same.
enum Proof: Hashable, Sendable {
    /// A check passed. `note`: what was known of the attempt before.
    case seen(Evidence, note: String? = nil)
    /// Of an undo: its effect is no longer there.
    case gone(Absence)
    /// Of an undo: nothing was there to be undone.
    case notThere(Absence)
    /// The command ended well, and the step has no check.
    case exited
    /// Of the undo of a copy: its command ended well, which it does only after it has compared what is there with what was.
    case restored
    /// The host came back with another boot, and the step has no check.
    case restarted
    case byHand(String?, by: String?)
    case approved(by: [String], last: String)
    /// A checkpoint has nothing to show.
    case reached

    var words: String {
        switch self {
        case .seen(let evidence, nil): "verified: \(evidence.words)"
        case .seen(let evidence, let note?): "verified: \(evidence.words) (\(note))"
        case .gone(let absence): "its effect is gone: \(absence.words)"
        case .notThere(let absence): "its effect is not there: \(absence.words)"
        case .exited: "exit status 0"
        case .restored: "what was there before is back"
        case .restarted: "it was restarted"
        case .byHand(let reason, _): "done by hand\(reason.map { ": \($0)" } ?? "")"
        case .approved(let names, _): "approved by \(names.joined(separator: ", "))"
        case .reached: "reached"
        }
    }

    /// The person who says so, where it is one.
    var by: String? {
        switch self {
        case .byHand(_, let by): by
        case .approved(_, let by): by
        case .seen, .gone, .notThere, .exited, .restored, .restarted, .reached: nil
        }
    }
}

/// How a task comes to a good end: the only values from which OK and ALREADY are settled.
struct Conclusion: Hashable, Sendable {
    enum State: Hashable, Sendable {
        case ok
        /// Nothing was done by this run.
        case already
    }

    var state: State
    var proof: Proof
    /// What is missing all the same, for people.
    var note = ""

    var reason: String { proof.words + note }

    var word: StepState {
        switch state {
        case .ok: .ok
        case .already: .already
        }
    }
}

/// How a task comes to an end that proves nothing.
enum Unproven: Hashable, Sendable {
    case failed, skipped, unclear

    var word: StepState {
        switch self {
        case .failed: .failed
        case .skipped: .skipped
        case .unclear: .unclear
        }
    }
}

/// How an undo stands that is not known to be done.
enum NotUndone: Hashable, Sendable {
    case left, failed, unclear

    var word: UndoSettlement.State {
        switch self {
        case .left: .left
        case .failed: .failed
        case .unclear: .unclear
        }
    }
}

extension Check {
    /// Characters of what is shown of a host's answer or of a command: a line of a terminal has room for it.
    private static let shownColumns = 60

    /// What `answer`, which is what this check wants, has shown: one line, safe to show.
    func seen(in answer: ProbeAnswer, _ scope: Scope) -> String {
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

    private static func shown(_ text: String) -> String { TerminalText.line(text, columns: shownColumns) }
}
