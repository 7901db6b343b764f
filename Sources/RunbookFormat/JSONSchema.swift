/// A JSON Schema (draft 7) of a file, made from the tables that the reader goes by.
///
/// YAML types plain scalars by itself (`1` is a number, `true` a boolean) where our reader goes by the key: so text may be
/// any scalar, and numbers may stand in quotes.
package enum JSONSchema {
    /// With a line end behind it.
    package static func text(_ file: LanguageReference.File) -> String {
        let root = LanguageReference.root(file)
        var definitions: [(String, Value)] = []
        var seen: Set<String> = [root.title]
        var open = root.keys.flatMap(\.type.tables)
        while !open.isEmpty {
            let table = open.removeFirst()
            guard seen.insert(table.title).inserted else { continue }
            definitions.append((name(table), object(table)))
            open += table.keys.flatMap(\.type.tables)
        }
        var members: [(String, Value)] = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")),
            ("title", .string("blackstart \(file.rawValue), version 1")),
        ]
        if case .object(let own) = object(root) { members += own }
        members.append(("definitions", .object(definitions)))
        return Value.object(members).text(indent: 0) + "\n"
    }

    private static func name(_ table: KeyTable) -> String { table.title.replacing(" ", with: "_") }

    private static func object(_ table: KeyTable) -> Value {
        var members: [(String, Value)] = [
            ("type", .string("object")), ("additionalProperties", .boolean(false)),
            ("properties", .object(table.keys.map { ($0.name, property($0)) })),
        ]
        let required = table.keys.filter(\.isRequired).map { Value.string($0.name) }
        if !required.isEmpty { members.append(("required", .array(required))) }
        if !table.oneOf.isEmpty { members.append(("oneOf", .array(table.oneOf.map { requiring([$0]) }))) }
        if !table.wants.isEmpty {
            members.append(("dependencies", .object(table.wants.map { ($0.key, .array([.string($0.other)])) })))
        }
        if !table.excludes.isEmpty {
            members.append(
                ("not", .object([("anyOf", .array(table.excludes.map { requiring([$0.key, $0.other]) }))])))
        }
        return .object(members)
    }

    private static func requiring(_ names: [String]) -> Value {
        .object([("required", .array(names.map(Value.string)))])
    }

    private static func property(_ key: Key) -> Value {
        guard case .object(var members) = value(key.type) else { return value(key.type) }
        // What stands beside a reference is not looked at in this draft.
        if members.first?.0 == "$ref" { members = [("allOf", .array([.object(members)]))] }
        switch key.type {
        case .named, .map: if key.isRequired { members.append(("minProperties", .integer(1))) }
        default: break
        }
        members.insert(("description", .string(key.text)), at: 0)
        if let standard = key.standard { members.append(("default", literal(standard))) }
        return .object(members)
    }

    private static func literal(_ text: String) -> Value {
        switch text {
        case "[]": .array([])
        case "{}": .object([])
        case "true", "false": .boolean(text == "true")
        default: Int(text).map(Value.integer) ?? .string(text)
        }
    }

    private static func value(_ type: KeyType) -> Value {
        switch type {
        case .text: scalar
        case .words: .object([("type", scalarTypes), ("pattern", .string("\\S"))])
        case .word(let words):
            .object([("enum", .array(words.flatMap { [.string($0)] + (Int($0).map { [.integer($0)] } ?? []) }))])
        case .shape(let pattern, _): .object([("type", .string("string")), ("pattern", .string(pattern))])
        case .integer(let range):
            .object([
                ("type", .array([.string("integer"), .string("string")])), ("minimum", .integer(range.lowerBound)),
                ("maximum", .integer(range.upperBound)), ("pattern", .string("^-?[0-9]+$")),
            ])
        case .number(let range):
            .object([
                ("type", .array([.string("number"), .string("string")])), ("minimum", .number(range.lowerBound)),
                ("maximum", .number(range.upperBound)), ("pattern", .string("^[0-9.]+$")),
            ])
        case .boolean:
            .object([("enum", .array([.boolean(true), .boolean(false), .string("true"), .string("false")]))])
        case .duration(let isPositive): duration(isPositive)
        case .names(let single): single ? anyOf([scalar, names]) : names
        case .list(let inner): .object([("type", .string("array")), ("items", value(inner))])
        case .steps(let table): steps(table)
        case .map(let inner):
            .object([("type", .string("object")), ("additionalProperties", value(inner))])
        case .named(let inner): map(inner, names: "^(?!local$)[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$")
        case .services(let inner):
            map(inner, names: "^(?!local$)(?!.{101})[A-Za-z0-9_][A-Za-z0-9._-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*)*$")
        case .mapping(let table): .object([("$ref", .string("#/definitions/\(name(table))"))])
        case .either(let types): anyOf(types.map(value))
        case .null: .object([("type", .string("null"))])
        }
    }

    private static func map(_ inner: KeyType, names pattern: String) -> Value {
        .object([
            ("type", .string("object")), ("additionalProperties", value(inner)),
            ("propertyNames", .object([("pattern", .string(pattern))])),
        ])
    }

    private static let scalarTypes = Value.array(["string", "number", "boolean"].map(Value.string))
    private static let scalar = Value.object([("type", scalarTypes)])
    private static let names = Value.object([
        ("type", .string("array")), ("items", scalar), ("uniqueItems", .boolean(true)),
    ])

    private static func anyOf(_ values: [Value]) -> Value { .object([("anyOf", .array(values))]) }

    private static func duration(_ isPositive: Bool) -> Value {
        let shape = "([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
        let text = Value.object([
            ("type", .string("string")),
            ("pattern", .string(isPositive ? "^(?=.*[1-9])\(shape)" : "^(?=.)(0$|\(shape))")),
        ])
        return isPositive ? text : anyOf([text, .object([("const", .integer(0))])])
    }

    private static func steps(_ table: KeyTable) -> Value {
        let step = value(.mapping(table))
        return .object([
            ("type", .string("array")), ("minItems", .integer(1)), ("items", .array([step])),
            ("additionalItems", .object([("allOf", .array([step, requiring(["needs"])]))])),
        ])
    }

    /// JSON whose members keep their order.
    private indirect enum Value {
        case string(String)
        case integer(Int)
        case number(Double)
        case boolean(Bool)
        case array([Value])
        case object([(String, Value)])

        private var isShort: Bool {
            switch self {
            case .string, .integer, .number, .boolean: true
            case .array(let items): items.allSatisfy { if case .object = $0 { false } else { $0.isShort } }
            case .object(let members): members.isEmpty
            }
        }

        func text(indent: Int) -> String {
            let inner = String(repeating: " ", count: indent + 2)
            let end = "\n" + String(repeating: " ", count: indent)
            switch self {
            case .string(let text): return Self.quoted(text)
            case .integer(let number): return String(number)
            case .number(let number): return number == number.rounded() ? String(Int(number)) : String(number)
            case .boolean(let truth): return truth ? "true" : "false"
            case .array(let items):
                if isShort { return "[" + items.map { $0.text(indent: 0) }.joined(separator: ", ") + "]" }
                return "[\n" + items.map { inner + $0.text(indent: indent + 2) }.joined(separator: ",\n") + end + "]"
            case .object(let members):
                if members.isEmpty { return "{}" }
                let lines = members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.text(indent: indent + 2))" }
                return "{\n" + lines.joined(separator: ",\n") + end + "}"
            }
        }

        /// Patterns and descriptions of our own: ASCII, and nothing that needs more than this.
        private static func quoted(_ text: String) -> String {
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
    }
}
