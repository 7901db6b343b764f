internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// Tells a run to programs: one JSON object a line. The first carries the version of this form, the last is the summary.
final class JSONConsole: RunObserver {
    static let schema: Int64 = 1

    init(run: String, plan: Plan, mode: RunOpening.Mode) {
        Terminal.out(
            JSONText.line([
                ("type", .string("run")), ("schema", .integer(Self.schema)), ("run", .string(run)),
                ("mode", .string(mode.rawValue)), ("runbook", .string(plan.runbook.name)),
                ("plan", .string(plan.hash)), ("tasks", .integer(Int64(plan.tasks.count))),
            ]))
    }

    func recorded(_ records: [Record], by engine: borrowing Engine, at moment: Moment) {
        var text = ""
        for draft in records.flatMap(\.drafts) {
            let fields = draft.fields.map { ($0.key, $0.value) }
            text += JSONText.line(
                [
                    ("type", .string("event")), ("event", .string(draft.type)), ("up", .integer(moment.uptime)),
                    ("wall", .integer(moment.wall)),
                ] + fields)
        }
        if !text.isEmpty { Terminal.out(text) }
    }

    func printed(_ chunk: OutputChunk, by task: TaskID) {}

    /// The line in place of so many that nobody read in time.
    static func lost(_ count: Int) -> String {
        JSONText.line([("type", .string("lost")), ("lines", .integer(Int64(count)))])
    }

    /// How a run ended or, without an outcome, how it stands while it goes on.
    static func summary(run: String, outcome: Outcome?, plan: Plan, state: RunState) -> String {
        let steps = StepStates.of(plan, state)
        return JSONText.line(
            [
                ("type", .string("summary")), ("run", .string(run)),
                ("outcome", .string(outcome?.rawValue ?? "running")),
            ] + (outcome.map { [("exit", .integer(Int64($0.exitCode)))] } ?? []) + [
                (
                    "steps",
                    .object(JournalFields(steps.map { ($0.step, .string($0.state.rawValue)) }))
                ),
                (
                    "tasks",
                    .object(
                        JournalFields(
                            plan.tasks.indices.map {
                                (plan.tasks[$0].id.description, .string(state.word($0).rawValue))
                            }))
                ),
            ])
    }
}

/// The state of each step, from those of its tasks, in reading order.
enum StepStates {
    static func of(_ plan: Plan, _ state: RunState) -> [(step: String, state: StepState)] {
        plan.runbook.steps.enumerated().map { position, step in
            (step.id, StepState.combined(plan.tasksOfStep[position].map { state.word($0) }))
        }
    }
}

/// JSON as it is printed: keys in the given order, everything that is no printable ASCII escaped where it has to be.
enum JSONText {
    static func line(_ pairs: [(String, JournalValue)]) -> String {
        "{\(pairs.map { "\(quoted($0.0)):\(value($0.1))" }.joined(separator: ","))}\n"
    }

    static func value(_ value: JournalValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .integer(let number): String(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .array(let values): "[\(values.map { Self.value($0) }.joined(separator: ","))]"
        case .object(let members):
            "{\(members.map { "\(quoted($0.key)):\(Self.value($0.value))" }.joined(separator: ","))}"
        case .bytes(let bytes): quoted(String(decoding: bytes, as: UTF8.self))
        }
    }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default:
                if TerminalText.isPrintable(scalar) {
                    quoted.unicodeScalars.append(scalar)
                } else {
                    quoted += escaped(scalar)
                }
            }
        }
        return quoted + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        Character(scalar).utf16.map { unit in
            let hex = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        }.joined()
    }

    /// Lines of JSON with the same values, in which nothing stands that a terminal would obey or hide. The lines of a
    /// journal escape what moves text; tags and other invisible characters stand in them as they came.
    static func printable(_ lines: some Collection<UInt8>) -> String {
        let text = String(decoding: lines, as: UTF8.self)
        if lines.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0A }) { return text }
        return text.unicodeScalars.reduce(into: "") { printable, scalar in
            let stays = scalar == "\n" || TerminalText.isPrintable(scalar)
            if stays { printable.unicodeScalars.append(scalar) } else { printable += escaped(scalar) }
        }
    }
}
