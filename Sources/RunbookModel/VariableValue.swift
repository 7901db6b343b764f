/// A value of an inventory that came from elsewhere: what JSON knows, with members in the order in which they stood.
package indirect enum VariableValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([VariableValue])
    case map([Member])

    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: VariableValue

        package init(_ name: String, _ value: VariableValue) {
            self.name = name
            self.value = value
        }
    }

    /// A scalar as a person would write it; nil for lists and maps.
    package var scalar: String? {
        switch self {
        case .null: ""
        case .boolean(let truth): truth ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .text(let text): text
        case .list, .map: nil
        }
    }
}

extension [VariableValue.Member] {
    package subscript(name: String) -> VariableValue? { first { $0.name == name }?.value }

    /// Puts a value in place of the one that has its name, or behind all others.
    package mutating func set(_ name: String, _ value: VariableValue) {
        if let index = firstIndex(where: { $0.name == name }) {
            self[index].value = value
        } else {
            append(VariableValue.Member(name, value))
        }
    }
}
