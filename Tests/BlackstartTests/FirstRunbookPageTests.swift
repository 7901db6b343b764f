import Foundation
import TestTools
import Testing

/// The page for the first hour: its files and its commands are those of the program.
@Suite("The page Your first runbook")
struct FirstRunbookPageTests {
    private static let page = "\(Program.project)/Sources/blackstart/Documentation.docc/FirstRunbook.md"

    private let text: String
    private let program: Program

    init() throws {
        text = try String(contentsOfFile: Self.page, encoding: .utf8)
        program = try Program()
        _ = try program("init site")
    }

    /// What stands between fences of a kind.
    private var yaml: [String] {
        text.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    private static let names = ["runbook.yaml", "inventory.yaml", "fixture.yaml"]

    @Test("its files are those that init writes, with lines added for one more step")
    func files() throws {
        try #require(yaml.count == Self.names.count)
        for (name, shown) in zip(Self.names, yaml) {
            var rest = shown.split(separator: "\n", omittingEmptySubsequences: false)[...]
            let written = try program.scratch.text("site/\(name)").split(separator: "\n")
            for line in written {
                // The order that the fixture expects has the step in it.
                let wanted = line.replacing("application], max", with: "application, ready], max")
                let place = rest.firstIndex { $0 == wanted }
                #expect(place != nil, "\(name) on the page lacks: \(line)")
                if let place { rest = rest[(place + 1)...] }
            }
        }
    }

    @Test("its files are good, and its run takes the answers that it gives beforehand")
    func commands() throws {
        for (name, shown) in zip(Self.names, yaml) { try program.scratch.write("site/\(name)", Array(shown.utf8)) }
        #expect(try program("check site/runbook.yaml --fixture site/fixture.yaml").status == 0)
        let run = try #require(text.split(separator: "\n").first { $0.hasPrefix("$ blackstart run ") })
        let words = run.split(separator: " ").map(String.init)
        let answers = words.indices.filter { words[$0] == "--answer" }.flatMap { [words[$0], words[$0 + 1]] }
        #expect(!answers.isEmpty)
        let said = try program(["dry-run", "site/runbook.yaml", "--fixture", "site/fixture.yaml"] + answers)
        #expect(said.status == 0 && said.stdout.contains("answered done"), "\(said)")
        #expect(!said.stderr.contains("warning"), "\(said)")
    }
}
