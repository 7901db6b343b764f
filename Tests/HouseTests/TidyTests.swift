import Testing

@Suite("The house is tidy")
struct TidyTests {
    /// What a line of the program may not hold, and why.
    static let banned: [(pattern: String, why: String)] = [
        ("try!", "a failure that ends the program"), ("as!", "a cast that ends the program"),
        ("nonisolated(unsafe)", "a race"), ("fatalError(", "an end that no input may reach"),
        ("preconditionFailure(", "an end that no input may reach"), ("TODO", "unfinished"), ("FIXME", "unfinished"),
        ("+= chunk.bytes", "what a host sends, kept without a limit: `HostBytes`"),
        ("+= part.bytes", "what a host sends, kept without a limit: `HostBytes`"),
        ("uniqueKeysWithValues", "a trap at the first name that comes twice: `uniquingKeysWith`"),
        ("isDryRun", "a dry run is other parts plugged in, not another branch"),
    ]

    @Test("no file of the program holds what may not be there", arguments: try SourceTree.files("Sources"))
    func words(_ file: SourceTree.File) {
        for (number, line) in file.lines.enumerated() {
            for (pattern, why) in Self.banned where line.contains(pattern) {
                Issue.record("\(file.path):\(number + 1): `\(pattern)` is \(why)")
            }
        }
    }

    @Test("a promise to the compiler that it can't check is proven in a comment above it")
    func unchecked() throws {
        for file in try SourceTree.files("Sources") {
            for (number, line) in file.lines.enumerated() where line.contains("@unchecked Sendable") {
                let above = file.lines[..<number].last { !$0.isEmpty } ?? ""
                #expect(above.contains("//"), "\(file.path):\(number + 1)")
            }
        }
    }

    @Test("no file passes 400 lines")
    func sizes() throws {
        for folder in ["Sources", "Tests"] {
            for file in try SourceTree.files(folder) {
                #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
            }
        }
    }

    @Test("no test waits for time to pass")
    func noSleeps() throws {
        for file in try SourceTree.files("Tests") where !file.path.hasSuffix("TidyTests.swift") {
            for (number, line) in file.lines.enumerated() {
                for word in ["Task.sleep", "usleep(", "nanosleep(", "Thread.sleep"] where line.contains(word) {
                    Issue.record("\(file.path):\(number + 1): \(word)")
                }
            }
        }
    }
}
