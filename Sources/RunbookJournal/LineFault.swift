import RunbookModel

/// Why bytes are no line of a journal, or why an entry can't become one.
package enum LineFault: Error, Hashable, Sendable {
    case tooLong(bytes: Int)
    case notTerminated
    /// Neither canonical nor even JSON; `offset` counts bytes from the start of the line.
    case syntax(Syntax, offset: Int)
    case envelope(String)
    case unknownType(String)
    case badKey(String)
    case reservedKey(String)
    /// An object whose only key is `b64` would read back as bytes.
    case reservedObject
    case integerOutOfRange(Int64)
    case timeOutOfRange(Int64)
    case sequenceOutOfRange(Int)
    case tooDeep

    package enum Syntax: Hashable, Sendable {
        case expected(String)
        case control
        case utf8
        /// A character that has to be escaped is not, or one that must not be is.
        case escape
        case number
        case duplicateKey
        case keyOrder
        case key
        case base64
        case depth
        case trailing
    }

    package var message: String {
        switch self {
        case .tooLong(let bytes): "the line is \(bytes) bytes long; a line holds at most \(Limits.lineBytes)"
        case .notTerminated: "the line does not end with a line feed"
        case .syntax(let syntax, let offset): "\(syntax.message) at byte \(offset)"
        case .envelope(let key): "`\(key)` is missing, malformed or out of place"
        case .unknownType(let type): "the type `\(TerminalText.shown(type))` is not known to this version"
        case .badKey(let key): "the key `\(TerminalText.shown(key))` has characters outside [a-z0-9_.]"
        case .reservedKey(let key): "the key `\(key)` belongs to the journal itself"
        case .reservedObject: "an object with `b64` alone stands for bytes"
        case .integerOutOfRange(let value): "the integer \(value) is beyond 2^53 - 1"
        case .timeOutOfRange(let value): "the time \(value) ms is outside the years 1970 to 9999"
        case .sequenceOutOfRange(let value): "the sequence number \(value) is out of range"
        case .tooDeep: "values are nested deeper than \(LineLimits.depth)"
        }
    }
}

extension LineFault.Syntax {
    package var message: String {
        switch self {
        case .expected(let what): "expected \(what)"
        case .control: "a control character stands unescaped"
        case .utf8: "the text is not UTF-8"
        case .escape: "an escape is not the canonical one"
        case .number: "a number is not a canonical integer within 2^53 - 1"
        case .duplicateKey: "a key appears twice"
        case .keyOrder: "the keys are not in order"
        case .key: "a key has characters outside [a-z0-9_.]"
        case .base64: "the base64 text is not canonical"
        case .depth: "values are nested deeper than \(LineLimits.depth)"
        case .trailing: "something follows the end of the object"
        }
    }
}
