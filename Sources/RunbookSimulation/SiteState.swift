package import RunbookModel

/// What a site remembers between two answers: plain data, so that the lab can keep it in a file.
package struct SiteState: Hashable, Sendable {
    /// What was set since the start; nil means that the key was unset. Looked up by key, never iterated for a decision.
    package var values: [SiteKey: String?] = [:]
    /// How often a host has booted since the start.
    package var boots: [String: Int] = [:]
    /// Site time, in milliseconds, at which a booting host answers.
    package var readyAt: [String: Int64] = [:]
    /// Steps of which a request was seen.
    package var begun: Set<String> = []
    /// How many operations each fault of the fixture has hit, in file order.
    package var faultHits: [Int] = []
    /// Answers given so far.
    package var used: Set<AnswerIndex> = []
    /// Questions that had no answer, each once, in the order they came.
    package var uncovered: [UncoveredQuestion] = []

    package init() {}

    /// How many different uncovered questions are kept.
    package static let uncoveredKept = 10_000
}

package struct SiteKey: Hashable, Sendable {
    package var host: String
    package var key: String

    package init(host: String, key: String) {
        self.host = host
        self.key = key
    }
}

/// Names an answer of a fixture: both numbers count from 0 in file order.
package struct AnswerIndex: Hashable, Sendable, Comparable {
    package var section: Int
    package var answer: Int

    package init(section: Int, answer: Int) {
        self.section = section
        self.answer = answer
    }

    package static func < (one: Self, other: Self) -> Bool {
        (one.section, one.answer) < (other.section, other.answer)
    }
}

/// A question that no answer of the fixture fits.
package struct UncoveredQuestion: Hashable, Sendable {
    package var host: String
    /// The command, `tcp PORT` or the URL.
    package var text: String

    package init(host: String, text: String) {
        self.host = host
        self.text = text
    }
}

/// How much of a fixture was used, and what it could not answer.
package struct SiteCoverage: Hashable, Sendable {
    package var used: Int
    package var total: Int
    /// Where the answers stand that were never given, in file order.
    package var unused: [SourcePlace]
    package var uncovered: [UncoveredQuestion]
}
