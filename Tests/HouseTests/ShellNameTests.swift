import Foundation
import Testing

/// Shell variables know no scope: a text that is put before another one can overwrite what that one keeps.
@Suite("Shell texts that are put together keep out of each other's variables")
struct ShellNameTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources")

    /// The names that the shell text in a file assigns to, but for single letters, which nobody keeps.
    private func assigned(_ file: String) throws -> Set<String> {
        let text = try String(contentsOf: Self.sources.appending(path: file), encoding: .utf8)
        return Set(text.matches(of: /\b(bs_[a-z_]+)=/).map { String($0.output.1) })
    }

    @Test("looking at a way sets nothing that receipts or copies keep")
    func soundPath() throws {
        let own = try assigned("RunbookTransport/SoundPath.swift")
        #expect(own.count > 15)
        let folder = Self.sources.appending(path: "RunbookTransport").path
        let scripts = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasPrefix("Receipt") && $0.hasSuffix(".swift")
        }
        #expect(scripts.count > 5)
        for script in scripts {
            #expect(try assigned("RunbookTransport/\(script)").isDisjoint(with: own), "\(script)")
        }
        // To ask whether somebody's name is the login's.
        #expect(try assigned("RunbookEngine/FileCommand.swift").intersection(own) == ["bs_owner"])
    }
}
