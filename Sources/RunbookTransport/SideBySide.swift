/// Many at once, within a bound.
package enum SideBySide {
    /// What `body` makes of each item, in the items' order; at most `atOnce` of them are under way.
    package static func map<Item: Sendable, Value: Sendable>(
        _ items: [Item], atOnce: Int, _ body: @escaping @Sendable (Item) async -> Value
    ) async -> [Value] {
        await withTaskGroup(of: (Int, Value).self) { group in
            var found: [Int: Value] = [:]
            for (index, item) in items.enumerated() {
                if index >= atOnce, let (number, value) = await group.next() { found[number] = value }
                group.addTask { (index, await body(item)) }
            }
            for await (number, value) in group { found[number] = value }
            return items.indices.compactMap { found[$0] }
        }
    }
}
