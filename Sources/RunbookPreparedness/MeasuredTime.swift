/// How long something took in past runs.
package struct MeasuredTime: Hashable, Sendable {
    package let count: Int
    package let median: Duration
    /// 90th percentile, by nearest rank: nine of ten were no slower.
    package let ninetieth: Duration

    /// nil of none.
    package init?(_ times: [Duration]) {
        guard !times.isEmpty else { return nil }
        let sorted = times.sorted()
        count = sorted.count
        median = sorted[(sorted.count - 1) / 2]
        ninetieth = sorted[(sorted.count * 9 + 9) / 10 - 1]
    }
}
