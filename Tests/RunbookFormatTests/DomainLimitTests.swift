import RunbookFormat
import RunbookModel
import Testing

/// Domains that are more, or nested deeper, than any site has.
@Suite struct DomainLimitTests {
    private func findings(_ text: String) throws -> [String] {
        try Corpus.diagnostics(.inventory, Array("version: 1\nname: A\n\(text)".utf8), path: "i.yaml").map(\.message)
    }

    private func chain(_ count: Int) -> String {
        (0..<count).map { "  d\($0): { kind: room\($0 > 0 ? ", part_of: d\($0 - 1)" : "") }\n" }.joined()
    }

    private func host(_ domains: [String]) -> String {
        "hosts: { a: { address: 10.0.0.1, domain: [\(domains.joined(separator: ", "))] } }\n"
    }

    @Test("a machine fails with 64 domains at most, through others too")
    func depth() throws {
        let most = Limits.domainsAround
        #expect(try findings("domains:\n\(chain(most))\(host(["d\(most - 1)"]))") == [])
        #expect(try findings("domains:\n\(chain(most + 1))\(host(["d\(most - 1)"]))") == [])
        let deep = try findings("domains:\n\(chain(most + 1))\(host(["d\(most)"]))")
        #expect(deep.count == 1 && deep[0].contains("the host `a` fails with more than 64 domains"), "\(deep)")
        let deeper = try findings("domains:\n\(chain(most + 3))\(host(["d1"]))")
        #expect(
            deeper.count == 1 && deeper[0].contains("the domain `d65` fails with more than 64 domains"), "\(deeper)")
    }

    @Test("ten thousand domains are read in a moment, and more are refused")
    func count() throws {
        let flat = (0..<Limits.domainsPerInventory).map { "  d\($0): { kind: rack }\n" }.joined()
        #expect(try findings("domains:\n\(flat)\(host(["d9999"]))") == [])
        let said = try findings("domains:\n\(flat)  x: { kind: rack }\n\(host(["x"]))")
        #expect(said.count == 1 && said[0].contains("at most 10000 domains"), "\(said)")
    }

    @Test("ten thousand redundancy groups at most")
    func groups() throws {
        func groups(_ count: Int) -> String {
            "redundancy:\n" + (0..<count).map { "  g\($0): { members: [a] }\n" }.joined()
        }
        let hosts = "hosts: { a: { address: 10.0.0.1 } }\n"
        #expect(try findings(groups(Limits.redundancyGroups) + hosts) == [])
        let said = try findings(groups(Limits.redundancyGroups + 1) + hosts)
        #expect(said.count == 1 && said[0].contains("at most 10000 redundancy groups"), "\(said)")
    }
}
