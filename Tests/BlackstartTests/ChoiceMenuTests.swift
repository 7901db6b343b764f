import RunbookCommands
import RunbookModel
import RunbookTransport
import TestTools
import Testing

/// What can be typed at a question.
@Suite("Menus")
struct ChoiceMenuTests {
    private static func menu(_ kind: QuestionKind, _ choices: [Choice] = Choice.allCases) -> ChoiceMenu {
        ChoiceMenu(Question(kind, task: TaskID(step: "s", host: nil), text: "?", choices: choices))
    }

    @Test("a digit means the same word at every question that takes digits")
    func digits() {
        var meanings: [Int: Set<ChoiceMenu.Reading>] = [:]
        for kind in QuestionKind.allCases {
            for digit in 0...20 {
                let reading = Self.menu(kind).read("\(digit)")
                if reading != .unknown { meanings[digit, default: []].insert(reading) }
            }
        }
        #expect(meanings.values.allSatisfy { $0.count == 1 }, "\(meanings)")
        #expect(
            meanings.mapValues(\.first) == [
                1: .choice(.retry), 2: .choice(.skip), 3: .choice(.rollback), 4: .choice(.stop), 5: .choice(.done),
                6: .details,
            ])
    }

    @Test(
        "where the answer says that something is done, is to be done all the same, or is agreed to, only the word counts",
        arguments: [QuestionKind.manual, .danger, .approval, .unclear, .undo, .irreversible])
    func wordsOnly(_ kind: QuestionKind) {
        let menu = Self.menu(kind)
        for digit in 0...20 { #expect(menu.read("\(digit)") == .unknown) }
        for choice in Choice.allCases { #expect(menu.read(" \(choice.rawValue.uppercased())\r") == .choice(choice)) }
        #expect(menu.prompt == "Type the word (no default): ")
        #expect(menu.complaint.contains("Numbers are not answers"))
    }

    @Test("a digit stays with its word where other words are not offered, and the prompt names those there are")
    func gaps() {
        let whole = Self.menu(.failure, [.retry, .skip, .rollback, .stop, .done])
        #expect(whole.prompt == "Choose 1-6 or type the word (no default): ")
        let approval = Self.menu(.failure, [.retry, .rollback, .stop])
        #expect(approval.prompt == "Choose 1, 3, 4, 6 or type the word (no default): ")
        #expect(approval.read("2") == .unknown && approval.read("skip") == .unknown)
        #expect(approval.read("3") == .choice(.rollback) && approval.read("6") == .details)
    }

    @Test("what was never offered is no answer", arguments: ["", "01", "+1", "1 2", "١", "retry it", "re"])
    func unknown(_ typed: String) {
        #expect(Self.menu(.failure, [.retry, .stop]).read(typed) == .unknown)
    }
}
