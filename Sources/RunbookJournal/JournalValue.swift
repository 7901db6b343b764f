/// What a field of a journal line can hold. No floats and no null: both read differently in different tools.
package enum JournalValue: Hashable, Sendable {
    case string(String)
    /// At most 2^53 - 1 in magnitude, so that every JSON reader sees the same number.
    case integer(Int64)
    case boolean(Bool)
    case array([JournalValue])
    /// Keys are `[a-z0-9_.]`; an object whose only key is `b64` is reserved for ``bytes(_:)``.
    case object(JournalFields)
    /// Written as `{"b64":"…"}`.
    case bytes([UInt8])

    /// Bytes as they came from a host: a string where they are UTF-8, else ``bytes(_:)``.
    package static func text(_ bytes: some Collection<UInt8>) -> JournalValue {
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        return .bytes(Array(bytes))
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    package var array: [JournalValue]? { if case .array(let value) = self { value } else { nil } }
    package var object: JournalFields? { if case .object(let value) = self { value } else { nil } }
}

/// What a caller hands to the journal: a type and its fields. Everything else is the journal's own business.
package struct Draft: Hashable, Sendable {
    package var type: String
    /// Without the journal's own keys `prev`, `seq`, `t`, `ts`, `up`.
    package var fields: JournalFields

    package init(type: String, fields: JournalFields) {
        self.type = type
        self.fields = fields
    }
}

/// One line of the journal.
package struct JournalEntry: Hashable, Sendable {
    /// From 1, without gaps; the only order there is.
    package var sequence: Int
    package var type: String
    /// Milliseconds since 1970 UTC. For people only: clocks are wrong in a blackout.
    package var timestamp: Int64
    /// Monotonic milliseconds since the session began.
    package var uptime: Int64
    /// Without `prev`, `seq`, `t`, `ts`, `up`.
    package var fields: JournalFields

    package init(sequence: Int, type: String, timestamp: Int64, uptime: Int64, fields: JournalFields) {
        self.sequence = sequence
        self.type = type
        self.timestamp = timestamp
        self.uptime = uptime
        self.fields = fields
    }
}
