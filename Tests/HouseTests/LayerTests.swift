import Foundation
import Testing

/// Who may see whom. Lower layers never see higher ones; the engine can't name SSH or a simulation, and what verifies a
/// journal trusts nothing but values.
@Suite("The layers")
struct LayerTests {
    static let allowed: [String: Set<String>] = [
        "RunbookModel": [],
        "RunbookPattern": ["CRE2"],
        "RunbookFormat": ["RunbookModel", "RunbookPattern", "Yams"],
        "RunbookPlan": ["RunbookModel", "Crypto"],
        "RunbookJournal": ["RunbookModel", "Crypto", "CryptoExtras"],
        "RunbookTransport": ["RunbookModel"],
        "RunbookPack": ["RunbookModel", "Crypto", "CryptoExtras"],
        "RunbookEngine": [
            "RunbookModel", "RunbookPattern", "RunbookPlan", "RunbookJournal", "RunbookTransport", "Crypto",
        ],
        "RunbookSSH": ["CLibssh", "RunbookModel", "RunbookTransport", "Crypto"],
        "RunbookSimulation": ["RunbookModel", "RunbookTransport"],
        "RunbookPreparedness": ["RunbookModel", "RunbookPattern", "RunbookPlan"],
        "RunbookLab": ["RunbookModel", "RunbookFormat", "RunbookSimulation"],
        "RunbookCommands": [
            "RunbookModel", "RunbookFormat", "RunbookPlan", "RunbookJournal", "RunbookTransport", "RunbookEngine",
            "RunbookSSH", "RunbookSimulation", "RunbookPreparedness", "RunbookLab", "RunbookPack",
            "ArgumentParser",
        ],
        "blackstart": ["RunbookCommands"],
    ]
    /// What the system brings.
    static let system: Set<String> = ["Glibc", "Synchronization", "Dispatch", "FoundationEssentials"]

    @Test("the model is values and names: it asks nothing of the system")
    func model() throws {
        let files = try SourceTree.files("Sources").filter { $0.target == "RunbookModel" }
        #expect(files.count > 5)
        for file in files {
            for line in file.lines { #expect(!line.split(separator: " ").prefix(2).contains("import"), "\(file.path)") }
        }
    }

    @Test("every target is placed in a layer")
    func complete() throws {
        let targets = Set(try SourceTree.files("Sources").map(\.target))
        #expect(targets == Set(Self.allowed.keys))
    }

    @Test("a file imports nothing that its target may not see")
    func imports() throws {
        var seen = 0
        for file in try SourceTree.files("Sources") {
            for (number, line) in file.lines.enumerated() {
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at < 2, at + 1 < words.count,
                    at == 0 || ["package", "internal", "public", "private"].contains(words[0])
                else { continue }
                let module = String(words[words.count - 1].split(separator: ".")[0])
                seen += 1
                #expect(
                    Self.system.contains(module) || Self.allowed[file.target]?.contains(module) == true,
                    "\(file.path):\(number + 1): \(file.target) may not import \(module)")
            }
        }
        #expect(seen > 200)
    }
}
