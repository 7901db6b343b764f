import RunbookSimulation

/// The state of a lab's site as a file: what was set, who booted, which faults have hit.
enum StateText {
    static let title = "blackstart-lab-state 1"

    static func write(_ state: SiteState) -> String {
        var lines = [title]
        // Sorted, so that one state is one text.
        for key in state.values.keys.sorted(by: { ($0.host, $0.key) < ($1.host, $1.key) }) {
            lines.append(FieldLines.line(["value", key.host, key.key, state.values[key] ?? nil]))
        }
        for host in state.boots.keys.sorted() {
            lines.append(FieldLines.line(["boots", host, state.boots[host].map { "\($0)" }]))
        }
        for host in state.readyAt.keys.sorted() {
            lines.append(FieldLines.line(["ready", host, state.readyAt[host].map { "\($0)" }]))
        }
        for step in state.begun.sorted() { lines.append(FieldLines.line(["begun", step])) }
        for hits in state.faultHits { lines.append(FieldLines.line(["hits", "\(hits)"])) }
        for index in state.used.sorted() {
            lines.append(FieldLines.line(["used", "\(index.section)", "\(index.answer)"]))
        }
        for question in state.uncovered { lines.append(FieldLines.line(["uncovered", question.host, question.text])) }
        return lines.joined(separator: "\n") + "\n"
    }

    static func read(_ path: String) throws(LabError) -> SiteState {
        var state = SiteState()
        for var line in try FieldLines.read(path, title: title) {
            switch line.kind {
            case "value":
                let key = SiteKey(host: try line.text(), key: try line.text())
                state.values[key] = .some(try line.optionalText())
            case "boots": state.boots[try line.text()] = try line.number(Int.self)
            case "ready": state.readyAt[try line.text()] = try line.number(Int64.self)
            case "begun": state.begun.insert(try line.text())
            case "hits":
                let hits: Int = try line.number()
                guard hits >= 0 else { throw line.damage }
                state.faultHits.append(hits)
            case "used":
                state.used.insert(AnswerIndex(section: try line.number(), answer: try line.number()))
            case "uncovered":
                state.uncovered.append(UncoveredQuestion(host: try line.text(), text: try line.text()))
            default: throw line.damage
            }
            try line.end()
        }
        return state
    }
}
