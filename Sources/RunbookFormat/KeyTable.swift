internal import RunbookModel

/// What a value has to be: the decoder reads by it, the JSON Schema says it, the documentation shows it.
indirect enum KeyType: Sendable {
    /// Any scalar but nothing.
    case text
    /// Text with something in it besides white space.
    case words
    /// One of a few words.
    case word([String])
    /// Text of this shape, as a regular expression for the schema and in words.
    case shape(String, String)
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case boolean
    case duration(isPositive: Bool)
    /// A name, or a list of names where `single` is true; else a list only.
    case names(single: Bool)
    case list(KeyType)
    /// A list, not empty, in which every mapping but the first has to have `needs`.
    case steps(KeyTable)
    /// Any names, each with such a value.
    case map(KeyType)
    /// Names of hosts and the like: letters, digits, `.`, `-` and `_`, at most 100.
    case named(KeyType)
    /// By names of services: they may have parts, as `dns:north.example`.
    case services(KeyType)
    case mapping(KeyTable)
    case either([KeyType])
    /// Nothing: `~`.
    case null

    static let date = shape("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a date")
    static let size = shape("^[0-9]+(\\.[0-9]{1,3})?([KMGTP]i)?B$", "a size")
    static let id = shape("^[a-z][a-z0-9-]*$", "an id")
}

/// One key of a mapping.
struct Key: Sendable {
    let name: String
    let type: KeyType
    /// What holds where the key is not given, as a person would write it; nil where nothing does.
    let standard: String?
    let isRequired: Bool
    /// One sentence for the person who writes it.
    let text: String
    /// The version that first knew it.
    let since: String

    /// A key that a mapping can do without, and what holds then; `standard` nil where nothing does.
    init(_ name: String, _ type: KeyType, _ standard: String?, _ text: String, since: String = "0.2") {
        (self.name, self.type, self.standard, self.text) = (name, type, standard, text)
        self.since = since
        isRequired = false
    }

    init(_ name: String, _ type: KeyType, isRequired: Bool = false, _ text: String, since: String = "0.2") {
        (self.name, self.type, self.isRequired, self.text) = (name, type, isRequired, text)
        self.since = since
        standard = nil
    }
}

/// The keys of one kind of mapping: what is read now, and what the language has but this version does not.
struct KeyTable: Sendable {
    /// `step`, `check`: what the schema and the documentation call such a mapping.
    let title: String
    let keys: [Key]
    /// Keys of which exactly one has to be there.
    let oneOf: [String]
    /// Keys that go only with another one.
    let wants: [(key: String, other: String)]
    /// Keys that can't both be there.
    let excludes: [(key: String, other: String)]
    let later: [String]
    let known: [String]

    init(
        _ title: String, _ keys: [Key], oneOf: [String] = [], wants: [(key: String, other: String)] = [],
        excludes: [(key: String, other: String)] = [], later: [String] = []
    ) {
        self.title = title
        self.keys = keys
        self.oneOf = oneOf
        self.wants = wants
        self.excludes = excludes
        self.later = later
        known = keys.map(\.name)
    }

    func type(_ name: String) -> KeyType? { keys.first { $0.name == name }?.type }

    /// The key that `key` was probably meant to be.
    func meant(by key: String) -> String? {
        if let meant = Self.synonyms[key.lowercased()], known.contains(meant) { return meant }
        return Nearest.name(to: key, in: known)
    }

    func hint(_ key: String) -> String? {
        if let meant = meant(by: key) { return "did you mean `\(meant)`?" }
        if key == "<<" { return "merge keys are not supported: write the keys out" }
        return known.count <= 12 ? "known keys are \(known.joined(separator: ", "))" : nil
    }

    /// What the same thing is called elsewhere.
    private static let synonyms = [
        "after": "needs", "dest": "to", "src": "from", "source": "from", "destination": "to", "arguments": "args",
        "ansible_host": "address", "check": "verify", "cmd": "run", "command": "run",
        "depends_on": "needs", "dependson": "needs", "description": "why", "environment": "env", "hostname": "address",
        "if_fails": "if_it_fails", "ip": "address", "on_error": "on_failure", "requires": "needs", "retry": "retries",
        "rollback": "undo", "shell": "run", "test": "verify", "title": "name", "username": "user", "wait": "wait_for",
    ]
}
