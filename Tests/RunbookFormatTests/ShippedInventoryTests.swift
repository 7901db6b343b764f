import Foundation
import RunbookFormat
import RunbookModel
import Testing

/// The inventory that is copied by whoever begins.
@Suite struct ShippedInventoryTests {
    @Test("what its last lines leave to be filled in is read as it stands there")
    func template() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let text = try String(contentsOf: repository.appending(path: "runbooks/inventory.yaml"), encoding: .utf8)
        let parts = text.components(separatedBy: "# on each host:\n")
        try #require(parts.count == 2)
        let lines = parts[1].split(separator: "\n", omittingEmptySubsequences: false).map { String($0.dropFirst(2)) }
        let end = try #require(lines.firstIndex(of: ""))
        // Words in brackets explain a line.
        let facts = lines[..<end].map { line in
            line.replacing(/\ +\(.*\)$/, with: "").trimmingCharacters(in: .whitespaces)
        }
        var made = parts[0].replacing(
            "  san1:\n", with: "  san1:\n" + facts.map { "    \($0)\n" }.joined(), maxReplacements: 1)
        made += lines[end...].joined(separator: "\n")
        let inventory = try InventoryReader.read(bytes: Array(made.utf8), path: "i.yaml", home: "/home/ops")
        let host = try #require(inventory.host("san1"))
        #expect(host.facts.backup?.place == "vault B, set 7" && host.facts.rpo == .seconds(86_400))
        #expect(host.facts.snapshot != nil && host.facts.health != nil && host.facts.escrow != nil)
        #expect(inventory.people.count == 2 && inventory.roles.count == 1)
        #expect(inventory.scenarios?.count == 2 && inventory.packs?.count == 1 && inventory.drillEvery != nil)
    }
}
