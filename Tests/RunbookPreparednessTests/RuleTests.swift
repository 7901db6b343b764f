import RunbookFormat
import RunbookModel
import RunbookPlan
import RunbookPreparedness
import Testing

/// For each rule what has to be found, whole, and a near miss that must not be.
@Suite struct RuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        /// What stands in `services` and `hosts` of the inventory, and more of its keys.
        var services = "{}"
        var hosts: [String]
        var more = ""
        var steps = ["- { id: look, name: Look, manual: Look., why: w, if_it_fails: f }"]
        var head = Row.fullHead
        /// By path what stands in another runbook from `scenario` on; nil text: it can't be read.
        var others: [String: String?]?
        var packs: [SiteEvidence.Pack]?
        var drills: [SiteEvidence.Drill]?
        var snapshots: [String: SiteEvidence.Snapshot]?
        var journal: SiteEvidence.Remote?
        /// By step how long it took in past runs, in minutes.
        var measured: [String: [Int]] = [:]
        /// `RULE subject line:column: message | because … | fix`.
        var found: [String]

        static let fullHead = "plan: P\nowner: o\napprover: a\nreviewed: \"2026-01-01\""
        var testDescription: String { name }
    }

    private static func plan(_ runbook: String, _ inventory: String, _ path: String) throws -> Plan {
        try Planner.plan(
            PlanSource(
                runbook: try RunbookReader.read(bytes: Array(runbook.utf8), path: path),
                runbookBytes: Array(runbook.utf8),
                inventory: try InventoryReader.read(bytes: Array(inventory.utf8), path: "i.yaml", home: nil),
                inventoryBytes: Array(inventory.utf8)))
    }

    static func findings(_ row: Row) throws -> Preparedness {
        let inventory = """
            version: 1
            name: Site
            services: \(row.services)
            hosts:
            \(row.hosts.map { "  \($0)" }.joined(separator: "\n"))
            \(row.more)

            """
        let runbook =
            "version: 1\nname: Start\ninventory: i.yaml\n\(row.head)\nsteps:\n\(row.steps.joined(separator: "\n"))\n"
        var evidence = SiteEvidence()
        evidence.packs = row.packs
        evidence.drills = row.drills
        evidence.snapshots = row.snapshots
        evidence.journal = row.journal
        evidence.measured = row.measured.compactMapValues { MeasuredTime($0.map { .seconds($0 * 60) }) }
        evidence.runbooks = try row.others?.mapValues { text in
            guard let text else { return .unreadable("no such file") }
            return .plan(
                try plan("version: 1\nname: Other\ninventory: i.yaml\n\(text)\n", inventory, "o.yaml"))
        }
        return Preparedness.check(
            try plan(runbook, inventory, "r.yaml"), evidence: evidence, today: "2026-11-26")
    }

    static func text(_ finding: Finding) -> String {
        "\(finding.rule.rawValue) \(finding.subject) \(finding.place): \(finding.message) | "
            + "\(finding.path.joined(separator: "; ")) | \(finding.fix)"
    }

    static let good =
        "a: { kind: vm, address: 10.0.0.9, placed_on: [p], backup: { method: image, image_included: true, last_test: \"2026-01-01\" } }"
    static let step = "why: w, expect: e, if_it_fails: f, undo: none"
    static let outside =
        "; it is a machine that needs none of these, or `external: true` for what comes from outside"

    static let rows: [Row] = [
        Row(
            name: "a circle through a virtual name server",
            services: "{ dns: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, requires: [dns] }",
                "dc: { kind: vm, address: 10.0.0.2, placed_on: [p], provides: [dns] }",
                "erp: { kind: vm, address: 10.0.0.3, placed_on: [p] }",
            ],
            found: [
                "BOOT-UNREACHABLE dns i.yaml:5:54: the cold start stops at `dns`: 3 machines can't start without it | `p` needs `dns`; only `dc` provides `dns`; `dc` runs only on `p`; waiting for it: `p`, `dc` and `erp` | an independent provider of `dns` unblocks 3 machines\(outside)",
                "EXCLUSIVE-VIRTUAL dns i.yaml:5:54: `p` needs `dns`, which virtual machines alone provide: `dc` |  | provide `dns` on a physical machine as well, or make `p` do without it (literal addresses, a local account, keys kept on the machine) and say so: `instead_of`",
            ]),
        Row(
            name: "a circle that a physical provider breaks is none",
            services: "{ dns: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, requires: [dns] }",
                "dc: { kind: vm, address: 10.0.0.2, placed_on: [p], provides: [dns] }",
                "core: { kind: physical, address: 10.0.0.4, provides: [dns] }",
            ], found: []),
        Row(
            name: "nobody provides it",
            hosts: ["a: { kind: physical, address: 10.0.0.1, requires: [ldap] }"],
            found: [
                "BOOT-UNREACHABLE ldap i.yaml:5:54: the cold start stops at `ldap`: 1 machine can't start without it | nobody provides `ldap`; waiting for it: `a` | an independent provider of `ldap` unblocks 1 machine\(outside)"
            ]),
        Row(
            name: "what comes from outside and power need no provider",
            services: "{ ldap: { external: true, requires: [power] } }",
            hosts: ["a: { kind: physical, address: 10.0.0.1, requires: [ldap, power] }"], found: []),
        Row(
            name: "a virtual machine may lean on virtual ones",
            services: "{ dns: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1 }",
                "dc: { kind: vm, address: 10.0.0.2, placed_on: [p], provides: [dns] }",
                "erp: { kind: vm, address: 10.0.0.3, placed_on: [p], requires: [dns] }",
            ], found: []),
        Row(
            name: "a start before what it needs, which comes later",
            services: "{ db: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1 }",
                "d: { kind: physical, address: 10.0.0.2, provides: [db] }",
                "e: { kind: physical, address: 10.0.0.3, requires: [db] }",
            ],
            steps: [
                "- { id: db, name: D, hosts: d, run: 'true', provides: [db], \(step) }",
                "- { id: erp, needs: [], name: E, hosts: e, run: 'true', \(step) }",
            ],
            found: [
                "ORDER-VIOLATION erp r.yaml:10:3: step 2 (erp) acts on `e` before `db` is ready | `e` needs `db`; `db` is ready after step 1 (db), which need not come first | let step 2 need step 1: `needs: [db]`"
            ]),
        Row(
            name: "what several machines of a step need is said once, and where they were not yet told of",
            services: "{ db: {} }",
            hosts: [
                "d: { kind: physical, address: 10.0.0.2, provides: [db] }",
                "e: { kind: physical, address: 10.0.0.3, requires: [db] }",
                "f: { kind: physical, address: 10.0.0.4, requires: [db] }",
                "g: { kind: physical, address: 10.0.0.5, requires: [db] }",
            ],
            steps: [
                "- { id: db, name: D, hosts: d, run: 'true', provides: [db], \(step) }",
                "- { id: erp, name: E, hosts: [e, f], needs: [], run: 'true', \(step) }",
                "- { id: all, name: A, hosts: [e, f, g], needs: [erp], run: 'true', \(step) }",
            ],
            found: [
                "ORDER-VIOLATION erp r.yaml:10:3: step 2 (erp) acts on `e` and `f` before `db` is ready | `e` and `f` need `db`; `db` is ready after step 1 (db), which need not come first | let step 2 need step 1: `needs: [db]`",
                "ORDER-VIOLATION all r.yaml:11:3: step 3 (all) acts on `g` before `db` is ready | `g` needs `db`; `db` is ready after step 1 (db), which need not come first | let step 3 need step 1: `needs: [db]`",
            ]),
        Row(
            name: "a step that powers a machine on does not make its service ready",
            services: "{ db: {} }",
            hosts: [
                "d: { kind: physical, address: 10.0.0.2, provides: [db] }",
                "e: { kind: physical, address: 10.0.0.3, requires: [db] }",
            ],
            steps: [
                "- { id: db, name: D, hosts: d, run: 'true', \(step) }",
                "- { id: erp, name: E, hosts: e, run: 'true', needs: [db], \(step) }",
            ],
            found: [
                "ORDER-VIOLATION erp r.yaml:10:3: step 2 (erp) acts on `e` before `db` is ready | `e` needs `db`; no step makes `db` ready; step 1 (db) acts on what provides it, and does not say that it is ready | give step 1, or the one that checks it, `provides: [db]` and a `verify`"
            ]),
        Row(
            name: "a machine needs what the one below it needs, and a service what it requires",
            services: "{ san: { requires: [net] }, net: {} }",
            hosts: [
                "s: { kind: appliance, address: 10.0.0.1, provides: [san] }",
                "n: { kind: appliance, address: 10.0.0.4, provides: [net] }",
                "p: { kind: physical, address: 10.0.0.2, requires: [san] }",
                "e: { kind: physical, address: 10.0.0.3, placed_on: [p] }",
            ],
            steps: [
                "- { id: san, name: S, hosts: s, run: 'true', provides: [san], \(step) }",
                "- { id: erp, needs: [], name: E, hosts: e, run: 'true', \(step) }",
            ],
            found: [
                "ORDER-VIOLATION san r.yaml:9:3: step 1 (san) makes `san` ready before `net` is ready | `san` needs `net`; no step makes `net` ready | add the step that makes it ready, with `provides: [net]`, or say in the inventory that `net` is `external`",
                "ORDER-VIOLATION erp r.yaml:10:3: step 2 (erp) acts on `e` before `san` is ready | `e` needs `san`; `san` is ready after step 1 (san), which need not come first | let step 2 need step 1: `needs: [san]`",
            ]),
        Row(
            name: "what comes before through other steps is ready",
            services: "{ net: { external: true }, db: { requires: [net] } }",
            hosts: [
                "d: { kind: physical, address: 10.0.0.2, provides: [db] }",
                "e: { kind: physical, address: 10.0.0.3, requires: [db] }",
            ],
            steps: [
                "- { id: db, name: D, hosts: d, run: 'true', provides: [db], \(step) }",
                "- { id: cp, name: C, checkpoint: cp, needs: [db] }",
                "- { id: erp, name: E, hosts: e, run: 'true', needs: [cp], \(step) }",
            ], found: []),
        Row(
            name: "a jump host, an actor and the only witness that are virtual",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, via: v }",
                "v: { kind: vm, address: 10.0.0.2, placed_on: [q] }",
                "q: { kind: physical, address: 10.0.0.3 }",
            ],
            more: "witnesses: [v]",
            steps: [
                "- { id: s, name: S, hosts: p, delegate_to: v, run: 'true', \(step) }",
                "- { id: t, needs: [], name: T, hosts: p, run: 'true', \(step) }",
            ],
            found: [
                "RUNNER-DEPENDS p i.yaml:5:48: `p` is reached through `v`, which is a virtual machine |  | reach it directly, or through a physical machine",
                "RUNNER-DEPENDS s r.yaml:9:44: step 1 (s) is carried out by `v`, which is a virtual machine |  | let a physical machine do it, or this one: `hosts: local`",
                "RUNNER-DEPENDS v i.yaml:8:13: the copies of the journal lie on virtual machines alone |  | let a physical machine be a witness as well",
            ]),
        Row(
            name: "a physical jump host, and a physical witness beside a virtual one",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, via: q }",
                "v: { kind: vm, address: 10.0.0.2, placed_on: [q], via: q }",
                "q: { kind: physical, address: 10.0.0.3 }",
            ],
            more: "witnesses: [v, q]",
            steps: ["- { id: s, name: S, hosts: [p, v], run: 'true', \(step) }"], found: []),
        Row(
            name: "objectives that the estimates break",
            hosts: [
                "a: { kind: physical, address: 10.0.0.1, rto: 1h }",
                "b: { kind: physical, address: 10.0.0.2, rto: 3h }",
            ],
            steps: [
                "- { id: x, name: X, hosts: b, run: 'true', estimate: 45m, \(step) }",
                "- { id: y, name: Y, hosts: a, run: 'true', needs: [x], estimate: 20m, \(step) }",
            ],
            head: "plan: P\nowner: o\napprover: a\nreviewed: \"2026-01-01\"\nrto: 1h",
            found: [
                "RTO-INFEASIBLE Start r.yaml:1:1: the runbook takes 1 hour 5 minutes, and its `rto` is 1 hour |  | shorten the slowest chain (`blackstart plan` shows it), correct its estimates, or agree on another objective",
                "RTO-INFEASIBLE a i.yaml:5:3: `a` is back after 1 hour 5 minutes, with step 2 (y), and its `rto` is 1 hour |  | shorten the slowest chain (`blackstart plan` shows it), correct its estimates, or agree on another objective",
            ]),
        Row(
            name: "an objective that is just held",
            hosts: ["a: { kind: physical, address: 10.0.0.1, rto: 65m }"],
            steps: [
                "- { id: x, name: X, hosts: local, run: 'true', estimate: 45m, \(step) }",
                "- { id: y, name: Y, hosts: a, run: 'true', needs: [x], estimate: 20m, \(step) }",
            ], found: []),
        Row(
            name: "two that must stand apart have one place, and so have all providers",
            services: "{ dns: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1 }", "q: { kind: physical, address: 10.0.0.2 }",
                "a: { kind: vm, address: 10.0.0.3, placed_on: [p], provides: [dns], apart_from: [b] }",
                "b: { kind: vm, address: 10.0.0.4, placed_on: [p], provides: [dns], apart_from: [a] }",
            ],
            found: [
                "AFFINITY a i.yaml:7:83: `a` must not share the fate of `b`, and both can run on `p` alone |  | place one of them on another machine",
                "AFFINITY dns i.yaml:7:64: all who provide `dns` run on `p`: `a` and `b` |  | place one of them on another machine",
            ]),
        Row(
            name: "one of two that must stand apart may run elsewhere",
            services: "{ dns: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1 }", "q: { kind: physical, address: 10.0.0.2 }",
                "a: { kind: vm, address: 10.0.0.3, placed_on: [p], provides: [dns], apart_from: [b] }",
                "b: { kind: vm, address: 10.0.0.4, placed_on: [p, q], provides: [dns] }",
            ], found: []),
        Row(
            name: "a machine below the highest need of its guests",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, protection: { availability: high } }",
                "a: { kind: vm, address: 10.0.0.2, placed_on: [p], protection: { availability: very-high, integrity: high } }",
            ],
            found: [
                "MAX-PRINCIPLE p i.yaml:5:3: the need of `p` for integrity is not said, and `a` on it has high |  | give `p` `protection: { integrity: high }`, and what that asks for",
                "MAX-PRINCIPLE p i.yaml:5:3: the need of `p` for availability is high, and `a` on it has very-high |  | give `p` `protection: { availability: very-high }`, and what that asks for",
            ]),
        Row(
            name: "a machine at the highest need of its guests, and normal needs that nobody said",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, protection: { availability: high } }",
                "a: { kind: vm, address: 10.0.0.2, placed_on: [p], protection: { availability: high, integrity: normal } }",
            ], found: []),
        Row(
            name: "backups that are missing, rare, never tried, without the machine, or a snapshot",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1 }", "a: { kind: vm, address: 10.0.0.2, placed_on: [p] }",
                "b: { kind: vm, address: 10.0.0.3, placed_on: [p], rpo: 1h, backup: { method: snapshot, every: 1d } }",
                "c: { kind: vm, address: 10.0.0.4, placed_on: [p], backup: { method: image, image_included: true, last_test: \"2025-11-25\" } }",
            ],
            found: [
                "BACKUP-MISSING a i.yaml:6:3: nothing is said of a backup of `a` |  | back it up and say how: `backup: { method: image, where: …, every: … }`",
                "BACKUP-STALE b i.yaml:7:3: `b` is backed up every 24 hours, and may lose 1 hour of its data |  | back it up more often, or agree on another `rpo`",
                "BACKUP-UNTESTED b i.yaml:7:3: a restore of `b` was never tried, as far as is said |  | try it, and write down the day: `last_test`",
                "BACKUP-UNTESTED c i.yaml:8:3: a restore of `c` was last tried on 2025-11-25 |  | try it, and write down the day: `last_test`",
                "BACKUP-NO-IMAGE b i.yaml:7:3: the backup of `b` does not hold the machine itself |  | include its image, or say how it is set up anew, and set `image_included`",
                "SNAPSHOT-ONLY b i.yaml:7:3: the only protection of `b` is a snapshot |  | copy it to storage of its own",
            ]),
        Row(
            name: "a backup as often as the loss allows, tried a year ago to the day, of a site that tells of backups",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1 }",
                "a: { kind: vm, address: 10.0.0.2, placed_on: [p], rpo: 1h, backup: { method: image, every: 1h, image_included: true, last_test: \"2025-11-26\" } }",
            ], found: []),
        Row(
            name: "a site that tells nothing of backups is not asked machine by machine",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }", "a: { kind: vm, address: 10.0.0.2, placed_on: [p] }"],
            found: []),
        Row(
            name: "steps that a stranger can't work with, and a runbook of nobody",
            hosts: [good, "p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: s, name: S, hosts: p, run: 'true' }", "- { id: m, needs: [], name: M, manual: Look., why: w }",
            ],
            head: "owner: o",
            found: [
                "STRANGER-UNREADY s r.yaml:6:3: step 1 (s) does not say: why, expect or verify, if_it_fails, undo or irreversible |  | write it for somebody who has never seen this site",
                "STRANGER-UNREADY m r.yaml:7:3: step 2 (m) does not say: if_it_fails |  | write it for somebody who has never seen this site",
                "PLAN-ORPHAN Start r.yaml:1:1: the runbook does not say: `plan`, `approver`, `reviewed` |  | name the emergency plan that it is part of, who owns it, who has approved it, and when it was reviewed",
            ]),
        Row(
            name: "a command that destroys, unguarded",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: s, name: S, hosts: p, run: 'cd /x && sudo /sbin/mkfs.ext4 /dev/sdb', \(step) }",
                "- { id: t, needs: [], name: T, hosts: p, run: 'zpool destroy old', danger: gone, irreversible: gone, verify: { run: 'test ! -e x' }, why: w, if_it_fails: f }",
                "- { id: u, needs: [], name: U, hosts: p, run: 'echo zpool; destroy; ls mkfs-notes; rm -f x; dd if=/dev/sda of=x', \(step) }",
            ],
            found: [
                "UNSAFE-STEP s r.yaml:9:3: step 1 (s) runs `mkfs`, and asks nobody (`danger`) and neither can be undone nor says why not (`irreversible`) and checks nothing afterwards (`verify`) |  | say what it destroys in `danger`, so that it has to be confirmed, and `irreversible`; check with `verify`"
            ]),
        Row(
            name: "a waiver that has run out, and one for something else",
            hosts: ["a: { kind: physical, address: 10.0.0.1, requires: [ldap] }"],
            more:
                "waivers:\n- { rule: BOOT-UNREACHABLE, about: ldap, who: Ada, why: soon, until: \"2026-11-25\" }\n- { rule: BOOT-UNREACHABLE, about: dns, who: Ada, why: no, until: \"2027-11-25\" }",
            found: [
                "BOOT-UNREACHABLE ldap i.yaml:5:54: the cold start stops at `ldap`: 1 machine can't start without it | nobody provides `ldap`; waiting for it: `a` | an independent provider of `ldap` unblocks 1 machine\(outside)",
                "WAIVER-EXPIRED BOOT-UNREACHABLE i.yaml:7:3: Ada accepted BOOT-UNREACHABLE until 2026-11-25: soon |  | mend what was found, or have it agreed anew",
            ]),
        Row(
            name: "a waiver that holds to this very day",
            hosts: ["a: { kind: physical, address: 10.0.0.1, requires: [ldap] }"],
            more: "waivers: [{ rule: BOOT-UNREACHABLE, about: ldap, who: Ada, why: soon, until: \"2026-11-26\" }]",
            found: []),
    ]

    @Test(
        "what has to be found is found whole, and a near miss is not",
        arguments: rows + SiteRuleRows.rows + RecoveryRuleRows.rows + WeakCheckRows.rows)
    func rule(row: Row) throws {
        let found = try Self.findings(row).findings.map(Self.text)
        #expect(found == row.found, "\(found.joined(separator: "\n"))")
    }

    @Test("each rule has a row that it finds, and texts of its own")
    func complete() throws {
        let found = Set(
            (Self.rows + SiteRuleRows.rows + RecoveryRuleRows.rows + WeakCheckRows.rows).flatMap(\.found).compactMap {
                $0.split(separator: " ").first.map(String.init)
            })
        #expect(found == Set(Rule.allCases.map(\.rawValue)))
        for texts in [\Rule.title, \Rule.explanation] as [KeyPath<Rule, String>] {
            #expect(Set(Rule.allCases.map { $0[keyPath: texts] }).count == Rule.allCases.count)
        }
    }

    @Test("machines on machines, as deep as a file can say and with two places each, are no more work than others")
    func deep() throws {
        let depth = 20_000
        let hosts = (0..<depth).map { number in
            let places = number == 0 ? "" : ", placed_on: [h\(number - 1)\(number > 1 ? ", h\(number - 2)" : "")]"
            return "h\(number): { address: 10.0.0.1\(places)\(number == 0 ? ", requires: [x]" : "") }"
        }
        let found = try Self.findings(
            Row(
                name: "deep", services: "{ x: {} }", hosts: hosts + ["p: { address: 10.0.0.2, provides: [x] }"],
                steps: ["- { id: s, name: S, hosts: h\(depth - 1), run: 'true', \(Self.step) }"], found: [])
        ).findings
        #expect(found.map(\.rule) == [.orderViolation])
        #expect(found.first?.path.first == "`h\(depth - 1)` needs `x`")
    }

    @Test("what is waived is told, with who has accepted it")
    func waived() throws {
        let row = try #require(Self.rows.last)
        let waived = try Self.findings(row).waived
        #expect(waived.map(\.finding.subject) == ["ldap"])
        #expect(waived.map(\.waiver.who) == ["Ada"])
    }
}
