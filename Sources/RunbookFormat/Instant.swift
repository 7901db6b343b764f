/// `2026-01-15T03:00:00Z`, as milliseconds since 1970 UTC.
enum Instant {
    static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            bytes[19] == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), year >= 1970, (1...12).contains(month),
            (1...daysIn(month, year)).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var days: Int64 = 0
        for past in 1970..<year { days += isLeap(past) ? 366 : 365 }
        for past in 1..<month { days += daysIn(past, year) }
        return ((days + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000
    }

    /// `2026-01-15T03:00:00Z` of milliseconds since 1970 UTC; parts of a second are cut off.
    static func text(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds / 1_000)
        var days = seconds / 86_400
        var year: Int64 = 1970
        while days >= (isLeap(year) ? 366 : 365), year < 9999 {
            days -= isLeap(year) ? 366 : 365
            year += 1
        }
        var month: Int64 = 1
        while month < 12, days >= daysIn(month, year) {
            days -= daysIn(month, year)
            month += 1
        }
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = seconds % 86_400
        return
            "\(year)-\(two(month))-\(two(days + 1))T\(two(clock / 3_600)):\(two(clock / 60 % 60)):\(two(clock % 60))Z"
    }

    private static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func daysIn(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
