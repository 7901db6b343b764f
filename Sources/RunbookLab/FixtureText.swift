import RunbookModel

/// The lab's copy of a fixture: what its hosts answer from, read anew by every command they play. The operator and the
/// expectations of a fixture have no part in a lab.
enum FixtureText {
    static let title = "blackstart-lab-fixture 1"

    static func write(_ fixture: Fixture) -> String {
        var lines = [title, line("fixture", fixture.path, fixture.name, "\(fixture.clock)", "\(fixture.seed)")]
        for host in fixture.hosts {
            lines.append(
                line("host", host.pattern, milliseconds(host.boot), "\(host.place.line)", "\(host.place.column)"))
            for value in host.state { lines.append(line("state", value.host, value.key, value.value)) }
            for answer in host.answers {
                let (kind, pattern) = words(answer.matcher)
                lines.append(
                    line(
                        kind, pattern, milliseconds(answer.takes), "\(answer.exit)", "\(answer.status)", answer.stdout,
                        answer.stderr, "\(answer.place.line)", "\(answer.place.column)"))
                for value in answer.when { lines.append(line("when", value.host, value.key, value.value)) }
                for value in answer.set { lines.append(line("set", value.host, value.key, value.value)) }
            }
        }
        for fault in fixture.faults {
            lines.append(
                line(
                    "fault", fault.kind.rawValue, fault.host, fault.from?.name, fault.times.map { "\($0)" },
                    "\(fault.place.line)", "\(fault.place.column)"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ fields: String?...) -> String { FieldLines.line(fields) }

    private static func milliseconds(_ duration: Duration) -> String { "\(duration.wholeMilliseconds)" }

    private static func words(_ matcher: Answer.Matcher) -> (kind: String, pattern: String) {
        switch matcher {
        case .run(let pattern): ("run", pattern)
        case .tcp(let pattern): ("tcp", pattern)
        case .http(let pattern): ("http", pattern)
        }
    }

    static func read(_ path: String) throws(LabError) -> Fixture {
        var lines = try FieldLines.read(path, title: title)[...]
        guard var head = lines.popFirst(), head.kind == "fixture" else { throw .damaged(path: path, line: 2) }
        var reader = FixtureReader(
            Fixture(path: try head.text(), name: try head.text(), clock: try head.number(), seed: try head.number()))
        try head.end()
        for var line in lines {
            try reader.take(&line)
            try line.end()
        }
        return reader.fixture
    }
}

/// Puts a fixture together again: values belong to the last host or answer, answers to the last host.
private struct FixtureReader {
    var fixture: Fixture

    init(_ fixture: Fixture) { self.fixture = fixture }

    mutating func take(_ line: inout FieldReader) throws(LabError) {
        switch line.kind {
        case "host":
            let pattern = try line.text()
            let boot = Duration.milliseconds(try line.number(Int64.self))
            var host = FixtureHost(pattern: pattern, at: try place(&line))
            host.boot = boot
            fixture.hosts.append(host)
        case "run", "tcp", "http": try takeAnswer(&line)
        case "state", "when", "set": try takeValue(&line)
        case "fault":
            guard let kind = Fault.Kind(rawValue: try line.text()) else { throw line.damage }
            let (host, from, times) = (try line.optionalText(), try line.optionalText(), try line.optionalNumber())
            let place = try place(&line)
            var fault = Fault(kind, host: host, at: place)
            fault.from = from.map { Named($0, at: place) }
            fault.times = times
            fixture.faults.append(fault)
        default: throw line.damage
        }
    }

    private mutating func takeAnswer(_ line: inout FieldReader) throws(LabError) {
        guard let host = fixture.hosts.indices.last else { throw line.damage }
        let pattern = try line.text()
        let matcher: Answer.Matcher =
            switch line.kind {
            case "tcp": .tcp(pattern)
            case "http": .http(pattern)
            default: .run(pattern)
            }
        let takes = Duration.milliseconds(try line.number(Int64.self))
        let (exit, status): (Int, Int) = (try line.number(), try line.number())
        let (stdout, stderr) = (try line.text(), try line.text())
        var answer = Answer(matcher, at: try place(&line))
        answer.takes = takes
        answer.exit = exit
        answer.status = status
        answer.stdout = stdout
        answer.stderr = stderr
        fixture.hosts[host].answers.append(answer)
    }

    private mutating func takeValue(_ line: inout FieldReader) throws(LabError) {
        guard let host = fixture.hosts.indices.last else { throw line.damage }
        let value = StateValue(host: try line.optionalText(), key: try line.text(), value: try line.optionalText())
        let answer = fixture.hosts[host].answers.indices.last
        switch (line.kind, answer) {
        case ("state", nil): fixture.hosts[host].state.append(value)
        case ("when", let answer?): fixture.hosts[host].answers[answer].when.append(value)
        case ("set", let answer?): fixture.hosts[host].answers[answer].set.append(value)
        default: throw line.damage
        }
    }

    private func place(_ line: inout FieldReader) throws(LabError) -> SourcePlace {
        SourcePlace(path: fixture.path, line: try line.number(), column: try line.number())
    }
}
