internal import RunbookModel

/// Days as `2026-08-02`, which compare as text.
enum DayText {
    /// The day so long before another one, by whole days; the text itself where it is no day.
    static func before(_ day: String, _ duration: Duration) -> String {
        let parts = day.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1...12).contains(parts[1]), (1...31).contains(parts[2]), (1...9_999).contains(parts[0])
        else { return day }
        let number = days(parts[0], parts[1], parts[2]) - Int(duration.wholeMilliseconds / 86_400_000)
        return text(number)
    }

    /// Days since 0000-03-01, by the proleptic Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let (era, ofEra) = (year / 400, year % 400)
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear
    }

    private static func text(_ number: Int) -> String {
        guard number >= 0 else { return "0000-01-01" }
        let (era, day) = (number / 146_097, number % 146_097)
        let ofEra = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let ofYear = day - (365 * ofEra + ofEra / 4 - ofEra / 100)
        let part = (5 * ofYear + 2) / 153
        let month = part + (part < 10 ? 3 : -9)
        let year = ofEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ value: Int, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - String(value).utf8.count)) + String(value)
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(ofYear - (153 * part + 2) / 5 + 1, 2))"
    }
}

extension DurationText {
    /// `30 days`, `1 day`; in its usual words where it is no whole number of days.
    static func days(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        guard milliseconds >= 86_400_000, milliseconds % 86_400_000 == 0 else { return words(duration) }
        let days = milliseconds / 86_400_000
        return "\(days) day\(days == 1 ? "" : "s")"
    }
}
