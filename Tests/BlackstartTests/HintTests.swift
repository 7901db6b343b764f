import Foundation
import RunbookCommands
import TestTools
import Testing

/// Errors and their hints, as they come on a terminal of some width.
@Suite("Hints")
struct HintTests {
    private static let beside = CommandFailure(
        .usage, "run `first`, begun by ops on this machine at 05:12, is not over (failed) and is about nas as well",
        hint:
            "`blackstart resume first` goes on with it; `--beside first --reason \"two words or more\"` acts beside it")

    @Test("off a terminal an error is one line, and a hint another one")
    func whole() {
        #expect(Self.beside.rendered(columns: nil).split(separator: "\n").count == 2)
        #expect(Self.beside.rendered == Self.beside.rendered(columns: nil))
    }

    @Test("on a terminal no line is broken inside of a command", arguments: [60, 80, 100, 200])
    func unbroken(_ columns: Int) {
        let lines = Self.beside.rendered(columns: columns).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= columns }, "\(lines)")
        for command in ["`blackstart resume first`", "`--beside first --reason \"two words or more\"`"] {
            #expect(lines.contains { $0.contains(command) }, "\(columns): \(lines)")
        }
    }

    @Test("a command that is longer than a line is broken between options, so that a shell takes all of it")
    func long() throws {
        let failure = CommandFailure(
            .usage, "no",
            hint:
                "`blackstart rollback ./some/folder/of/a/run --to hypervisors --reason \"two words - or --more\"` shows it"
        )
        let lines = failure.rendered(columns: 50).split(separator: "\n").dropFirst().map(String.init)
        #expect(lines.dropLast().filter { $0.hasSuffix(" \\") }.count == 2, "\(lines)")
        let typed = try #require(lines.joined(separator: "\n").split(separator: "`").dropFirst().first)
        let said = try shell("blackstart() { printf '<%s>' \"$@\"; }\n\(typed)", in: "/")
        #expect(said.output == "<rollback><./some/folder/of/a/run><--to><hypervisors><--reason><two words - or --more>")
    }

    @Test("a command after a colon stays whole as well: what comes without its option does something else")
    func afterColon() {
        let failure = CommandFailure(.usage, "Or give the rollback up: blackstart resume my-long-name --forward")
        for columns in 50...110 {
            let lines = failure.rendered(columns: columns).split(separator: "\n")
            #expect(lines.contains { $0.hasSuffix("blackstart resume my-long-name --forward") }, "\(columns): \(lines)")
        }
    }

    /// The switches that ask nobody belong in documents, to be chosen in daylight.
    @Test("no text of the program proposes a switch that asks nobody, nor alternatives that a shell takes for a pipe")
    func sources() throws {
        let folder = "\(Program.project)/Sources"
        var found: [String] = []
        for case let path as String in try #require(FileManager.default.enumerator(atPath: folder))
        where path.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let isComment = line.drop { $0 == " " }.hasPrefix("//")
                if isComment { continue }
                for command in line.matches(of: #/`(?:blackstart |-)[^`]*`/#) {
                    let words = command.output.dropFirst().dropLast()
                    if words.contains(#/(^|\s)(-y|--yes|--force)\b/#) || words.contains(#/[\w>)]\|[\w<(]/#) {
                        found.append("\(path):\(number + 1): \(words)")
                    }
                }
            }
        }
        #expect(found.isEmpty, "\(found)")
    }
}
