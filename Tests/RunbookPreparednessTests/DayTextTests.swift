import Foundation
import Testing

@testable import RunbookPreparedness

@Suite("Days")
struct DayTextTests {
    @Test(
        "a day before another one is found over months, leap days and centuries",
        arguments: [
            ("2026-11-26", 1, "2026-11-25"), ("2026-03-01", 1, "2026-02-28"), ("2024-03-01", 1, "2024-02-29"),
            ("2000-03-01", 1, "2000-02-29"), ("1900-03-01", 1, "1900-02-28"), ("2026-01-01", 1, "2025-12-31"),
            ("2026-11-26", 365, "2025-11-26"), ("2024-12-31", 366, "2023-12-31"), ("2026-11-26", 0, "2026-11-26"),
            ("0001-01-01", 400_000, "0000-01-01"), ("9999-12-31", 1, "9999-12-30"),
        ])
    func before(_ day: String, _ days: Int, _ wanted: String) {
        #expect(DayText.before(day, .seconds(days * 86_400)) == wanted)
    }

    @Test("part of a day is none; what is no day stays as it is")
    func odd() {
        #expect(DayText.before("2026-11-26", .seconds(86_399)) == "2026-11-26")
        for text in ["", "2026", "2026-13-01", "2026-00-10", "2026-01-32", "x-y-z", "99999-01-01"] {
            #expect(DayText.before(text, .seconds(86_400)) == text)
        }
    }

    @Test("it counts as the calendar of the system does")
    func calendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let format = DateFormatter()
        format.calendar = calendar
        format.timeZone = calendar.timeZone
        format.dateFormat = "yyyy-MM-dd"
        let start = try #require(format.date(from: "2101-03-05"))
        for days in stride(from: 0, to: 150_000, by: 97) {
            let wanted = format.string(from: start.addingTimeInterval(Double(-days) * 86_400))
            guard wanted > "1600-01-01" else { continue }
            #expect(DayText.before("2101-03-05", .seconds(days * 86_400)) == wanted)
        }
    }
}
