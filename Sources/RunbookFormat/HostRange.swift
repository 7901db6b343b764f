/// Names of hosts with ranges in them, as Ansible has them: `db[01:10:3]-[a:c]`.
enum HostRange {
    /// How many hosts one pattern may stand for.
    private static let limit = 100_000
    /// Of the pattern, and so about of each name: many of long names would fill any memory.
    private static let patternBytes = 1_000

    enum Fault: Error, Hashable {
        case bounds
        case widths
        case backwards
        case tooMany
        case step
        case long

        var message: String {
            switch self {
            case .bounds: "a range is written [BEGIN:END] or [BEGIN:END:STEP], with numbers or one letter each"
            case .widths: "the bounds of a range with leading zeros have equal lengths"
            case .backwards: "a range begins before it ends"
            case .tooMany: "a range stands for more than \(limit) hosts"
            case .step: "the step of a range is a number from 1"
            case .long: "the name of a host has at most \(patternBytes) bytes"
            }
        }
    }

    static func expand(_ pattern: String) throws(Fault) -> [String] {
        guard pattern.utf8.count <= patternBytes else { throw .long }
        var names = [""]
        var rest = pattern[...]
        while let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]") {
            let values = try values(rest[rest.index(after: open)..<close])
            guard names.count * values.count <= limit else { throw .tooMany }
            let head = rest[..<open]
            names = names.flatMap { name in values.map { "\(name)\(head)\($0)" } }
            rest = rest[rest.index(after: close)...]
        }
        return names.map { $0 + rest }
    }

    private static func values(_ text: Substring) throws(Fault) -> [String] {
        let bounds = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard bounds.count == 2 || bounds.count == 3, !bounds[1].isEmpty else { throw .bounds }
        let begin = bounds[0].isEmpty ? "0" : bounds[0]
        guard let step = bounds.count == 3 ? Int(bounds[2]) : 1, step > 0 else { throw .step }
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").map(String.init)
        if let from = letters.firstIndex(of: begin), let to = letters.firstIndex(of: bounds[1]) {
            guard from <= to else { throw .backwards }
            return stride(from: from, through: to, by: step).map { letters[$0] }
        }
        guard let from = Int(begin), let to = Int(bounds[1]) else { throw .bounds }
        let isPadded = begin.hasPrefix("0") && begin.utf8.count > 1
        guard !isPadded || begin.utf8.count == bounds[1].utf8.count else { throw .widths }
        guard to >= from else { return [] }
        let (span, overflow) = to.subtractingReportingOverflow(from)
        guard !overflow, span / step < limit else { throw .tooMany }
        return stride(from: from, through: to, by: step).map { number in
            let digits = String(number)
            let zeros = isPadded ? max(0, begin.utf8.count - digits.utf8.count) : 0
            return String(repeating: "0", count: zeros) + digits
        }
    }
}
