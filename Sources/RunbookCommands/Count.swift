internal import RunbookModel
internal import RunbookPlan

/// A number with its noun.
enum Count {
    /// `1 step`, `2 steps`; `several` where an s does not do.
    static func of(_ number: Int, _ one: String, _ several: String? = nil) -> String {
        "\(number) \(number == 1 ? one : several ?? "\(one)s")"
    }

    /// `3 errors, 1 warning`; nil where there are none.
    static func findings(errors: Int, warnings: Int) -> String? {
        let parts = [errors == 0 ? nil : of(errors, "error"), warnings == 0 ? nil : of(warnings, "warning")]
        let words = parts.compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    /// `3 steps and 2 machines (web2, web3)`: what a selection leaves out; nil where nothing is.
    static func leftOut(of plan: Plan) -> String? {
        var parts: [String] = []
        if plan.leftOut > 0 { parts.append(of(plan.leftOut, "step")) }
        let hosts = plan.hostsLeftOut
        if !hosts.isEmpty {
            let names = hosts.prefix(namesShown).map { TerminalText.shown($0) }.joined(separator: ", ")
            let more = hosts.count > namesShown ? ", …" : ""
            parts.append("\(of(hosts.count, "machine")) (\(names)\(more))")
        }
        return parts.isEmpty ? nil : parts.joined(separator: " and ")
    }

    private static let namesShown = 4
}
