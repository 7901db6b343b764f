/// A number with its noun.
enum Count {
    /// `1 step`, `2 steps`; `several` where an s does not do.
    static func of(_ number: Int, _ one: String, _ several: String? = nil) -> String {
        "\(number) \(number == 1 ? one : several ?? "\(one)s")"
    }
}
