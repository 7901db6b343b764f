package import RunbookModel

/// A fixture as text that ``FixtureReader`` reads back to the same values.
package enum FixtureWriter {
    package static func write(_ fixture: Fixture) -> String {
        var lines = [
            "version: 1", "name: \(quote(fixture.name))", "clock: \(quote(Instant.text(fixture.clock)))",
            "seed: \(fixture.seed)", "hosts:",
        ]
        for host in fixture.hosts {
            lines += ["  \(quote(host.pattern)):", "    answers:\(host.answers.isEmpty ? " []" : "")"]
            for answer in host.answers { lines.append("    - { \(facts(of: answer).joined(separator: ", ")) }") }
        }
        if !fixture.faults.isEmpty { lines.append("faults:") }
        for fault in fixture.faults {
            var facts = ["kind: \(fault.kind.rawValue)"]
            if let host = fault.host { facts.append("host: \(quote(host))") }
            if let step = fault.from { facts.append("\(fault.kind == .crash ? "after" : "from"): \(step.name)") }
            if let times = fault.times { facts.append("times: \(times)") }
            lines.append("- { \(facts.joined(separator: ", ")) }")
        }
        if !fixture.operatorLines.isEmpty { lines.append("operator:") }
        for line in fixture.operatorLines { lines.append("- { \(facts(of: line).joined(separator: ", ")) }") }
        if let expectation = fixture.expectation {
            lines.append("expect:")
            if let outcome = expectation.outcome { lines.append("  outcome: \(outcome)") }
            let steps = expectation.steps.map { "\($0.step.name): \($0.state.rawValue)" }
            if !steps.isEmpty { lines.append("  steps: { \(steps.joined(separator: ", ")) }") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func facts(of answer: Answer) -> [String] {
        var facts: [String]
        switch answer.matcher {
        case .run(let pattern): facts = ["run: \(quote(pattern))"]
        case .tcp(let pattern): facts = ["tcp: \(quote(pattern))"]
        case .http(let pattern): facts = ["http: \(quote(pattern))"]
        }
        if !answer.when.isEmpty { facts.append("when: { \(state(answer.when)) }") }
        if answer.takes > .zero { facts.append("takes: \(DurationText.format(answer.takes))") }
        if !answer.set.isEmpty { facts.append("set: { \(state(answer.set)) }") }
        if !answer.stdout.isEmpty { facts.append("stdout: \(quote(answer.stdout))") }
        if !answer.stderr.isEmpty { facts.append("stderr: \(quote(answer.stderr))") }
        if answer.exit != 0 { facts.append("exit: \(answer.exit)") }
        if case .http = answer.matcher, answer.status != 200 { facts.append("status: \(answer.status)") }
        return facts
    }

    private static func state(_ values: [StateValue]) -> String {
        values.map { value in
            let key = value.host.map { "\($0).\(value.key)" } ?? value.key
            return "\(quote(key)): \(value.value.map(quote) ?? "~")"
        }.joined(separator: ", ")
    }

    private static func facts(of line: OperatorLine) -> [String] {
        var facts = ["step: \(line.step.name)"]
        if let host = line.host { facts.append("host: \(quote(host))") }
        if !line.values.isEmpty {
            facts.append("answer: { \(line.values.map { "\($0.name): \(quote($0.value))" }.joined(separator: ", ")) }")
        } else if let answer = line.answer {
            facts.append("answer: \(answer.rawValue)")
        }
        if !line.approvers.isEmpty {
            facts.append("as: [\(line.approvers.map(quote).joined(separator: ", "))]")
            if !line.isApproved { facts.append("approve: false") }
        }
        if !line.choose.isEmpty {
            let choices = line.choose.map { choice in
                quote(choice.target.map { "\(choice.choice.rawValue):\($0.name)" } ?? choice.choice.rawValue)
            }
            facts.append("choose: [\(choices.joined(separator: ", "))]")
        }
        if let reason = line.reason { facts.append("reason: \(quote(reason))") }
        if line.after > .zero { facts.append("after: \(DurationText.format(line.after))") }
        return facts
    }

    /// In double quotes, with everything that is not plain to see written as a number: the reader refuses it otherwise.
    private static func quote(_ text: String) -> String {
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
                    let digits = String(scalar.value, radix: 16)
                    let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                    quoted += "\\\(mark)" + String(repeating: "0", count: width - digits.utf8.count) + digits
                }
            }
        }
        return quoted + "\""
    }
}
