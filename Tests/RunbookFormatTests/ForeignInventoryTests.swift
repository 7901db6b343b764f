import Foundation
import RunbookFormat
import RunbookModel
import Testing

/// Inventories of other programs, as odd as they can be: read or refused, and never the end of the program.
@Suite struct ForeignInventoryTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "BlackstartTests/Ansible")
    static let files =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() + ["config"]

    private static let config =
        "Host a b* !c\n  HostName 10.0.0.1\n  Port=22\n  IdentityFile \"~/x y\"\nInclude x\nMatch all\n"

    private func bytes(_ file: String) throws -> [UInt8] {
        file == "config" ? Array(Self.config.utf8) : Array(try Data(contentsOf: Self.folder.appending(path: file)))
    }

    private func read(_ bytes: [UInt8], _ path: String) -> [Diagnostic] {
        do {
            _ = try InventoryReader.read(bytes: bytes, path: path, home: "/home/ops")
            return []
        } catch { return error.diagnostics }
    }

    @Test("a file with bytes changed, cut or doubled at random is read or refused", arguments: files)
    func mutated(_ file: String) throws {
        let good = try bytes(file)
        #expect(read(good, file).isEmpty)
        var mutator = Mutator(seed: MutationTests.seed)
        for _ in 0..<max(1, MutationTests.count * 2 / 5) {
            let bytes = mutator.change(good)
            for diagnostic in read(bytes, file) { #expect(!diagnostic.message.isEmpty) }
        }
    }

    @Test(
        "configurations that include each other in a circle, or twice each, are told and take no time",
        .timeLimit(.minutes(1)))
    func circles() {
        let text = Array("Include a b\nInclude a b\nHost x\n".utf8)
        func said(_ include: @escaping (String) -> [(path: String, bytes: [UInt8])]) -> [String] {
            do {
                _ = try InventoryReader.read(bytes: text, path: "config", home: "/home/ops", include: include)
                return []
            } catch { return error.diagnostics.map(\.message) }
        }
        #expect(said { [($0, text)] }.contains { $0.contains("includes itself") })
        var number = 0
        let endless = said {
            number += 1
            return [("\($0)\(number)", text)]
        }
        #expect(endless.contains { $0.contains("more than 1000 files") || $0.contains("deep") })
        #expect(number < 5_000)
    }

    @Test("a NUL is refused where it stands")
    func nul() throws {
        let text = "version: 1\nname: A\ninventory: i\nsteps:\n- { id: a, name: A, hosts: local, run: \"a\\0b\" }\n"
        let said = try Corpus.diagnostics(.runbook, Array(text.utf8), path: "a.yaml")
        #expect(said.map(\.message) == ["a text can't hold a NUL: no command, path or variable can"])
        #expect(said.first?.place.line == 5)
    }

    @Test(
        "numbers beyond all bounds are text, or are refused",
        arguments: [
            "h[-9223372036854775808:9223372036854775807]", "h[0:9223372036854775807]", "h[1:3:9223372036854775807]",
            "h[1:3:0]", "h:99999999999999999999",
            "h x=9223372036854775808 y=-9223372036854775808 z=0xFFFFFFFFFFFFFFFFF",
            "h x=1e999 y=-1e999 z=1_", "h x=-0x8000000000000000 y=-0x-8000000000000000 z=-0o-1000000000000000000000",
            "h x=\(String(repeating: "[", count: 10_000))", "h[a:z][a:z][a:z][a:z][a:z]",
        ])
    func numbers(_ line: String) {
        _ = read(Array("[g]\n\(line)\n".utf8), "i")
    }

    @Test(
        "YAML numbers beyond all bounds are text",
        arguments: [
            "153722867280912930:59", "99999999999999999999", "-9223372036854775808", "0x8000000000000000", "0b1",
            "-0x8000000000000000", "-0x-8000000000000000", "1:-5",
            "1:1:1:1:1:1:1:1:1:1:1:1",
            "1e999", "1.5e+999", "0777777777777777777777777", "._", "-.", "+",
        ])
    func yamlNumbers(_ number: String) {
        #expect(read(Array("all:\n  hosts:\n    a: { x: \(number) }\n".utf8), "i.yaml").isEmpty)
    }

    @Test("a hundred thousand hosts in one group are read in a moment, and more are refused")
    func many() {
        #expect(read(Array("[g]\nh[00001:99999]\n".utf8), "i").isEmpty)
        let said = read(Array("[g]\nh[00001:99999]\nk[00001:99999]\n".utf8), "i")
        #expect(said.map(\.message) == ["an inventory has at most 100000 hosts"])
    }

    @Test("an inventory of every key comes back from its text as it was")
    func text() throws {
        let inventory = try InventoryReader.read(
            bytes: Corpus.bytes("every-inventory-key.yaml"), path: "i.yaml", home: "/home/ops")
        var again = try InventoryReader.read(
            bytes: Array(InventoryText.write(inventory).utf8), path: "i.yaml", home: "/home/ops")
        #expect(again.hosts.map(\.name) == inventory.hosts.map(\.name))
        func people(_ inventory: Inventory) -> [[String?]] {
            inventory.contacts.map { contact in
                [contact.id, contact.name, contact.phone, contact.reference, contact.signer] + contact.roles
                    + [contact.person?.deputy?.name, contact.person?.trained]
                    + (contact.person?.requires.map(\.name) ?? [])
            }
        }
        #expect(people(again) == people(inventory))
        #expect(InventoryText.write(again) == InventoryText.write(inventory))
        #expect(again.domains.map(\.kind) == inventory.domains.map(\.kind))
        #expect(again.redundancy.map(\.votes) == inventory.redundancy.map(\.votes))
        #expect(again.redundancy.map(\.across) == inventory.redundancy.map(\.across))
        #expect(again.roles.map(\.trainedEvery) == inventory.roles.map(\.trainedEvery))
        #expect(again.scenarios?.map(\.none) == inventory.scenarios?.map(\.none))
        #expect(again.packs?.map(\.whereabouts) == inventory.packs?.map(\.whereabouts))
        #expect(again.drillEvery == inventory.drillEvery && again.cumulation == inventory.cumulation)
        #expect(again.groups.map { $0.members.map(\.name) } == inventory.groups.map { $0.members.map(\.name) })
        for index in again.hosts.indices {
            again.hosts[index].place = inventory.hosts[index].place
            again.hosts[index].contact = inventory.hosts[index].contact
            let (one, other) = (inventory.hosts[index], again.hosts[index])
            #expect(one.via?.name == other.via?.name)
            #expect(one.facts.protection == other.facts.protection)
            #expect(one.facts.backup?.size == other.facts.backup?.size)
            #expect(one.facts.backup?.server?.name == other.facts.backup?.server?.name)
            #expect(one.facts.capacity == other.facts.capacity && one.facts.health == other.facts.health)
            #expect(one.facts.snapshot?.platforms == other.facts.snapshot?.platforms)
            #expect(one.facts.mitigations.map(\.means) == other.facts.mitigations.map(\.means))
            #expect(one.facts.rto == other.facts.rto && one.facts.rpo == other.facts.rpo)
            for names in [\SystemFacts.provides, \.requires, \.placedOn, \.apartFrom] {
                #expect(one.facts[keyPath: names].map(\.name) == other.facts[keyPath: names].map(\.name))
            }
            #expect(one.password?.source == other.password?.source)
            #expect(one.password?.description == other.password?.description)
            for kind in SSHAlgorithms.Kind.allCases { #expect(one.algorithms[kind] == other.algorithms[kind]) }
            (again.hosts[index].via, again.hosts[index].facts) = (one.via, one.facts)
            (again.hosts[index].password, again.hosts[index].algorithms) = (one.password, one.algorithms)
        }
        #expect(again.services.map(\.name) == inventory.services.map(\.name))
        #expect(again.services.map(\.isExternal) == inventory.services.map(\.isExternal))
        #expect(again.services.map { $0.requires.map(\.name) } == inventory.services.map { $0.requires.map(\.name) })
        #expect(again.hosts == inventory.hosts)
    }

    @Test("a fixture comes back from its text as it was")
    func fixture() throws {
        let fixture = try FixtureReader.read(bytes: Corpus.bytes("every-fixture-key.yaml"), path: "f.yaml")
        let text = FixtureWriter.write(fixture)
        let again = try FixtureReader.read(bytes: Array(text.utf8), path: "f.yaml")
        #expect(again.clock == fixture.clock && again.seed == fixture.seed && again.name == fixture.name)
        #expect(FixtureWriter.write(again) == text)
        #expect(again.operatorLines.map(\.values) == fixture.operatorLines.map(\.values))
        #expect(again.hosts.map { $0.answers.map(\.stdout) } == fixture.hosts.map { $0.answers.map(\.stdout) })
    }
}
