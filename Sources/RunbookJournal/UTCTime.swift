/// RFC 3339 in UTC with milliseconds, `2026-01-15T03:00:00.123Z`: the only form of a time in a journal.
package enum UTCTime {
    static let length = 24

    /// nil outside the years 1970 to 9999. `milliseconds` count from 1970.
    package static func text(_ milliseconds: Int64) -> String? {
        guard (0...LineLimits.timestamp).contains(milliseconds) else { return nil }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length) { room in
            var text = LineSink(room)
            append(milliseconds, to: &text)
            return String(decoding: text.bytes, as: UTF8.self)
        }
    }

    /// `milliseconds` is within range.
    static func append(_ milliseconds: Int64, to line: inout LineSink) {
        let time = milliseconds % 86_400_000
        let (year, month, day) = date(days: milliseconds / 86_400_000)
        digits(year, 4, to: &line)
        line.append(UInt8(ascii: "-"))
        digits(month, 2, to: &line)
        line.append(UInt8(ascii: "-"))
        digits(day, 2, to: &line)
        line.append(UInt8(ascii: "T"))
        digits(time / 3_600_000, 2, to: &line)
        line.append(UInt8(ascii: ":"))
        digits(time / 60_000 % 60, 2, to: &line)
        line.append(UInt8(ascii: ":"))
        digits(time / 1000 % 60, 2, to: &line)
        line.append(UInt8(ascii: "."))
        digits(time % 1000, 3, to: &line)
        line.append(UInt8(ascii: "Z"))
    }

    /// Milliseconds since 1970, or nil unless `text` is exactly what ``text(_:)`` writes.
    package static func milliseconds<Text: RandomAccessCollection>(_ text: Text) -> Int64?
    where Text.Element == UInt8, Text.Index == Int {
        guard text.count == length else { return nil }
        var at = text.startIndex
        func number(_ count: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<count {
                guard case UInt8(ascii: "0")...UInt8(ascii: "9") = text[at] else { return nil }
                value = value * 10 + Int64(text[at] - UInt8(ascii: "0"))
                at += 1
            }
            return value
        }
        func sign(_ byte: UInt8) -> Bool {
            defer { at += 1 }
            return text[at] == byte
        }
        guard let year = number(4), sign(UInt8(ascii: "-")), let month = number(2), sign(UInt8(ascii: "-")),
            let day = number(2), sign(UInt8(ascii: "T")), let hour = number(2), sign(UInt8(ascii: ":")),
            let minute = number(2), sign(UInt8(ascii: ":")), let second = number(2), sign(UInt8(ascii: ".")),
            let fraction = number(3), sign(UInt8(ascii: "Z")),
            year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let days = days(year: year, month: month, day: day)
        guard date(days: days) == (year, month, day) else { return nil }
        return days * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction
    }

    @inline(__always)
    private static func digits(_ value: Int64, _ count: Int, to line: inout LineSink) {
        var divisor: Int64 = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            line.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    /// Days since 1970 of a date of the Gregorian calendar (years counted from March, in eras of 400 years).
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let yearOfEra = year % 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return year / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (shifted / 146_097 * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }
}
