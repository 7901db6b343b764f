import RunbookFormat
import RunbookModel
import RunbookPreparedness
import Testing

@Suite struct ImpactTests {
    static let site = """
        version: 1
        name: Site
        services: { dns: {}, san: {}, erp: { requires: [dns] } }
        hosts:
          san1: { kind: appliance, address: 10.0.0.1, provides: [san] }
          p: { kind: physical, address: 10.0.0.2, requires: [san] }
          q: { kind: physical, address: 10.0.0.3, requires: [san] }
          dc1: { kind: vm, address: 10.0.0.4, placed_on: [p], provides: [dns] }
          dc2: { kind: vm, address: 10.0.0.5, placed_on: [p, q], provides: [dns] }
          erp1: { kind: vm, address: 10.0.0.6, placed_on: [q], provides: [erp], requires: [dns], rto: 4h, protection: { availability: high } }
          odd: { kind: physical, address: 10.0.0.7, requires: [nothing] }

        """

    private func model() throws -> ImpactModel {
        ImpactModel(try InventoryReader.read(bytes: Array(Self.site.utf8), path: "i.yaml", home: nil))
    }

    @Test(
        "what can't run without the lost is down, what has another place starts there, what one still provides is told")
    func one() throws {
        let impact = try model().lose(["p"])
        #expect(impact.lost == ["p"])
        #expect(impact.down == ["dc1"])
        #expect(impact.elsewhere == ["dc2"])
        #expect(impact.ended.isEmpty)
        #expect(impact.single.map(\.service) == ["dns"])
        #expect(impact.single.map(\.provider) == ["dc2"])
        #expect(impact.objectives.isEmpty)
    }

    @Test("two losses together take more down than each of them, with the objectives and needs that go with it")
    func together() throws {
        let impact = try model().lose(["p", "dc2"])
        #expect(impact.down == ["dc1", "erp1"])
        #expect(impact.ended == ["dns", "erp"])
        #expect(impact.objectives.map(\.host) == ["erp1"])
        #expect(impact.objectives.map(\.rto) == [.seconds(14_400)])
        #expect(impact.protection.availability == .high)
    }

    @Test("each machine by itself, the worst first; what never comes up is no machine's fault")
    func table() throws {
        let table = try model().table
        #expect(table.flatMap(\.lost) == ["san1", "q", "p", "erp1", "dc1", "dc2", "odd"])
        #expect(table.first?.down == ["p", "q", "dc1", "dc2", "erp1"])
        #expect(table.first?.ended == ["dns", "san", "erp"])
        #expect(table.allSatisfy { !$0.down.contains("odd") })
        #expect(try model().blocked == ["odd"])
    }
}
