internal import RunbookModel

/// Which of some steps each step waits for, directly or through others: a bit for each of them, carried along the needs once.
struct StepAncestors {
    private var bits: [UInt64]
    /// Words of bits of one step.
    private let width: Int
    /// The bit of each step that is asked about.
    private let numbers: [Int: Int]
    /// Steps of a circle, and those behind one: a circle is told by itself.
    private let isOpen: [Bool]

    init(_ needs: [[Int]], of asked: Set<Int>) {
        numbers = Dictionary(asked.sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { one, _ in one })
        width = (asked.count + 63) / 64
        var bits = Array(repeating: UInt64(0), count: needs.count * width)
        var waiting = needs.map(\.count)
        var dependents = Array(repeating: [Int](), count: needs.count)
        for (step, needed) in needs.enumerated() { for need in needed { dependents[need].append(step) } }
        var order = waiting.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            let step = order[next]
            next += 1
            for dependent in dependents[step] {
                for word in 0..<width { bits[dependent * width + word] |= bits[step * width + word] }
                if let number = numbers[step] { bits[dependent * width + number / 64] |= 1 << UInt64(number % 64) }
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { order.append(dependent) }
            }
        }
        self.bits = bits
        isOpen = waiting.map { $0 > 0 }
    }

    func waits(_ step: Int, for other: Int) -> Bool {
        guard let number = numbers[other], !isOpen[step] else { return true }
        return bits[step * width + number / 64] >> UInt64(number % 64) & 1 == 1
    }
}
