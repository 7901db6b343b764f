package import RunbookModel
package import RunbookTransport

/// The answering machine: what each host of a fixture says to which question, and what that changes.
///
/// A pure value. It knows no clock: who asks says what time it is, in milliseconds of site time. The simulation and the
/// lab both ask this one machine, so that a fixture means the same in both.
package struct FixtureSite: Sendable {
    package let fixture: Fixture
    package internal(set) var state: SiteState
    /// Tells the boot ids of two sites with the same seed apart; 0 in a simulation.
    let salt: UInt64

    package init(_ fixture: Fixture, salt: UInt64 = 0, state: SiteState = SiteState()) {
        self.fixture = fixture
        self.salt = salt
        self.state = state
        let missing = fixture.faults.count - state.faultHits.count
        if missing > 0 { self.state.faultHits += Array(repeating: 0, count: missing) }
    }

    /// The part of the fixture that answers for `host`: the first whose pattern fits its name.
    func section(of host: String) -> Int? {
        fixture.hosts.firstIndex { Glob.matches($0.pattern, host) }
    }

    /// The state of a host as it is now; nil where the key is unset.
    package func value(_ key: String, of host: String) -> String? {
        if let changed = state.values[SiteKey(host: host, key: key)] { return changed }
        guard let section = section(of: host) else { return nil }
        return fixture.hosts[section].state.last { $0.key == key }?.value
    }

    /// Why `host` does not let a command run as root, in the words of sudo; nil where it does.
    package func refusal(of privilege: Privilege?, on host: String) -> String? {
        guard let privilege, let section = section(of: host) else { return nil }
        return fixture.hosts[section].sudo.refusal(privilege.password?.text)
    }

    /// What `host` says to `query`. A question without an answer is remembered as uncovered and fails loudly.
    package mutating func answer(host: String, query: SiteQuery) -> SiteAnswer {
        guard let section = section(of: host),
            let index = fixture.hosts[section].answers.firstIndex(where: {
                query.fits($0.matcher) && holds($0, on: host)
            })
        else {
            if let answer = builtIn(host: host, query: query) { return answer }
            let question = UncoveredQuestion(host: host, text: query.text)
            if state.uncovered.count < SiteState.uncoveredKept, !state.uncovered.contains(question) {
                state.uncovered.append(question)
            }
            return SiteAnswer.missing(question)
        }
        state.used.insert(AnswerIndex(section: section, answer: index))
        return SiteAnswer(fixture.hosts[section].answers[index])
    }

    /// What blackstart's own actions do where the fixture says nothing of them: a copied file is there, a restart restarts.
    private func builtIn(host: String, query: SiteQuery) -> SiteAnswer? {
        guard case .run(let command) = query else { return nil }
        func key(_ target: Substring) -> String { "file \(target)" }
        if command == "reboot" { return .setting(StateValue(key: Self.powerKey, value: Self.cycle)) }
        if command.hasPrefix("copy "), let (source, target) = Self.split(command.dropFirst(5), " to ") {
            return .setting(StateValue(key: key(target), value: String(source)))
        }
        if command.hasPrefix("compare "), let (source, target) = Self.split(command.dropFirst(8), " with ") {
            return value(key(target), of: host) == String(source) ? .setting(nil) : .refused("")
        }
        if command.hasPrefix("restore ") { return .setting(StateValue(key: key(command.dropFirst(8)), value: nil)) }
        return nil
    }

    private static func split(_ text: Substring, _ sign: String) -> (Substring, Substring)? {
        guard let range = text.ranges(of: sign).last else { return nil }
        return (text[..<range.lowerBound], text[range.upperBound...])
    }

    /// Whether the fixture has any answer for this question on `host`, without giving it.
    package func covers(host: String, query: SiteQuery) -> Bool {
        guard let section = section(of: host) else { return false }
        return fixture.hosts[section].answers.contains { query.fits($0.matcher) && holds($0, on: host) }
    }

    private func holds(_ answer: Answer, on host: String) -> Bool {
        answer.when.allSatisfy { value($0.key, of: $0.host ?? host) == $0.value }
    }

    package var coverage: SiteCoverage {
        var unused: [SourcePlace] = []
        var total = 0
        for (section, host) in fixture.hosts.enumerated() {
            for (index, answer) in host.answers.enumerated() {
                total += 1
                if !state.used.contains(AnswerIndex(section: section, answer: index)) { unused.append(answer.place) }
            }
        }
        return SiteCoverage(used: total - unused.count, total: total, unused: unused, uncovered: state.uncovered)
    }
}

/// A question to a host of a site.
package enum SiteQuery: Hashable, Sendable {
    /// A whole shell command.
    case run(String)
    /// The ways to write one port, the preferred first: `5432`, `db01:5432`, `10.0.3.1:5432`.
    case tcp([String])
    case http(String)

    func fits(_ matcher: Answer.Matcher) -> Bool {
        switch (self, matcher) {
        case (.run(let command), .run(let pattern)):
            // A block of YAML ends in a line end that means nothing to a shell.
            Glob.matches(Self.trimmed(pattern), Self.trimmed(command))
        case (.tcp(let spellings), .tcp(let pattern)): spellings.contains { Glob.matches(pattern, $0) }
        case (.http(let url), .http(let pattern)): Glob.matches(pattern, url)
        case (.run, .tcp), (.run, .http), (.tcp, .run), (.tcp, .http), (.http, .run), (.http, .tcp): false
        }
    }

    var text: String {
        switch self {
        case .run(let command): Self.trimmed(command)
        case .tcp(let spellings): "tcp \(spellings.first ?? "")"
        case .http(let url): url
        }
    }

    private static func trimmed(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while let last = scalars.last, last == "\n" || last == "\r" { scalars.removeLast() }
        return String(scalars)
    }
}

/// What a host says, and what is so after it has said it.
package struct SiteAnswer: Hashable, Sendable {
    package var takes = Duration.zero
    package var stdout = ""
    package var stderr = ""
    /// Exit status 0…255 of a command; for tcp, 0 means that something accepts.
    package var exit = 0
    /// HTTP status; nil where nothing answers.
    package var status: Int?
    /// Takes effect at the end of ``takes``.
    package var set: [StateValue] = []
    /// False where the fixture has no answer.
    package var known = true

    init(_ answer: Answer) {
        takes = max(.zero, answer.takes)
        stdout = answer.stdout
        stderr = answer.stderr
        exit = answer.exit
        status = answer.status
        set = answer.set
    }

    static func missing(_ question: UncoveredQuestion) -> SiteAnswer {
        var answer = SiteAnswer()
        answer.exit = 127
        answer.known = false
        answer.stderr = "blackstart fixture: no answer for `\(question.text)` on \(question.host)\n"
        return answer
    }

    private init() {}

    /// A command that succeeds, and what is so after.
    static func setting(_ value: StateValue?) -> SiteAnswer {
        var answer = SiteAnswer()
        answer.set = [value].compactMap(\.self)
        return answer
    }

    /// A command that does not get to run.
    static func refused(_ words: String) -> SiteAnswer {
        var answer = SiteAnswer()
        answer.exit = 1
        answer.stderr = words
        return answer
    }
}
