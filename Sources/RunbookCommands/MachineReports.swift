internal import RunbookEngine
internal import RunbookModel
internal import RunbookPlan
internal import RunbookPreparedness
internal import RunbookTransport

/// How a run ended, as test reports have it: a case for each task, in reading order.
struct JUnitReport {
    let plan: Plan
    let state: RunState
    let run: String
    /// Milliseconds of this session.
    let uptime: Int64

    var text: String {
        var failures = 0
        var errors = 0
        var skipped = 0
        var cases = ""
        for task in plan.tasks.indices {
            let step = plan.step(of: task)
            let known = state.tasks[task]
            let reason = known.undo?.reason ?? known.settlement?.reason ?? ""
            var inner = ""
            switch state.word(task) {
            case .ok, .already: break
            case .failed:
                failures += 1
                inner = "      <failure message=\"\(Self.escaped(reason))\"/>\n"
            case .unclear:
                errors += 1
                inner = "      <error message=\"\(Self.escaped("nobody knows whether it ran: \(reason)"))\"/>\n"
            case .pending, .yourTurn, .running:
                skipped += 1
                inner = "      <skipped message=\"not begun, or not over\"/>\n"
            case .skipped, .undone:
                skipped += 1
                inner = "      <skipped message=\"\(Self.escaped("\(state.word(task).rawValue): \(reason)"))\"/>\n"
            }
            let seconds = Self.seconds(known.last?.milliseconds ?? 0)
            let name = "\(plan.tasks[task].id.description) \(step.name)"
            cases +=
                "    <testcase classname=\"\(Self.escaped(step.phase ?? plan.runbook.name))\" name=\"\(Self.escaped(name))\""
                + " time=\"\(seconds)\"" + (inner.isEmpty ? "/>\n" : ">\n\(inner)    </testcase>\n")
        }
        let counts =
            "tests=\"\(plan.tasks.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\""
            + " time=\"\(Self.seconds(uptime))\""
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites \(counts)>\n"
            + "  <testsuite name=\"\(Self.escaped(plan.runbook.name))\" id=\"\(Self.escaped(run))\" \(counts)>\n"
            + cases + "  </testsuite>\n</testsuites>\n"
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000).\(String(repeating: "0", count: max(0, 3 - rest.utf8.count)))\(rest)"
    }

    /// Text inside an attribute. XML knows no way to write most control characters: they come as terminals show them.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in TerminalText.shown(text, lines: true, tabs: true).unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n": escaped += "&#10;"
            case "\t": escaped += "&#9;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// Annotations as GitHub's runners take them.
enum GitHubAnnotation {
    static func line(_ diagnostic: Diagnostic) -> String {
        let more = diagnostic.hint.map { "\nhint: \($0)" } ?? ""
        return line(diagnostic.severity.rawValue, diagnostic.place, diagnostic.message + more)
    }

    static func line(_ finding: Finding) -> String {
        let more = finding.path.map { "\n\($0)" }.joined() + "\nFix: \(finding.fix)"
        return line(
            finding.rule.severity.rawValue, finding.place, "\(finding.rule.rawValue): \(finding.message)\(more)")
    }

    /// What went wrong in a run, each where the runbook says what was to be done.
    static func lines(_ plan: Plan, _ state: RunState) -> String {
        plan.tasks.indices.compactMap { task -> String? in
            let known = state.tasks[task]
            let reason = known.undo?.reason ?? known.settlement?.reason ?? ""
            let text = "\(plan.tasks[task].id): \(reason)"
            switch state.word(task) {
            case .failed: return line("error", plan.step(of: task).place, text)
            case .unclear: return line("error", plan.step(of: task).place, "\(text) (nobody knows whether it ran)")
            case .skipped where known.settlement?.tolerated == false:
                return line("warning", plan.step(of: task).place, text)
            case .pending, .yourTurn, .running, .ok, .already, .skipped, .undone: return nil
            }
        }.joined()
    }

    private static func line(_ kind: String, _ place: SourcePlace, _ message: String) -> String {
        "::\(kind) file=\(property(place.path)),line=\(place.line),col=\(place.column)::\(data(message))\n"
    }

    /// Text that is not for the runner. It obeys a line that begins with `::`, and `##[` anywhere in a line; a host, a file
    /// or a person may have said either.
    static func harmless(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let blank = line.unicodeScalars.prefix { $0.properties.isWhitespace }
            var rest = String(String.UnicodeScalarView(line.unicodeScalars.dropFirst(blank.count)))
            if rest.unicodeScalars.starts(with: "::".unicodeScalars) {
                rest = "\\u{3a}" + String(String.UnicodeScalarView(rest.unicodeScalars.dropFirst()))
            }
            return String(String.UnicodeScalarView(blank)) + rest.replacing("##[", with: "\\u{23}#[")
        }.joined(separator: "\n")
    }

    private static func data(_ text: String) -> String {
        TerminalText.shown(text, lines: true).replacing("%", with: "%25").replacing("\n", with: "%0A")
    }

    private static func property(_ text: String) -> String {
        data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }
}

/// Is told, and says nothing: what is to be said is said at the end.
struct SilentObserver: RunObserver {
    func recorded(_ records: [Record], by engine: borrowing Engine, at moment: Moment) {}
    func printed(_ chunk: OutputChunk, by task: TaskID) {}
}
