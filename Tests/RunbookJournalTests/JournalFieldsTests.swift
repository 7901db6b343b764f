import RunbookJournal
import Testing

@Suite struct JournalFieldsTests {
    @Test("fields stand in the order of their keys' bytes, however they come")
    func order() {
        let keys = ["up", "a_b", "a.b", "a", "zone", "ts", "b1", "b", "b10"]
        let sorted = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var one = JournalFields()
        for (number, key) in keys.enumerated() { one[key] = .integer(Int64(number)) }
        let all = JournalFields(keys.enumerated().map { ($1, .integer(Int64($0))) })
        #expect(one.keys == sorted)
        #expect(all == one)
        #expect(all.map(\.key) == sorted)
        for (number, key) in keys.enumerated() { #expect(all[key] == .integer(Int64(number))) }
        #expect(all["b2"] == nil)
    }

    @Test("of two values for one key the later one counts, and taking a value out leaves the others")
    func oneValue() {
        var fields: JournalFields = ["b": .integer(1), "a": .integer(2), "b": .integer(3)]
        #expect(fields == ["a": .integer(2), "b": .integer(3)])
        fields["a"] = .integer(4)
        #expect(
            fields.merging(["a": .integer(5), "c": .integer(6)]) == [
                "a": .integer(4), "b": .integer(3), "c": .integer(6),
            ])
        #expect(fields.removeValue(forKey: "b") == .integer(3))
        #expect(fields.removeValue(forKey: "b") == nil)
        fields["a"] = nil
        #expect(fields.isEmpty)
    }
}
