internal import RunbookModel

/// What a person typed at a prompt, or gave as a reason on the command line: whether it is an answer at all. Every prompt
/// asks here, so Esc, an arrow key or Enter alone never goes on record as somebody's word.
enum TypedText {
    enum Fault: Error, Hashable {
        case blank
        case control
        case oneWord
        case tooLong

        /// What is wrong, as a sentence.
        var message: String {
            switch self {
            case .blank: "Nothing was typed."
            case .control: "That holds keys that are not text, such as Esc or an arrow key."
            case .oneWord: "A reason has two words or more."
            case .tooLong: "That is longer than \(TypedText.limitBytes) bytes."
            }
        }
    }

    /// Of one answer.
    static let limitBytes = 4 << 10

    /// `text` without white space around it, where it is an answer.
    static func answer(_ text: String) throws(Fault) -> String {
        let text = text.trimmingSpaces
        guard text.utf8.count <= limitBytes else { throw .tooLong }
        guard text.unicodeScalars.allSatisfy({ TerminalText.isPrintable($0) || $0 == "\t" }) else { throw .control }
        guard text.contains(where: { !$0.isWhitespace }) else { throw .blank }
        return text
    }

    /// `text` without white space around it, where it is a reason.
    static func reason(_ text: String) throws(Fault) -> String {
        let text = try answer(text)
        let words = text.split(whereSeparator: \.isWhitespace).count { $0.contains { $0.isLetter || $0.isNumber } }
        guard words >= 2 else { throw .oneWord }
        return text
    }

    /// How often a prompt is asked before it counts that nobody answers.
    static let tries = 100

    /// Asks until there is an answer; nil once the input has ended.
    static func ask(_ prompt: String, say: (String) -> Void, _ read: (String) -> String?) -> String? {
        for _ in 0..<tries {
            guard let line = read(prompt) else { return nil }
            do { return try answer(line) } catch { say("  \(error.message)\n") }
        }
        return nil
    }

    enum Reason: Hashable {
        case given(String)
        /// The person would rather choose something else.
        case back
        case inputEnded
    }

    /// Asks for a reason, and shows it as it will stand on record before it does.
    static func askReason(_ prompt: String, say: (String) -> Void, _ read: (String) -> String?) -> Reason {
        var shown: String?
        for _ in 0..<tries {
            let asked = shown == nil ? prompt : "  Type yes to keep it, or write it again: "
            guard let line = read(asked) else { return .inputEnded }
            let word = line.trimmingSpaces.lowercased()
            if let shown, word == "yes" || word == "y" { return .given(shown) }
            if word == "back" { return .back }
            do {
                let reason = try reason(line)
                shown = reason
                say("  Goes on record: \"\(TerminalText.shown(reason))\"\n")
            } catch { say("  \(error.message) Type back to choose again.\n") }
        }
        return .inputEnded
    }
}
