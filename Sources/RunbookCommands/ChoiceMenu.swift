package import RunbookModel
package import RunbookTransport

/// What can be typed at a question, in the order in which it is shown.
///
/// A digit means one word alone, whatever is asked: an answer that goes to another question than the one that was read must
/// not say the opposite. Digits belong to what was to run and did not; all other questions take words only.
package struct ChoiceMenu: Sendable {
    package struct Entry: Hashable, Sendable {
        /// nil for a look at the details.
        package var choice: Choice?
        package var word: String
        /// nil where only the word counts.
        package var digit: Int?
    }

    package enum Reading: Hashable, Sendable {
        case choice(Choice)
        case details
        case unknown
    }

    package static let details = "details"

    package let entries: [Entry]

    package init(_ question: Question) {
        let hasDigits = Self.hasDigits(question.kind)
        var entries = question.choices.map { choice in
            Entry(choice: choice, word: choice.rawValue, digit: hasDigits ? Self.digit(choice) : nil)
        }
        if Self.hasDetails(question.kind) { entries.append(Entry(word: Self.details, digit: hasDigits ? 6 : nil)) }
        self.entries = entries
    }

    /// For good: people remember them.
    private static func digit(_ choice: Choice) -> Int? {
        switch choice {
        case .retry: 1
        case .skip: 2
        case .rollback: 3
        case .stop: 4
        case .done: 5
        case .failed, .confirm, .approve: nil
        }
    }

    private static func hasDigits(_ kind: QuestionKind) -> Bool {
        switch kind {
        case .failure, .lapsed: true
        // The words of an undo are about taking back: `done` there says that the step is gone.
        case .manual, .danger, .approval, .unclear, .undo, .irreversible: false
        }
    }

    /// Whether there is more to show than the question does.
    private static func hasDetails(_ kind: QuestionKind) -> Bool { kind != .manual && kind != .approval }

    package var prompt: String {
        let digits = entries.compactMap(\.digit)
        guard let first = digits.first, let last = digits.last else { return "Type the word (no default): " }
        let isWhole = digits == Array(first...max(first, last))
        let numbers = isWhole ? "\(first)-\(last)" : digits.map(String.init).joined(separator: ", ")
        return "Choose \(numbers) or type the word (no default): "
    }

    /// What is said to what can't be understood.
    package var complaint: String {
        entries.contains { $0.digit != nil }
            ? "Please choose one of the numbers or words above.\n"
            : "Please type one of the words above. Numbers are not answers to this question.\n"
    }

    package func read(_ line: String) -> Reading {
        let word = line.trimmingSpaces.lowercased()
        guard let entry = entries.first(where: { $0.word == word || $0.digit.map(String.init) == word }) else {
            return .unknown
        }
        return entry.choice.map(Reading.choice) ?? .details
    }
}

extension QuestionKind {
    /// What a person is asked for beside `choice`; nil where the word is enough. On the command line the same is needed of a
    /// word that makes a step green.
    package func reasonPrompt(for choice: Choice) -> String? {
        switch (choice, self) {
        case (.skip, _): "  Reason (goes on record): "
        case (.done, .failure), (.done, .unclear), (.done, .undo): "  What did you do, and how do you know? "
        case (.failed, .manual): "  What did you see? "
        case (.failed, .approval): "  Why not? "
        default: nil
        }
    }
}
