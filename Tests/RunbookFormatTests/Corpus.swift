import Foundation
import RunbookFormat
import RunbookModel

/// The broken files beside this one: `NAME.yaml`, and what is said about it in `NAME.expected`.
///
/// After a change of words, `BLACKSTART_RECORD=1 swift test --filter BrokenFileTests` writes the expected files anew;
/// read the difference before it is committed.
enum Corpus {
    enum Kind: String, CaseIterable, Sendable {
        case runbook = "Runbooks"
        case inventory = "Inventories"
        case fixture = "Fixtures"
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
    static let isRecording = ProcessInfo.processInfo.environment["BLACKSTART_RECORD"] == "1"

    /// Names of the broken files, sorted.
    static func names(_ kind: Kind) -> [String] { stems(kind, "yaml") }

    static func stems(_ kind: Kind, _ suffix: String) -> [String] {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: kind.rawValue).path)
        return (files ?? []).filter { $0.hasSuffix(".\(suffix)") }.map { String($0.dropLast(suffix.count + 1)) }
            .sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: folder.appending(path: path))) }

    static func expected(_ kind: Kind, _ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: "\(kind.rawValue)/\(name).expected"), encoding: .utf8)
    }

    static func record(_ text: String, _ kind: Kind, _ name: String) throws {
        let file = folder.appending(path: "\(kind.rawValue)/\(name).expected")
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    /// All that is said about a file, as it is shown; empty where nothing is wrong.
    static func said(_ kind: Kind, _ bytes: [UInt8], path: String) throws -> String {
        let diagnostics = try diagnostics(kind, bytes, path: path)
        return diagnostics.map { $0.rendered + "\n" }.joined()
    }

    /// Reads a file as the commands do: by itself, then against the good files of the corpus.
    static func diagnostics(_ kind: Kind, _ bytes: [UInt8], path: String) throws -> [Diagnostic] {
        do throws(InvalidFiles) {
            switch kind {
            case .runbook:
                let runbook = try RunbookReader.read(bytes: bytes, path: path) { included in
                    if let text = try? Corpus.bytes("Runbooks/\(included)") {
                        .bytes(text)
                    } else {
                        .unreadable("No such file")
                    }
                }
                return RunbookNames.check(runbook, against: inventory, runbookText: bytes)
            case .inventory:
                _ = try InventoryReader.read(bytes: bytes, path: path, home: "/home/ops")
                return []
            case .fixture:
                let fixture = try FixtureReader.read(bytes: bytes, path: path)
                return FixtureNames.check(fixture, runbook, inventory, fixtureText: bytes)
            }
        } catch { return error.diagnostics }
    }

    /// The good files that the broken ones are read against; empty ones where they can't be read, which a test notices.
    static let inventory: Inventory = {
        let text = (try? bytes("inventory.yaml")) ?? []
        let read = try? InventoryReader.read(bytes: text, path: "inventory.yaml", home: nil)
        return read ?? Inventory(path: "", name: "")
    }()

    static let runbook: Runbook = {
        let text = (try? bytes("runbook.yaml")) ?? []
        return (try? RunbookReader.read(bytes: text, path: "runbook.yaml"))
            ?? Runbook(path: "", name: "", inventory: "")
    }()
}
