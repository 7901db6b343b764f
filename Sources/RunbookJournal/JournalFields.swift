/// What a line says: values by key, in the order in which a line holds them, that of the keys' bytes. A line has few of
/// them: they are found faster by looking than by hashing, and written without being sorted again.
package struct JournalFields: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    package struct Member: Hashable, Sendable {
        package let key: String
        package fileprivate(set) var value: JournalValue
    }

    private var members: [Member] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, JournalValue)...) { self.init(elements) }

    /// Of two values for one key the later one counts.
    package init(_ elements: some Sequence<(String, JournalValue)>) {
        members = elements.map { Member(key: $0.0, value: $0.1) }
        guard !zip(members, members.dropFirst()).allSatisfy({ Self.isBefore($0.key, $1.key) }) else { return }
        let sorted = members.enumerated().sorted {
            $0.element.key == $1.element.key
                ? $0.offset < $1.offset : Self.isBefore($0.element.key, $1.element.key)
        }
        members.removeAll()
        for (_, member) in sorted { self[member.key] = member.value }
    }

    /// nil: not there.
    package subscript(key: String) -> JournalValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let (index, isThere) = place(of: key)
            switch newValue {
            case let value? where isThere: members[index].value = value
            case let value?: members.insert(Member(key: key, value: value), at: index)
            case nil where isThere: members.remove(at: index)
            case nil: break
            }
        }
    }

    /// Both together; where both have a key, the value of these counts.
    package func merging(_ others: JournalFields) -> JournalFields {
        JournalFields((Array(others) + Array(self)).map { ($0.key, $0.value) })
    }

    package var keys: [String] { members.map(\.key) }

    package mutating func removeValue(forKey key: String) -> JournalValue? {
        let (index, isThere) = place(of: key)
        return isThere ? members.remove(at: index).value : nil
    }

    /// Where `key` stands, or would. Mostly keys come in order, so that the end is looked at first.
    private func place(of key: String) -> (index: Int, isThere: Bool) {
        var index = members.count
        while index > 0 {
            let before = members[index - 1].key
            if before == key { return (index - 1, true) }
            if Self.isBefore(before, key) { break }
            index -= 1
        }
        return (index, false)
    }

    private static func isBefore(_ one: String, _ other: String) -> Bool {
        one.utf8.lexicographicallyPrecedes(other.utf8)
    }
}

extension JournalFields: RandomAccessCollection {
    package var startIndex: Int { members.startIndex }
    package var endIndex: Int { members.endIndex }
    package subscript(position: Int) -> Member { members[position] }
}
