import RunbookFormat
import RunbookModel
import Testing

/// A good inventory of every key, and the value that each key is read to.
@Suite struct EveryInventoryKeyTests {
    let inventory: Inventory

    init() throws {
        inventory = try InventoryReader.read(
            bytes: Corpus.bytes("every-inventory-key.yaml"), path: "sites/north.yaml", home: "/home/ops")
    }

    @Test("a waiver says which finding, who accepts it, why, and until when")
    func waivers() throws {
        #expect(inventory.waivers.map(\.rule) == [.bootUnreachable, .planOrphan])
        #expect(inventory.waivers.map { $0.about.map(\.name) } == [["dns", "san1"], []])
        #expect(inventory.waivers.map(\.who) == ["Ada, head of operations", "Ada"])
        #expect(inventory.waivers.map(\.why) == ["the second name server comes in May", "a draft"])
        #expect(inventory.waivers.map(\.until) == ["2026-05-31", "2026-03-01"])
    }

    @Test("a host with every key")
    func host() throws {
        let host = try #require(inventory.host("san1"))
        #expect(inventory.name == "North")
        #expect(inventory.labSpeed == 20)
        #expect(inventory.witnesses.map(\.name) == ["san1", "late"])
        #expect(inventory.allowedSigners == "sites/signers")
        #expect(host.kind == .appliance)
        #expect(host.address == "10.0.0.11")
        #expect(host.port == 22)
        #expect(host.user == "root")
        #expect(host.identityFile == "/etc/blackstart/key")
        #expect(host.knownHosts == "sites/../hosts")
        #expect(host.hostKey == "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGLQc1dXl2Yo3WmKhX0")
        #expect(!host.receipts)
        #expect(host.location == "room 0.14, rack 2, unit 4")
        #expect(host.bmc == "10.9.0.11")
        #expect(host.place == SourcePlace(path: "sites/north.yaml", line: 12, column: 3))
    }

    @Test("what a host has from the defaults of its inventory")
    func defaults() throws {
        let host = try #require(inventory.host("san2"))
        #expect(host.address == "fd00::12")
        #expect(host.port == 2_222)
        #expect(host.user == "ops")
        #expect(host.identityFile == "/home/ops/.ssh/emergency")
        #expect(host.knownHosts == "sites/known_hosts")
        #expect(host.receipts)
        #expect(host.kind == nil)
        #expect(inventory.host("db01")?.address == "db01.north.example")
    }

    @Test("what a host has when nothing is said")
    func nothingSaid() throws {
        let text = "version: 1\nname: A\nhosts: { a: { address: 10.0.0.1 } }\n"
        let bare = try InventoryReader.read(bytes: Array(text.utf8), path: "i.yaml", home: "/home/ops")
        let host = try #require(bare.hosts.first)
        #expect(host.port == 22)
        #expect(host.user == nil)
        #expect(host.identityFile == nil)
        #expect(host.knownHosts == "/home/ops/.ssh/known_hosts")
        #expect(bare.labSpeed == 1)
        #expect(bare.groups.isEmpty)
    }

    @Test("what a machine gives and needs, and how it is kept safe")
    func facts() throws {
        #expect(inventory.host("late")?.facts.provides.map(\.name) == ["mail"])
        let host = try #require(inventory.host("far"))
        #expect(host.via?.name == "late")
        #expect(host.facts.provides.map(\.name) == ["databases", "backup-catalogue"])
        #expect(host.facts.requires.map(\.name) == ["storage", "dns"])
        #expect(host.facts.placedOn.map(\.name) == ["san1", "san2"])
        #expect(host.facts.apartFrom.map(\.name) == ["db01"])
        #expect(host.facts.rto == .seconds(4 * 3_600) && host.facts.rpo == .seconds(900))
        #expect(host.facts.protection.confidentiality == .normal && host.facts.protection.integrity == .high)
        #expect(host.facts.protection.availability == .veryHigh)
        let backup = try #require(host.facts.backup)
        #expect(backup.method == "image" && backup.place == "vault B, set 7" && backup.imageIncluded)
        #expect(backup.interval == .seconds(86_400) && backup.lastTest == "2026-08-02")
        #expect(backup.server?.name == "late" && backup.requires.map(\.name) == ["mail"])
        #expect(backup.domains.map(\.name) == ["south"])
        #expect(backup.size == 3 << 39 && backup.throughput == 400 << 20)
        #expect(host.facts.domains.map(\.name) == ["rack-1", "feed-a"])
        #expect(host.facts.capacity.memory == 512 << 30 && host.facts.capacity.processors == 64)
        #expect(host.facts.escrow == "envelope 3")
        #expect(host.facts.snapshot?.platforms == [.linux, .zfs])
        #expect(host.facts.snapshot?.every == .seconds(14 * 86_400))
        #expect(host.facts.snapshot?.copies.map(\.name) == ["late"])
        #expect(host.facts.health == Health(checked: "2026-11-01", every: .seconds(14 * 86_400)))
        #expect(host.facts.mitigations.map(\.service.name) == ["dns", "storage"])
        #expect(host.facts.mitigations.map(\.means) == [.literalAddress, .cachedKey])
        #expect(inventory.host("san1")?.facts == SystemFacts())
    }

    @Test("how an old machine is reached and let in at")
    func logins() throws {
        let host = try #require(inventory.host("old"))
        #expect(host.addresses == ["10.0.0.40", "fd00::40"])
        #expect(inventory.host("db01")?.addresses == ["10.0.0.21"])
        #expect(host.certificateFile == "sites/signed.pub")
        #expect(host.password?.source == .file("sites/secrets/old"))
        #expect(host.password?.description == "Envelope 4")
        #expect(
            SSHAlgorithms.Kind.allCases.map { host.algorithms[$0].first } == [
                "diffie-hellman-group14-sha1", "aes128-cbc", "hmac-sha1", "ssh-rsa", "ssh-rsa",
            ])
        #expect(host.algorithms.weak.count == 5)
        #expect(host.algorithms.offered(.macs).last == "hmac-sha1")
        #expect(!host.algorithms.offered(.macs).dropLast().contains { SSHAlgorithms.isWeak($0) })
    }

    @Test("what holds for the way to all hosts does not hold for the host on the way")
    func sharedWay() throws {
        let text = """
            version: 1
            name: A
            defaults: { via: gate, password: { from: prompt }, certificate_file: signed.pub, algorithms: { macs: [hmac-sha1] } }
            hosts: { gate: { address: 10.0.0.1 }, a: { address: 10.0.0.2 }, b: { address: 10.0.0.3, via: a } }

            """
        let inventory = try InventoryReader.read(bytes: Array(text.utf8), path: "i.yaml", home: "/home/ops")
        #expect(inventory.hosts.map { $0.via?.name } == [nil, "gate", "a"])
        #expect(inventory.hosts.allSatisfy { $0.password?.source == .prompt && $0.certificateFile == "signed.pub" })
        #expect(inventory.hosts.allSatisfy { $0.algorithms[.macs] == ["hmac-sha1"] })
        let warnings = InventoryAdvice.check(inventory, inventoryText: Array(text.utf8))
        #expect(
            warnings.map(\.message) == ["`hmac-sha1` is no longer safe: who listens or stands between may break it"])
    }

    @Test("services, from outside and on each other")
    func services() {
        #expect(
            inventory.services.map(\.name) == [
                "power", "storage", "dns", "tickets", "backup-catalogue", "dns:north.example",
            ])
        #expect(inventory.services.map(\.isExternal) == [true, false, false, false, false, false])
        #expect(
            inventory.services.map { $0.requires.map(\.name) } == [
                [], ["power", "cooling"], ["storage"], [], [], ["dns"],
            ])
        #expect(inventory.services.map(\.kind) == [.power, .storage, .dns, .licences, .other, .dns])
        #expect(inventory.services.map(\.grace) == [nil, nil, nil, .seconds(72 * 3_600), nil, nil])
    }

    @Test("what fails together, and what can spare what")
    func domains() throws {
        #expect(inventory.domains.map(\.name) == ["rack-1", "room-14", "feed-a", "north", "south"])
        #expect(inventory.domains.map(\.kind) == [.rack, .fireZone, .feed, .site, .site])
        #expect(inventory.domains.map { $0.partOf.map(\.name) } == [["room-14"], ["north"], [], [], []])
        #expect(inventory.redundancy.map(\.name) == ["names", "votes"])
        #expect(inventory.redundancy.map { $0.members.map(\.name) } == [["san1", "db01"], ["san1", "san2", "late"]])
        #expect(inventory.redundancy.map(\.atLeast) == [2, 1])
        #expect(inventory.redundancy.map(\.votes) == [nil, ["late": 0]])
        #expect(inventory.redundancy.map(\.across) == [[.rack, .site], [.rack, .feed, .datastore, .fireZone]])
        #expect(inventory.cumulation == 5)
        #expect(inventory.drillEvery == .seconds(180 * 86_400))
    }

    @Test("people are contacts of whom more is said, and roles say how many of them it takes")
    func people() throws {
        #expect(inventory.people.map(\.id) == ["ada", "bob"])
        #expect(
            inventory.contact("ada")?.phone == "+49 30 1"
                && inventory.contacts.filter { $0.signer == "ada@ops" }.flatMap(\.roles) == ["lead"])
        #expect(inventory.contact("ada")?.reference == "badge 7")
        let ada = try #require(inventory.people.first?.person)
        #expect(ada.deputy?.name == "bob" && ada.trained == "2026-03-02" && ada.requires.map(\.name) == ["mail"])
        #expect(inventory.roles.map(\.name) == ["lead", "helper"])
        #expect(inventory.roles.map(\.people) == [3, 2])
        #expect(inventory.roles.map(\.trainedEvery) == [.seconds(180 * 86_400), .seconds(365 * 86_400)])
    }

    @Test("what there is for which emergency, and where the packs lie")
    func scenarios() throws {
        let entries = try #require(inventory.scenarios)
        #expect(entries.map(\.scenario) == Scenario.allCases)
        #expect(entries.first?.runbooks.map(\.name) == ["cold-start.yaml", "tiers.yaml"])
        #expect(entries.dropFirst().allSatisfy { $0.runbooks.isEmpty && $0.none != nil })
        #expect(entries.first { $0.scenario == .theft }?.none == "the police is called")
        let packs = try #require(inventory.packs)
        #expect(packs.map(\.whereabouts) == ["the notary", "safe in room 0.14"])
        #expect(packs.map(\.file) == ["sites/packs/site.age", nil])
        #expect(packs.map { $0.domains.map(\.name) } == [["south"], []])
    }

    @Test("groups keep their order and their members")
    func groups() {
        #expect(inventory.hosts.map(\.name) == ["san1", "san2", "db01", "late", "far", "old"])
        #expect(inventory.groups.map(\.name) == ["storage", "all", "none", "more"])
        #expect(
            inventory.groups.map { $0.members.map(\.name) } == [["san1", "san2"], ["storage", "db01"], [], ["late"]])
    }
}
