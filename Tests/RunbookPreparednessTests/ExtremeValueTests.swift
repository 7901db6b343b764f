import Foundation
import RunbookFormat
import RunbookModel
import RunbookPlan
import RunbookPreparedness
import Testing

/// Every value of every key, in turn, as no site has it. What is read is planned and checked; no number traps anywhere.
@Suite struct ExtremeValueTests {
    static let values = [
        "-0x8000000000000000", "0x7fffffffffffffff", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551616", "1e400", "-1e400", ".inf", "-.inf", ".nan", "-0", "00000000000000000000001",
        String(repeating: "9", count: 400), "0.000000000000000000001", "1023.999PiB", "1024PiB", "8589934592GiB",
        "366d",
        "9223372036854775807d", "1:30:59", "9999-12-31", "0000-00-00", "\"9999-99-99\"", "\"\\0\"", "\"\\uD800\"", "[]",
        "{}",
        "~", "\"\"", "[[[[[[]]]]]]", "*none", "&a [*a]",
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../RunbookFormatTests/Corpus").standardized

    private static func bytes(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appending(path: name)))
    }

    /// Where a plain value begins and ends in a line: behind a colon or a comma, up to a comma, a bracket or the end.
    private static func places(_ line: String) -> [Range<String.Index>] {
        line.matches(of: /[:,\[] ([^\s,\[\]{}"|#&][^,\[\]{}#]*)/).map { $0.output.1.startIndex..<$0.output.1.endIndex }
    }

    /// The file with one value after the other replaced by `value`.
    private static func variants(_ text: String, _ value: String) -> [[UInt8]] {
        var variants: [[UInt8]] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (number, line) in lines.enumerated() where !line.hasPrefix("#") {
            for place in places(line) {
                var changed = lines
                changed[number] = line.replacingCharacters(in: place, with: value)
                variants.append(Array(changed.joined(separator: "\n").utf8))
            }
        }
        return variants
    }

    @Test("an inventory of extreme values is refused, or planned and checked", arguments: values)
    func inventory(_ value: String) throws {
        let text = String(decoding: try Self.bytes("every-inventory-key.yaml"), as: UTF8.self)
        let book = Array(
            "version: 1\nname: B\ninventory: i.yaml\nsteps: [{ id: a, name: A, hosts: local, run: \"true\" }]\n".utf8)
        let variants = Self.variants(text, value)
        #expect(variants.count > 80)
        let small = try RunbookReader.read(bytes: book, path: "r.yaml")
        let own = try InventoryReader.read(bytes: Array(text.utf8), path: "i.yaml", home: "/home/ops")
        let isLookedAt = check(small, book, own, Array(text.utf8))
        #expect(isLookedAt)
        for bytes in variants {
            do throws(InvalidFiles) {
                let inventory = try InventoryReader.read(bytes: bytes, path: "i.yaml", home: "/home/ops")
                let runbook = try RunbookReader.read(bytes: book, path: "r.yaml")
                _ = check(runbook, book, inventory, bytes)
            } catch { #expect(!error.diagnostics.isEmpty) }
        }
    }

    @Test("a runbook of extreme values is refused, or planned and checked", arguments: values)
    func runbook(_ value: String) throws {
        let text = String(decoding: try Self.bytes("every-runbook-key.yaml"), as: UTF8.self)
        let site = try Self.bytes("every-inventory-key.yaml")
        let inventory = try InventoryReader.read(bytes: site, path: "i.yaml", home: "/home/ops")
        let variants = Self.variants(text, value)
        #expect(variants.count > 80)
        // With what stood there before, the rules come to look.
        let own = try RunbookReader.read(bytes: Array(text.utf8), path: "r.yaml") { _ in .unreadable("No such file") }
        let isLookedAt = check(own, Array(text.utf8), inventory, site)
        #expect(isLookedAt)
        for bytes in variants {
            do throws(InvalidFiles) {
                let runbook = try RunbookReader.read(bytes: bytes, path: "r.yaml") { _ in .unreadable("No such file") }
                _ = check(runbook, bytes, inventory, site)
            } catch { #expect(!error.diagnostics.isEmpty) }
        }
    }

    /// Whether the rules looked at it: some values make no plan.
    private func check(_ runbook: Runbook, _ bytes: [UInt8], _ inventory: Inventory, _ site: [UInt8]) -> Bool {
        guard
            let plan = try? Planner.plan(
                PlanSource(
                    runbook: runbook, runbookBytes: bytes, inventory: inventory, inventoryBytes: site,
                    overrides: runbook.variables.filter { $0.value == nil }.map { ($0.name, "x") }))
        else { return false }
        _ = Preparedness.check(plan, evidence: SiteEvidence(), today: "2026-11-26")
        return true
    }

    @Test("an Ansible inventory and an ssh_config of extreme values are refused or read", arguments: values)
    func foreign(_ value: String) {
        let texts = [
            "[web]\nh[1:\(value)] ansible_port=\(value) n=\(value)\n[web:vars]\nansible_user=\(value)\n",
            "[web]\nh[\(value):3:\(value)]\nh:\(value)\n",
            "all:\n  hosts:\n    h: { ansible_port: \(value), x: \(value) }\n",
            "Host h\n  Port \(value)\n  ConnectTimeout \(value)\n  HostName \(value)\n",
        ]
        for text in texts {
            for path in ["hosts", "hosts.ini", "hosts.yaml", "config"] {
                _ = try? InventoryReader.read(bytes: Array(text.utf8), path: path, home: nil)
            }
        }
    }

    @Test("what is a thousandfold is told soon")
    func many() throws {
        let groups = (0..<3_000).map { "[g\($0):children]\ng\($0 + 1)\n" }.joined() + "[g3000]\nh\n"
        let word = String(repeating: "a", count: 2_000_000)
        let steps = (0..<4_000).map { number in
            "- { id: s\(number), name: S, needs: [\(number > 0 ? "s\(number - 1)" : "")], hosts: local, "
                + "run: \"echo \(number > 0 ? "${{ steps.s0.outputs.v }}" : "x")\"\(number > 0 ? "" : ", outputs: { v: { match: x } }") }"
        }
        let start = ContinuousClock.now
        _ = try? InventoryReader.read(bytes: Array(groups.utf8), path: "hosts", home: nil)
        _ = try? InventoryReader.read(bytes: Array("[web]\n\(word)[0:99999]\n".utf8), path: "hosts", home: nil)
        _ = try? InventoryReader.read(bytes: Array("[web]\nh x=\(word)\n".utf8), path: "hosts", home: nil)
        _ = try? RunbookReader.read(
            bytes: Array("version: 1\nname: A\ninventory: i\nsteps:\n\(steps.joined(separator: "\n"))\n".utf8),
            path: "r")
        #expect(ContinuousClock.now - start < .seconds(120))
    }
}
