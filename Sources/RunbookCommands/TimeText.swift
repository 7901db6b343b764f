/// Instants as people read them, in UTC: a clock that everyone at a dark site shares.
enum TimeText {
    struct Parts: Hashable {
        var year: Int64
        var month: Int64
        var day: Int64
        var hour: Int64
        var minute: Int64
        var second: Int64
    }

    /// The calendar of an instant in milliseconds since 1970 UTC (proleptic Gregorian).
    static func parts(_ milliseconds: Int64) -> Parts {
        let seconds = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        let whole = seconds.remainder < 0 ? seconds.quotient - 1 : seconds.quotient
        var day = whole / 86_400
        var rest = whole % 86_400
        if rest < 0 {
            rest += 86_400
            day -= 1
        }
        // Days are counted from 1 March of year 0, so that the leap day is the last of its year.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * ofYear + 2) / 153
        let calendarMonth = month < 10 ? month + 3 : month - 9
        return Parts(
            year: yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0), month: calendarMonth,
            day: ofYear - (153 * month + 2) / 5 + 1, hour: rest / 3_600, minute: rest / 60 % 60, second: rest % 60)
    }

    static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// `03:05:02`.
    static func clock(_ milliseconds: Int64) -> String {
        let parts = parts(milliseconds)
        return "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
    }

    /// `2026-01-15 03:05:02 UTC`.
    static func date(_ milliseconds: Int64) -> String {
        let parts = parts(milliseconds)
        return "\(parts.year)-\(two(parts.month))-\(two(parts.day)) \(clock(milliseconds)) UTC"
    }

    /// `20260115-0300`.
    static func stamp(_ milliseconds: Int64) -> String {
        let parts = parts(milliseconds)
        return "\(parts.year)\(two(parts.month))\(two(parts.day))-\(two(parts.hour))\(two(parts.minute))"
    }
}
