internal import RunbookModel
internal import RunbookPattern
internal import RunbookPlan
internal import RunbookTransport

/// What an answer means to a check.
package enum CheckVerdict: Hashable, Sendable {
    /// What was seen, for people: one line, safe to show. See ``Evidence``.
    case passed(String)
    /// The answer is not what is wanted: why, for people, lower case, no full stop.
    case failed(String)
    /// Nothing was learnt: no answer came, or the check itself could not run. It proves neither that something is there
    /// nor that it is gone.
    case unanswered(String)
}

extension Check {
    /// Whether `answer` is what this check wants.
    func verdict(_ answer: ProbeAnswer, _ scope: Scope) -> CheckVerdict {
        switch (probe, answer.result) {
        case (.copied, .exit(.exited(0))): return .passed(evidence(answer, scope))
        case (.copied, .exit(.exited(1))): return .failed("the file is missing or differs")
        case (.run, .exit(.exited(let status))) where status != passingExit, (.copied, .exit(.exited(let status))):
            let words = TerminalText.shown(
                bytes: Self.trimmed(answer.stderr.isEmpty ? answer.stdout : answer.stderr))
            let last = words.isEmpty ? "" : ": \(words.prefix(200))"
            // 126 and 127 are the shell's: it could not run the command. Above 128 it saw a signal end it.
            return status == 126 || status == 127 || status > 128
                ? .unanswered("the check could not run (exit status \(status))\(last)")
                : .failed("the check exited with \(status), not \(passingExit)\(last)")
        case (.run, .exit(.exited)): return textVerdict(answer, scope)
        case (.run, .exit(.signalled(let name))), (.copied, .exit(.signalled(let name))):
            return .unanswered("the check was ended by signal \(name)")
        case (.tcp, .open(true, _)): return .passed(evidence(answer, scope))
        case (.tcp, .open(false, let words)): return .failed(words)
        case (.tcp, .unreached(let words)), (.http, .unreached(let words)): return .unanswered(words)
        case (.http, .http(let status, let words)):
            guard let status else { return .failed(words) }
            guard status == self.status else { return .failed("the page answered \(status), not \(self.status)") }
            return textVerdict(answer, scope)
        case (_, .timedOut): return .unanswered("the check gave no answer within \(DurationText.words(timeout))")
        case (.run, .open), (.run, .http), (.tcp, .exit), (.tcp, .http), (.http, .exit), (.http, .open),
            (.copied, .open), (.copied, .http), (.run, .unreached), (.copied, .unreached):
            return .unanswered("the answer was to another kind of question")
        }
    }

    /// `equals`, `contains`, `matches` look at the output with trailing white space cut.
    private func textVerdict(_ answer: ProbeAnswer, _ scope: Scope) -> CheckVerdict {
        let text = String(decoding: Self.trimmed(answer.stdout), as: UTF8.self)
        let shown = "it said \"\(TerminalText.shown(String(text.prefix(200))))\""
        if let equals, scope.text(equals) != text { return .failed("\(shown), not \"\(scope.text(equals))\"") }
        if let contains, !text.contains(scope.text(contains)) {
            return .failed("\(shown), which does not contain \"\(scope.text(contains))\"")
        }
        if let matches {
            let pattern = scope.text(matches)
            do throws(PatternFault) {
                guard try Pattern(pattern).isFound(in: text) else {
                    return .failed("\(shown), which does not match \"\(pattern)\"")
                }
            } catch { return .unanswered("\"\(pattern)\" can't be looked for: \(error.why)") }
        }
        return .passed(evidence(answer, scope))
    }

    static func trimmed(_ output: [UInt8]) -> ArraySlice<UInt8> {
        var bytes = output[...]
        while let last = bytes.last, last == 0x20 || (0x09...0x0D).contains(last) { bytes.removeLast() }
        return bytes
    }

    /// The question with every expression filled in.
    func request(
        _ scope: Scope, _ files: [String: [UInt8]], environment: [EnvironmentPair], privilege: Privilege?,
        inShell: Bool
    ) -> ProbeRequest {
        switch probe {
        case .copied(let copy):
            return FileCommand(copy, scope, files).compare.probe(environment, privilege: privilege, timeout: timeout)
        case .run(let template):
            return CommandText(scope.command(template, inShell: inShell)).probe(
                environment, privilege: privilege, timeout: timeout)
        case .tcp(let template):
            let (address, port) = Self.endpoint(scope.text(template))
            return ProbeRequest(.tcp(address: address, port: port), timeout: timeout)
        case .http(let template): return ProbeRequest(.http(url: scope.text(template)), timeout: timeout)
        }
    }

    /// `host:port`, `[v6]:port` or `port`. A port that is none is 0, which nothing listens on.
    static func endpoint(_ text: String) -> (address: String?, port: Int) {
        if let port = Int(text) { return (nil, (1...65_535).contains(port) ? port : 0) }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return (text, 0) }
        var address = text[..<colon]
        if address.hasPrefix("["), address.hasSuffix("]") { address = address.dropFirst().dropLast() }
        return (String(address), port)
    }
}
