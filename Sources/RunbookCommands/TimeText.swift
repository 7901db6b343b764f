internal import Glibc
internal import RunbookModel

/// Instants as people read them: by the clock on the wall of whoever reads (`TZ`, else the system's zone), with the zone
/// named. A journal keeps UTC.
enum TimeText {
    struct Parts: Hashable {
        var year: Int64
        var month: Int64
        var day: Int64
        var hour: Int64
        var minute: Int64
        var second: Int64
        /// `CET`, or `+03` where the zone has no name.
        var zone: String
    }

    /// The local calendar of an instant in milliseconds since 1970 UTC.
    static func parts(_ milliseconds: Int64) -> Parts { parts(milliseconds, localtime_r) }

    private static func parts(
        _ milliseconds: Int64,
        _ calendar: (UnsafePointer<time_t>, UnsafeMutablePointer<tm>) -> UnsafeMutablePointer<tm>?
    ) -> Parts {
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        var seconds = time_t(remainder < 0 ? quotient - 1 : quotient)
        var parts = tm()
        // A year beyond what the calendar counts: there is no such instant in a journal.
        guard calendar(&seconds, &parts) != nil else {
            return Parts(year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, zone: "UTC")
        }
        return Parts(
            year: Int64(parts.tm_year) + 1_900, month: Int64(parts.tm_mon) + 1, day: Int64(parts.tm_mday),
            hour: Int64(parts.tm_hour), minute: Int64(parts.tm_min), second: Int64(parts.tm_sec), zone: zone(&parts))
    }

    private static func zone(_ parts: inout tm) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, "%Z", &parts)
        let name = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? "UTC" : TerminalText.line(name, columns: 12)
    }

    static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// `03:05:02`, for columns below a line that names the zone.
    static func clock(_ milliseconds: Int64) -> String {
        let parts = parts(milliseconds)
        return "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
    }

    /// `03:05:02 CET`.
    static func zoned(_ milliseconds: Int64) -> String { "\(clock(milliseconds)) \(parts(milliseconds).zone)" }

    /// `2026-01-15`.
    static func day(_ milliseconds: Int64) -> String {
        let parts = parts(milliseconds)
        return "\(parts.year)-\(two(parts.month))-\(two(parts.day))"
    }

    /// `2026-01-15 03:05:02 CET`.
    static func date(_ milliseconds: Int64) -> String { "\(day(milliseconds)) \(zoned(milliseconds))" }

    /// `20260115-0200`, in UTC: names of runs are the same on every machine, and sort.
    static func stamp(_ milliseconds: Int64) -> String {
        let parts = parts(milliseconds, gmtime_r)
        return "\(parts.year)\(two(parts.month))\(two(parts.day))-\(two(parts.hour))\(two(parts.minute))"
    }
}
