internal import RunbookModel

/// The words of a shell text, as far as they can be told without running it: who reads them, and what stands in them.
///
/// It helps to find what an author has overlooked, and decides about nothing else: ``ShellPlace`` and the values
/// themselves keep what a host says from being run.
struct CommandWords {
    struct Word {
        /// Without quotes; U+0001 for each value and expansion.
        var text = ""
        /// Where expressions stand in it, or in a substitution in it.
        var values: [SourcePlace] = []
        /// The variables that the shell puts into it.
        var names: Set<String> = []
    }

    struct Command {
        var words: [Word] = []
        /// The variables in its here-documents.
        var input: Set<String> = []
        /// Which text it belongs to: the whole, or one `$( )`.
        var level = 0
        /// Its output goes to the next command of its level.
        var isPiped = false
        fileprivate var number = 0
    }

    private enum Item {
        case scalar(Unicode.Scalar)
        case value(SourcePlace)
    }

    private struct Document {
        var name: String
        var isQuoted: Bool
        var dropsTabs: Bool
        var command: Int
    }

    private(set) var commands: [Command] = []
    private var items: [Item] = []
    private var at = 0
    private var command = Command()
    private var word = Word()
    private var isInWord = false
    private var awaited: [Document] = []
    private var (levels, numbers) = (0, 0)

    private static let depth = 64

    init(_ template: Template) {
        for segment in template.segments {
            switch segment {
            case .literal(let text): items += text.unicodeScalars.map(Item.scalar)
            case .reference(let reference): items.append(.value(reference.place))
            }
        }
        read(isInner: false, depth: 0)
    }

    private func scalar(_ offset: Int = 0) -> Unicode.Scalar? {
        guard items.indices.contains(at + offset), case .scalar(let scalar) = items[at + offset] else { return nil }
        return scalar
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        word.text.unicodeScalars.append(scalar)
        isInWord = true
    }

    private mutating func endWord() {
        if isInWord { command.words.append(word) }
        word = Word()
        isInWord = false
    }

    private mutating func endCommand(isPiped: Bool = false) {
        endWord()
        command.isPiped = isPiped
        if !command.words.isEmpty { commands.append(command) }
        numbers += 1
        command = Command(level: command.level, number: numbers)
    }

    /// Commands up to the end, or up to the bracket that closes `$(`.
    private mutating func read(isInner: Bool, depth: Int) {
        var brackets = 0
        while at < items.count {
            guard let next = scalar() else {
                take()
                continue
            }
            let previous = at > 0 ? scalar(-1) : nil
            at += 1
            switch next {
            case " ", "\t": endWord()
            case "\n":
                endCommand()
                readDocuments()
            case "&" where previous == ">" || previous == "<" || scalar() == ">": append(next)
            case ";", "&": endCommand()
            case "|":
                let isOr = scalar() == "|"
                if isOr { at += 1 }
                endCommand(isPiped: !isOr)
            case "(":
                endCommand()
                brackets += 1
            case ")":
                endCommand()
                if isInner, brackets == 0 { return }
                brackets = max(0, brackets - 1)
            case "`": endCommand()
            case "'":
                isInWord = true
                while at < items.count, scalar() != "'" { takeLiteral() }
                at += 1
            case "\"": readDouble(depth)
            case "\\":
                if let escaped = scalar() {
                    at += 1
                    if escaped != "\n" { append(escaped) }
                }
            case "$": expand(depth)
            case "#" where !isInWord: while at < items.count, scalar() != "\n" { at += 1 }
            case "<" where scalar() == "<" && scalar(1) != "<":
                endWord()
                at += 1
                awaitDocument()
            case "<", ">": endWord()
            default: append(next)
            }
        }
        endCommand()
    }

    /// What is no more than itself.
    private mutating func takeLiteral() {
        guard let next = scalar() else { return take() }
        append(next)
        at += 1
    }

    private mutating func take() {
        if items.indices.contains(at), case .value(let place) = items[at] {
            word.values.append(place)
            append("\u{1}")
        }
        at += 1
    }

    private mutating func readDouble(_ depth: Int) {
        isInWord = true
        while at < items.count {
            guard let next = scalar() else {
                take()
                continue
            }
            at += 1
            switch next {
            case "\"": return
            case "\\":
                guard let escaped = scalar() else { continue }
                if !"$\"\\`\n".unicodeScalars.contains(escaped) { append(next) }
                if escaped != "\n" { append(escaped) }
                at += 1
            case "$": expand(depth)
            default: append(next)
            }
        }
    }

    /// What follows `$`.
    private mutating func expand(_ depth: Int) {
        switch scalar() {
        case "(" where depth < Self.depth:
            at += 1
            let outer = (command, word)
            levels += 1
            numbers += 1
            let first = commands.count
            (command, word, isInWord) = (Command(level: levels, number: numbers), Word(), false)
            read(isInner: true, depth: depth + 1)
            (command, word) = outer
            // What a substitution prints has to do with what it is given.
            for inner in commands[first...].flatMap(\.words) {
                word.values += inner.values
                word.names.formUnion(inner.names)
            }
            append("\u{1}")
        case "{":
            at += 1
            while let sign = scalar(), "#!".unicodeScalars.contains(sign) { at += 1 }
            takeName()
            while at < items.count, scalar() != "}", scalar() != "\n" {
                if scalar() == "$" {
                    at += 1
                    takeName()
                } else {
                    at += 1
                }
            }
            at += 1
            append("\u{1}")
        case let next? where Self.isNameScalar(next):
            takeName()
            append("\u{1}")
        default: append("$")
        }
    }

    private mutating func takeName() {
        var name = ""
        while let next = scalar(), Self.isNameScalar(next) {
            name.unicodeScalars.append(next)
            at += 1
        }
        if !name.isEmpty { word.names.insert(name) }
    }

    static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", "_": true
        default: false
        }
    }

    // MARK: Here-documents

    private mutating func awaitDocument() {
        var document = Document(name: "", isQuoted: false, dropsTabs: false, command: command.number)
        if scalar() == "-" {
            document.dropsTabs = true
            at += 1
        }
        while scalar() == " " || scalar() == "\t" { at += 1 }
        while let next = scalar(), !" \t\n;&|()<>".unicodeScalars.contains(next) {
            if "'\"\\".unicodeScalars.contains(next) {
                document.isQuoted = true
            } else {
                document.name.unicodeScalars.append(next)
            }
            at += 1
        }
        awaited.append(document)
    }

    private mutating func readDocuments() {
        for document in awaited {
            let kept = (word, isInWord)
            word = Word()
            while at < items.count {
                var line = ""
                while at < items.count, scalar() != "\n" {
                    if let next = scalar() { line.unicodeScalars.append(next) }
                    at += 1
                    if line.last == "$", !document.isQuoted {
                        if scalar() == "{" { at += 1 }
                        takeName()
                    }
                }
                at += 1
                if (document.dropsTabs ? String(line.drop { $0 == "\t" }) : line) == document.name { break }
            }
            if let owner = commands.lastIndex(where: { $0.number == document.command }) {
                commands[owner].input.formUnion(word.names)
            }
            (word, isInWord) = kept
        }
        awaited = []
    }
}
