import Foundation
import RunbookFormat
import RunbookModel
import TestTools
import Testing

/// The page of the documentation that lists every key: made from the tables that the reader goes by, each row with the
/// tests that hold it.
@Suite("The table of keys in the documentation")
struct KeyReferenceTests {
    private static let page = "\(Program.project)/Sources/blackstart/Documentation.docc/EveryKey.md"

    /// Tests that hold a key, beside the promises: by their names.
    static let elsewhere: [String: [String]] = [
        "a broken runbook is told what is wrong, where, and what to do": ["runbook.version", "runbook.steps"],
        "the head of a runbook": [
            "runbook.name", "runbook.inventory", "runbook.scenario", "runbook.summary", "runbook.use_when",
            "runbook.do_not_use_when", "runbook.owner", "runbook.approver", "runbook.reviewed", "runbook.rto",
            "runbook.classification",
        ],
        "a runbook says what it assumes, and where its secrets come from": [
            "runbook.plan", "runbook.assumes", "secret.description", "secret.name", "secret.run",
        ],
        "variables, short and long, with and without a value": [
            "runbook.vars", "variable.default", "variable.type", "variable.description",
        ],
        "a manual step, with what it says to people": [
            "step.name", "step.phase", "step.manual", "step.why", "step.expect", "step.if_it_fails", "step.estimate",
        ],
        "where a step runs, how many hosts at a time, and as whom": ["step.provides", "step.contact"],
        "what a step does not say comes from the defaults, and what it says stays":
            RunbookDefaults.keys.map { "step defaults.\($0)" },
        "a broken inventory is told what is wrong, where, and what to do": ["inventory.version"],
        "a waiver says which finding, who accepts it, why, and until when": [
            "inventory.waivers", "waiver.rule", "waiver.about", "waiver.who", "waiver.why", "waiver.until",
        ],
        "a host with every key": [
            "inventory.name", "inventory.hosts", "inventory.lab_speed", "inventory.witnesses",
            "inventory.allowed_signers", "host.kind", "host.address", "host.port",
            "host.user", "host.identity_file", "host.known_hosts", "host.host_key", "host.receipts", "host.location",
            "host.bmc",
        ],
        "what a host has from the defaults of its inventory": [
            "inventory.defaults", "host defaults.user", "host defaults.port", "host defaults.identity_file",
            "host defaults.known_hosts", "host defaults.become",
        ],
        "what a machine gives and needs, and how it is kept safe": [
            "host.via", "host.provides", "host.requires", "host.placed_on", "host.apart_from", "host.rto", "host.rpo",
            "host.protection", "host.backup", "protection.confidentiality", "protection.integrity",
            "protection.availability", "backup.method", "backup.where", "backup.every", "backup.image_included",
            "backup.last_test", "backup.server", "backup.requires", "backup.domain", "backup.size", "backup.throughput",
            "host.domain", "host.capacity", "capacity.memory", "capacity.cpus", "host.escrow", "host.snapshot",
            "snapshot.platform", "snapshot.every", "snapshot.copies", "host.health",
            "health.checked", "health.every", "host.instead_of",
        ],
        "what fails together, and what can spare what": [
            "inventory.domains", "domain.kind", "domain.part_of", "inventory.redundancy", "redundancy group.members",
            "redundancy group.at_least", "redundancy group.votes", "redundancy group.across", "inventory.cumulation",
            "inventory.drills", "drills.every",
        ],
        "people are contacts of whom more is said, and roles say how many of them it takes": [
            "inventory.people", "person.name", "person.phone", "person.reference", "person.signer", "person.roles",
            "person.deputy", "person.trained",
            "person.requires", "inventory.roles", "role.people", "role.trained_every",
        ],
        "what there is for which emergency, and where the packs lie": [
            "inventory.scenarios", "scenario.runbooks", "scenario.none", "inventory.packs", "pack copy.where",
            "pack copy.file", "pack copy.domain",
        ] + Scenario.allCases.map { "scenarios.\($0.rawValue)" },
        "how an old machine is reached and let in at": [
            "host.addresses", "host.certificate_file", "host.password", "host.algorithms", "algorithms.kex",
            "algorithms.ciphers", "algorithms.macs", "algorithms.host_keys", "algorithms.user_keys",
        ],
        "what holds for the way to all hosts does not hold for the host on the way": [
            "host defaults.via", "host defaults.password", "host defaults.certificate_file",
            "host defaults.algorithms",
        ],
        "services, from outside and on each other": [
            "inventory.services", "service.external", "service.requires", "service.kind", "service.grace",
        ],
        "groups keep their order and their members": ["inventory.groups"],
        "contacts, and whom a host names": [
            "inventory.contacts", "host.contact", "contact.name", "contact.phone", "contact.reference",
            "contact.roles", "contact.signer",
        ],
        "the written inventory has the same hosts and groups, at the lab's addresses": ["inventory.lab_shell"],
        "its status and body are read, however it comes": ["check.http", "check.status"],
        "a broken fixture is told what is wrong, where, and what to do": ["fixture.version"],
        "the head of a fixture": ["fixture.name", "fixture.clock", "fixture.seed"],
        "hosts with their state and answers": [
            "fixture.hosts", "fixture host.boot", "fixture host.state", "fixture host.answers", "answer.run",
            "answer.tcp", "answer.http", "answer.when", "answer.takes", "answer.set", "answer.stdout",
            "answer.stderr", "answer.exit", "answer.status",
        ],
        "what a fixture's hosts say to sudo, and what stands for secrets and readings": [
            "fixture.secrets", "fixture host.sudo", "sudo.password", "operator line.approve", "operator line.as",
        ],
        "faults, what the operator does, and how it must end": [
            "fixture.faults", "fixture.operator", "fixture.expect", "fault.kind", "fault.host", "fault.from",
            "fault.after", "fault.times", "operator line.step", "operator line.host", "operator line.answer",
            "operator line.choose", "operator line.reason", "operator line.after", "expectation.outcome",
            "expectation.order", "expectation.steps", "expectation.max_duration",
        ],
    ]

    /// The tests that hold each key.
    private static var evidence: [String: [String]] {
        var evidence: [String: [String]] = [:]
        for promise in PromiseTests.all { for key in promise.keys { evidence[key, default: []].append(promise.name) } }
        for (test, keys) in elsewhere.sorted(by: { $0.key < $1.key }) {
            for key in keys { evidence[key, default: []].append(test) }
        }
        return evidence
    }

    private static var text: String {
        let evidence = evidence
        var lines = [
            "# Every key of the three files", "",
            "What each key is, what holds where it is not given, since which version it is known, and the tests that hold it.",
            "",
            "The same tables make the JSON Schemas that ship in `runbooks/schema` and that `blackstart schema` prints.",
            "",
        ]
        for table in LanguageReference.tables {
            lines += ["## \(table.title.prefix(1).uppercased())\(table.title.dropFirst())", ""]
            lines += ["| key | type | default | since | tested by | meaning |", "|---|---|---|---|---|---|"]
            for row in table.rows {
                let standard = row.isRequired ? "required" : row.standard.map { "`\($0)`" } ?? "–"
                let tests = (evidence["\(table.title).\(row.key)"] ?? []).map { "“\($0)”" }
                    .joined(separator: "; ").replacing("|", with: "\\|")
                lines.append(
                    "| `\(row.key)` | \(row.type) | \(standard) | \(row.since) | \(tests) | \(row.text.replacing("|", with: "\\|")) |"
                )
            }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    @Test("every key has its row, as the tables say; BLACKSTART_RECORD=1 writes the page anew")
    func page() throws {
        if ProcessInfo.processInfo.environment["BLACKSTART_RECORD"] == "1" {
            try Self.text.write(toFile: Self.page, atomically: true, encoding: .utf8)
        }
        let page = try String(contentsOfFile: Self.page, encoding: .utf8)
        #expect(page == Self.text)
        for table in LanguageReference.tables {
            for row in table.rows { #expect(page.contains("| `\(row.key)` | "), "\(table.title).\(row.key)") }
        }
    }

    @Test("every key has a test that holds it, and no test is claimed for a key that there is not")
    func tested() {
        let keys = Set(LanguageReference.tables.flatMap { table in table.rows.map { "\(table.title).\($0.key)" } })
        let evidence = Self.evidence
        for key in keys.sorted() { #expect(evidence[key] != nil, "\(key) has no test") }
        for key in evidence.keys.sorted() { #expect(keys.contains(key), "\(key) is no key") }
    }

    @Test("every test that is named is there")
    func named() throws {
        var sources = ""
        let folder = URL(filePath: "\(Program.project)/Tests")
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            ?? .init()
        where file.pathExtension == "swift" && file.lastPathComponent != "KeyReferenceTests.swift" {
            sources += try String(contentsOf: file, encoding: .utf8)
        }
        for name in Self.elsewhere.keys.sorted() {
            let isThere = sources.contains("\"\(name)\"")
            #expect(isThere, "\(name)")
        }
    }
}

/// The keys that `defaults` of a runbook may have.
enum RunbookDefaults {
    static let keys = LanguageReference.tables.first { $0.title == "step defaults" }?.rows.map(\.key) ?? []
}
