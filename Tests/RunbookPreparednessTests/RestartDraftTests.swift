import RunbookFormat
import RunbookModel
import RunbookPreparedness
import Testing

/// What a first runbook is drawn from: the order, and what waits for what.
@Suite struct RestartDraftTests {
    private func draft(_ services: String, _ hosts: [String]) throws -> RestartDraft {
        let text = """
            version: 1
            name: Site
            services: \(services)
            hosts:
            \(hosts.map { "  \($0)" }.joined(separator: "\n"))

            """
        return RestartDraft(try InventoryReader.read(bytes: Array(text.utf8), path: "i.yaml", home: nil))
    }

    private func lines(_ draft: RestartDraft) -> [String] {
        draft.steps.map { "\($0.tier) \($0.id) after \($0.needs.joined(separator: ", "))" }
    }

    @Test("what is needed comes first, a guest waits for what carries it, and a service for one that provides it")
    func order() throws {
        let draft = try draft(
            "{ power: { external: true }, san: {}, dns: { requires: [san] } }",
            [
                "a: { kind: vm, address: 10.0.0.9, placed_on: [p], requires: [dns] }",
                "p: { kind: physical, address: 10.0.0.1, requires: [power, san] }",
                "s: { kind: appliance, address: 10.0.0.2, requires: [power], provides: [san] }",
                "d: { kind: vm, address: 10.0.0.3, placed_on: [p], provides: [dns] }",
            ])
        #expect(
            lines(draft) == [
                "1 start-s after ", "1 ready-san after start-s", "2 start-p after ready-san",
                "3 start-d after start-p", "3 ready-dns after ready-san, start-d", "4 start-a after ready-dns, start-p",
            ])
        #expect(draft.external == ["power"])
        #expect(draft.blocked.isEmpty)
    }

    @Test("a redundant provider that needs the service itself is not waited for: there would be no end of it")
    func redundant() throws {
        let draft = try draft(
            "{ dns: {} }",
            [
                "core: { kind: physical, address: 10.0.0.1, provides: [dns] }",
                "p: { kind: physical, address: 10.0.0.2, requires: [dns] }",
                "dc: { kind: vm, address: 10.0.0.3, placed_on: [p], provides: [dns] }",
            ])
        #expect(
            lines(draft) == [
                "1 start-core after ", "1 ready-dns after start-core", "2 start-p after ready-dns",
                "3 start-dc after start-p",
            ])
    }

    @Test("what can't be started from power alone is named, and has no step")
    func blocked() throws {
        let draft = try draft(
            "{ dns: {} }",
            [
                "p: { kind: physical, address: 10.0.0.2, requires: [dns] }",
                "dc: { kind: vm, address: 10.0.0.3, placed_on: [p], provides: [dns] }",
                "q: { kind: physical, address: 10.0.0.4 }",
            ])
        #expect(draft.blocked == ["p", "dc", "dns"])
        #expect(lines(draft) == ["1 start-q after "])
    }

    @Test("names that come to the same id are told apart, and none is an id that a runbook would refuse")
    func ids() throws {
        let draft = try draft(
            "{}", ["A.b: { address: 10.0.0.1 }", "a-b: { address: 10.0.0.2 }", "9_: { address: 10.0.0.3 }"])
        #expect(draft.steps.map(\.id) == ["start-a-b", "start-a-b-2", "start-9-"])
    }
}
