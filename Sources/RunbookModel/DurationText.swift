/// Durations as people write them: `90s`, `5m`, `1h30m`, `250ms`, `2d`.
package enum DurationText {
    /// The largest duration a file may ask for: 366 days.
    package static let limit = Duration.seconds(366 * 86_400)

    /// Reads `text`, or nil when it is no duration, is negative or is over ``limit``.
    package static func parse(_ text: String) -> Duration? {
        var total: Int64 = 0
        var digits: Int64?
        var unit = ""
        var lastScale = Int64.max
        func scale(_ unit: String) -> Int64? {
            switch unit {
            case "d": 86_400_000
            case "h": 3_600_000
            case "m": 60_000
            case "s": 1_000
            case "ms": 1
            default: nil
            }
        }
        func close() -> Bool {
            guard let value = digits, let scale = scale(unit), scale < lastScale else { return false }
            let (product, overflow) = value.multipliedReportingOverflow(by: scale)
            let (sum, overflow2) = total.addingReportingOverflow(product)
            guard !overflow, !overflow2, sum <= 366 * 86_400_000 else { return false }
            total = sum
            lastScale = scale
            digits = nil
            unit = ""
            return true
        }
        guard !text.isEmpty, text.utf8.count <= 32 else { return nil }
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39:
                if !unit.isEmpty, !close() { return nil }
                let digit = Int64(byte - 0x30)
                guard let (next) = step(digits ?? 0, digit) else { return nil }
                digits = next
            case 0x61...0x7A:
                unit.unicodeScalars.append(Unicode.Scalar(byte))
            default: return nil
            }
        }
        // A bare 0 needs no unit.
        if unit.isEmpty, digits == 0, lastScale == .max { return .zero }
        return close() ? .milliseconds(total) : nil
    }

    private static func step(_ value: Int64, _ digit: Int64) -> Int64? {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflow2) = product.addingReportingOverflow(digit)
        return overflow || overflow2 ? nil : sum
    }

    /// `1h30m`, `5m`, `90ms`: the shortest form that ``parse(_:)`` reads back.
    package static func format(_ duration: Duration) -> String {
        var rest = duration.wholeMilliseconds
        if rest <= 0 { return "0s" }
        var text = ""
        for (unit, scale) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
            let count = rest / scale
            rest %= scale
            if count > 0 { text += "\(count)\(unit)" }
        }
        return text
    }

    /// A running clock: `0:07`, `12:40`, `1:02:03`.
    package static func clock(_ duration: Duration) -> String {
        let seconds = max(0, duration.wholeMilliseconds / 1_000)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }

    /// For a sentence: `15 minutes`, `1 hour 30 minutes`, `40 seconds`.
    package static func words(_ duration: Duration) -> String {
        let seconds = max(0, duration.wholeMilliseconds / 1_000)
        func count(_ value: Int64, _ unit: String) -> String? {
            value == 0 ? nil : "\(value) \(unit)\(value == 1 ? "" : "s")"
        }
        let parts =
            seconds >= 3_600
            ? [count(seconds / 3_600, "hour"), count(seconds / 60 % 60, "minute")]
            : [count(seconds / 60, "minute"), count(seconds % 60, "second")]
        let text = parts.compactMap(\.self).joined(separator: " ")
        return text.isEmpty ? "0 seconds" : text
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero; saturates instead of trapping.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds < 0 ? .min : .max }
        return scaled + attoseconds / 1_000_000_000_000_000
    }
}
