internal import RunbookModel
internal import RunbookPattern
internal import RunbookPlan
internal import RunbookTransport

/// What an answer means to a check.
///
/// ``Evidence``, ``Refutation`` and ``Absence`` are made by ``Check/verdict(_:_:)`` alone, from answers that came whole and
/// whose every part that matters was looked at. A verified OK, an ALREADY, an UNDONE and a lapse are made from them alone: see
/// ``Proof``.
package enum CheckVerdict: Hashable, Sendable {
    /// What the check wants was seen.
    case holds(Evidence)
    /// A whole answer, and not what the check wants.
    case fails(Refutation)
    /// A port or page from which no answer came: nothing serves there as far as this machine can tell. Enough to begin a
    /// step, to wait on, and to call a start failed. It shows neither that something is gone nor that it no longer holds.
    case unreached(String)
    /// Nothing was learnt: no answer came, or only part of one, or the check itself could not run.
    case unanswered(String)
}

/// What a check that passed has seen.
package struct Evidence: Hashable, Sendable {
    /// For people: one line, lower case, no full stop, safe to show.
    package let words: String

    fileprivate init(_ words: String) { self.words = words }
}

/// An answer that is not what the check wants.
package struct Refutation: Hashable, Sendable {
    package let words: String
    /// nil where it does not show that the effect is gone: a page that says 503 is not ready, and not gone.
    let absence: Absence?

    fileprivate init(_ words: String, showsGone: Bool = true) {
        self.words = words
        absence = showsGone ? Absence(words) : nil
    }
}

/// What has shown that an effect is not there.
struct Absence: Hashable, Sendable {
    let words: String

    fileprivate init(_ words: String) { self.words = words }
}

extension Check {
    /// Whether `answer` is what this check wants. The one place that tells a no from no answer.
    func verdict(_ answer: ProbeAnswer, _ scope: Scope) -> CheckVerdict {
        switch (probe, answer.result) {
        case (.copied, .exit(.exited(0))): return .holds(Evidence(seen(in: answer, scope)))
        case (.copied, .exit(.exited(1))): return .fails(Refutation("the file is missing or differs"))
        case (.run, .exit(.exited(let status))) where status != passingExit, (.copied, .exit(.exited(let status))):
            let words = TerminalText.shown(
                bytes: Self.trimmed(answer.stderr.isEmpty ? answer.stdout : answer.stderr))
            let last = words.isEmpty ? "" : ": \(words.prefix(200))"
            return isAnswer(status)
                ? .fails(Refutation("the check exited with \(status), not \(passingExit)\(last)"))
                : .unanswered("the check could not run (exit status \(status))\(last)")
        case (.run, .exit(.exited)): return textVerdict(answer, scope)
        case (.run, .exit(.signalled(let name))), (.copied, .exit(.signalled(let name))):
            return .unanswered("the check was ended by signal \(name)")
        case (.tcp, .open(true, _)): return .holds(Evidence(seen(in: answer, scope)))
        case (.tcp, .open(false, let words)): return .fails(Refutation(words))
        case (.tcp, .unreached(let words)), (.http, .unreached(let words)): return .unreached(words)
        case (.http, .http(nil, let words)): return .fails(Refutation(words))
        case (.http, .http(let status?, _)):
            if status == self.status { return textVerdict(answer, scope) }
            return .fails(
                Refutation("the page answered \(status), not \(self.status)", showsGone: Self.isAboutPage(status)))
        case (.tcp, .timedOut), (.http, .timedOut): return .unreached(late)
        case (.run, .timedOut), (.copied, .timedOut): return .unanswered(late)
        case (_, .unasked(let words)): return .unanswered(words)
        case (.run, .open), (.run, .http), (.tcp, .exit), (.tcp, .http), (.http, .exit), (.http, .open),
            (.copied, .open), (.copied, .http), (.run, .unreached), (.copied, .unreached):
            return .unanswered("the answer was to another kind of question")
        }
    }

    private var late: String { "the check gave no answer within \(DurationText.words(timeout))" }

    /// Whether the status is the command's own. 126 and 127 are the shell's, that it could not run it; 124 and 125 are
    /// those of `timeout` and its like; from 128 on a signal, ssh or git says that there is no answer.
    static func isAnswer(_ status: Int) -> Bool { status < 124 }

    /// The comparison of a file says 1 for "missing or differs", and nothing else.
    private func isAnswer(_ status: Int) -> Bool {
        if case .copied = probe { false } else { Self.isAnswer(status) }
    }

    /// Whether the status says something about the page. All others say that the server can't or won't tell just now, or
    /// that somebody else should be asked.
    private static func isAboutPage(_ status: Int) -> Bool {
        switch status {
        case 200..<300, 404, 410: true
        default: false
        }
    }

    /// `equals`, `contains`, `matches` look at the output with trailing white space cut.
    private func textVerdict(_ answer: ProbeAnswer, _ scope: Scope) -> CheckVerdict {
        let text = String(decoding: Self.trimmed(answer.stdout), as: UTF8.self)
        let shown = "it said \"\(TerminalText.shown(String(text.prefix(200))))\""
        // Only what was found in a part of the text is there for sure.
        let hole = Self.hole(in: answer)
        if let equals {
            if let hole { return .unanswered(hole) }
            guard scope.text(equals) == text else { return no("\(shown), not \"\(scope.text(equals))\"") }
        }
        if let contains {
            let wanted = scope.text(contains)
            let isFound = text.contains(wanted)
            if let hole, !isFound || answer.isMasked && wanted.contains("*") { return .unanswered(hole) }
            guard isFound else { return no("\(shown), which does not contain \"\(wanted)\"") }
        }
        if let matches {
            if let hole { return .unanswered(hole) }
            let pattern = scope.text(matches)
            do throws(PatternFault) {
                guard try Pattern(pattern).isFound(in: text) else {
                    return no("\(shown), which does not match \"\(pattern)\"")
                }
            } catch { return .unanswered("\"\(pattern)\" can't be looked for: \(error.why)") }
        }
        return .holds(Evidence(seen(in: answer, scope)))
    }

    private func no(_ words: String) -> CheckVerdict { .fails(Refutation(words)) }

    /// Why the text is not what the host said; nil where it is.
    private static func hole(in answer: ProbeAnswer) -> String? {
        if answer.isMasked { return "a secret stands in what the check printed, and was hidden from it" }
        guard answer.isCut else { return nil }
        return answer.stdout.count < Limits.checkOutputBytes
            ? "the page broke off"
            : "the check printed more than \(SizeText.words(Int64(Limits.checkOutputBytes))): let it print less"
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
