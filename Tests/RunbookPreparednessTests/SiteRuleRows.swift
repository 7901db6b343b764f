import RunbookPreparedness

/// Rows of the rules that look at the site as a whole, and at the runbooks of its scenarios.
enum SiteRuleRows {
    private typealias Row = RuleTests.Row

    static let rows: [RuleTests.Row] = places + protection + recovery + people + times + scenarios + stages + drills

    private static let step = RuleTests.step
    private static let vault = "vault: { address: 10.0.0.90 }"

    private static let places: [Row] = [
        Row(
            name: "a group that one rack takes whole, and one that needs both of its members",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, domain: rack-1 }",
                "q: { kind: physical, address: 10.0.0.2, domain: rack-2 }",
                "r: { kind: physical, address: 10.0.0.3, domain: rack-1 }",
                "a: { kind: vm, address: 10.0.0.4, placed_on: [p] }",
                "b: { kind: vm, address: 10.0.0.5, placed_on: [p, r] }",
            ],
            more: """
                domains: { rack-1: { kind: rack }, rack-2: { kind: rack } }
                redundancy: { names: { members: [a, b] }, both: { members: [p, q], at_least: 2 } }
                """,
            found: [
                "AFFINITY names i.yaml:11:15: without `rack-1` 0 of the 2 machines of `names` are left, and 1 of them has to be up | with `rack-1` `a` and `b` fail | move one of them to where it does not fail with `rack-1`",
                "AFFINITY both i.yaml:11:43: without `p` 1 of the 2 machines of `both` is left, and 2 of them have to be up | with `p` `p` fails | add a machine to the group, so that it can spare one",
                "AFFINITY both i.yaml:11:43: without `q` 1 of the 2 machines of `both` is left, and 2 of them have to be up | with `q` `q` fails | add a machine to the group, so that it can spare one",
            ]),
        Row(
            name: "a group of which one may run in another rack, and one that shares only its site",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, domain: [rack-1, feed-a] }",
                "q: { kind: physical, address: 10.0.0.2, domain: [rack-2, feed-b] }",
                "a: { kind: vm, address: 10.0.0.4, placed_on: [p] }",
                "b: { kind: vm, address: 10.0.0.5, placed_on: [p, q] }",
            ],
            more: """
                domains: { north: { kind: site }, rack-1: { kind: rack, part_of: north }, rack-2: { kind: rack, part_of: north }, feed-a: { kind: feed }, feed-b: { kind: feed } }
                redundancy: { names: { members: [a, b] } }
                """, found: []),
        Row(
            name: "a fire zone that holds both racks, by what they are part of",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, domain: rack-1 }",
                "q: { kind: physical, address: 10.0.0.2, domain: rack-2 }",
            ],
            more: """
                domains: { hall: { kind: fire-zone }, rack-1: { kind: rack, part_of: hall }, rack-2: { kind: rack, part_of: hall } }
                redundancy: { names: { members: [p, q] } }
                """,
            found: [
                "AFFINITY names i.yaml:8:15: without `hall` 0 of the 2 machines of `names` are left, and 1 of them has to be up | with `hall` `p` and `q` fail | move one of them to where it does not fail with `hall`"
            ]),
        Row(
            name: "votes that one rack halves, and that are even, and a witness on what it is witness of",
            hosts: [
                "m1: { kind: physical, address: 10.0.0.1, domain: rack-1 }",
                "m2: { kind: physical, address: 10.0.0.2, domain: rack-1 }",
                "m3: { kind: physical, address: 10.0.0.3, domain: rack-2 }",
                "w: { kind: vm, address: 10.0.0.4, placed_on: [m3] }",
            ],
            more: """
                domains: { rack-1: { kind: rack }, rack-2: { kind: rack } }
                redundancy: { ceph: { members: [m1, m2, m3, w], votes: {} } }
                """,
            found: [
                "QUORUM-DOMAIN ceph i.yaml:10:15: without `m3` `ceph` has 2 of 4 votes, and decides nothing | with `m3` `m3` and `w` fail | spread the votes so that more than half are left, with a witness elsewhere",
                "QUORUM-DOMAIN ceph i.yaml:10:15: without `rack-1` `ceph` has 2 of 4 votes, and decides nothing | with `rack-1` `m1` and `m2` fail | spread the votes so that more than half are left, with a witness elsewhere",
                "QUORUM-DOMAIN ceph i.yaml:10:15: `ceph` has an even number of votes, 4: two halves can't decide |  | give it one vote more or less, as a witness in a third place",
                "QUORUM-DOMAIN ceph i.yaml:10:15: `w` votes in `ceph`, and runs only on others that do |  | let it run on a machine that has no vote there",
            ]),
        Row(
            name: "three votes in three racks, and a member without one",
            hosts: [
                "m1: { kind: physical, address: 10.0.0.1, domain: rack-1 }",
                "m2: { kind: physical, address: 10.0.0.2, domain: rack-2 }",
                "m3: { kind: physical, address: 10.0.0.3, domain: rack-3 }",
                "o: { kind: vm, address: 10.0.0.4, placed_on: [m3] }",
            ],
            more: """
                domains: { rack-1: { kind: rack }, rack-2: { kind: rack }, rack-3: { kind: rack } }
                redundancy: { ceph: { members: [m1, m2, m3, o], votes: { o: 0 } } }
                """, found: []),
        Row(
            name: "a farm that can't lose a machine, by memory",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, capacity: { memory: 128GiB, cpus: 32 } }",
                "q: { kind: physical, address: 10.0.0.2, capacity: { memory: 64GiB, cpus: 32 } }",
                "a: { kind: vm, address: 10.0.0.3, placed_on: [p, q], capacity: { memory: 48GiB, cpus: 4 } }",
                "b: { kind: vm, address: 10.0.0.4, placed_on: [p, q], capacity: { memory: 40GiB, cpus: 4 } }",
            ],
            found: [
                "CAPACITY-N-1 p i.yaml:5:3: without `p`, the machines that are left don't hold all that has to start | 2 machines of `p` have another place: `a` and `b`; `q` has 64 GiB of memory and 32 processors; all that has to start there takes 88 GiB of memory and 8 processors | add memory or processors, let guests run on more machines (`placed_on`), or say which need not start"
            ]),
        Row(
            name: "guests that fit in one way only",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, capacity: { memory: 10GiB } }",
                "q: { kind: physical, address: 10.0.0.2, capacity: { memory: 10GiB } }",
                "r: { kind: physical, address: 10.0.0.3, capacity: { memory: 10GiB } }",
                "a: { kind: vm, address: 10.0.0.4, placed_on: [p, q, r], capacity: { memory: 6GiB } }",
                "b: { kind: vm, address: 10.0.0.5, placed_on: [p, q, r], capacity: { memory: 5GiB } }",
                "c: { kind: vm, address: 10.0.0.6, placed_on: [p, q, r], capacity: { memory: 5GiB } }",
                "d: { kind: vm, address: 10.0.0.7, placed_on: [p, q, r], capacity: { memory: 2GiB } }",
                "e: { kind: vm, address: 10.0.0.8, placed_on: [p, q, r], capacity: { memory: 2GiB } }",
                "g: { kind: vm, address: 10.0.0.10, placed_on: [p, q] }",
            ],
            // On two of them, 6+2+2 and 5+5 is the only way.
            found: []),
        Row(
            name: "a guest that fits nowhere is found once",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, capacity: { memory: 10GiB } }",
                "q: { kind: physical, address: 10.0.0.2, capacity: { memory: 10GiB } }",
                "a: { kind: vm, address: 10.0.0.4, placed_on: [p, q], capacity: { memory: 0.5TiB } }",
            ],
            found: [
                "CAPACITY-N-1 p i.yaml:5:3: `p` and `q` don't hold all that has to start, even with none of them lost | `p` and `q` have 20 GiB of memory and 0 processors; all that has to start there takes 512 GiB of memory and 0 processors | add memory or processors, let guests run on more machines (`placed_on`), or say which need not start"
            ]),
        Row(
            name: "a farm that can lose each of its machines",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, capacity: { memory: 64GiB } }",
                "q: { kind: physical, address: 10.0.0.2, capacity: { memory: 64GiB } }",
                "a: { kind: vm, address: 10.0.0.3, placed_on: [p, q], capacity: { memory: 32GiB } }",
                "b: { kind: vm, address: 10.0.0.4, placed_on: [p, q], capacity: { memory: 32GiB } }",
            ], found: []),
    ]

    private static let protection: [Row] = [
        Row(
            name: "as many guests with the highest need as raise it by a class",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, protection: { availability: high } }",
                "a: { kind: vm, address: 10.0.0.2, placed_on: [p], protection: { availability: high } }",
                "b: { kind: vm, address: 10.0.0.3, placed_on: [p], protection: { availability: high } }",
            ],
            more: "cumulation: 2",
            found: [
                "CUMULATION p i.yaml:5:3: 2 machines on `p` have a need for availability that is high: together that is very-high |  | give `p` `protection: { availability: very-high }`, spread the machines, or accept it in a waiver"
            ]),
        Row(
            name: "one fewer than that, and a machine that has the class already",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, protection: { availability: high } }",
                "q: { kind: physical, address: 10.0.0.5, protection: { availability: very-high } }",
                "a: { kind: vm, address: 10.0.0.2, placed_on: [p, q], protection: { availability: high } }",
                "b: { kind: vm, address: 10.0.0.3, placed_on: [q], protection: { availability: high } }",
                "c: { kind: vm, address: 10.0.0.4, placed_on: [p], protection: { availability: normal } }",
            ],
            more: "cumulation: 2", found: []),
        Row(
            name: "a machine that does without, and says so falsely",
            services: "{ dns: {}, ldap: {}, kms: {} }",
            hosts: [
                "p: { kind: physical, address: p.example, requires: [dns, ldap, kms], instead_of: { dns: literal-address, ldap: local-account, kms: cached-key } }",
                "q: { kind: physical, address: 10.0.0.2 }",
                "v: { kind: vm, address: 10.0.0.3, placed_on: [q], provides: [dns, ldap, kms] }",
                "w: { kind: vm, address: 10.0.0.4, placed_on: [p] }",
            ],
            found: [
                "EXCLUSIVE-VIRTUAL dns i.yaml:5:55: `p` needs `dns`, which virtual machines alone provide: `v` | it says to do without by literal-address, but its address is a name: `p.example` | provide `dns` on a physical machine as well, or make `p` do without it (literal addresses, a local account, keys kept on the machine) and say so: `instead_of`",
                "EXCLUSIVE-VIRTUAL ldap i.yaml:5:60: `p` needs `ldap`, which virtual machines alone provide: `v` | it says to do without by local-account, but the inventory names no `user` of its own | provide `ldap` on a physical machine as well, or make `p` do without it (literal addresses, a local account, keys kept on the machine) and say so: `instead_of`",
                "EXCLUSIVE-VIRTUAL kms i.yaml:5:66: `p` needs `kms`, which virtual machines alone provide: `v` | it says to do without by cached-key, but no `escrow` says where its key is kept | provide `kms` on a physical machine as well, or make `p` do without it (literal addresses, a local account, keys kept on the machine) and say so: `instead_of`",
                "KEY-LOCK p i.yaml:5:66: `p` needs `kms`, which virtual machines alone provide, and no `escrow` says where its keys are kept outside | `kms` is provided by `v` | keep a copy of the keys outside, as in a sealed envelope, and say where: `escrow`",
            ]),
        Row(
            name: "a machine on which the name server runs, and which does without it",
            services: "{ dns: {}, ldap: {}, kms: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, user: root, identity_file: key, requires: [dns, ldap, kms], escrow: envelope 3, instead_of: { dns: literal-address, ldap: local-account, kms: cached-key } }",
                "v: { kind: vm, address: 10.0.0.3, placed_on: [p], provides: [dns, ldap, kms] }",
            ], found: []),
    ]

    private static let recovery: [Row] = [
        Row(
            name: "backups that their own machine restores, a server on it, and a catalogue on it",
            services: "{ catalogue: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, backup: { method: image, image_included: true, last_test: \"2026-01-01\", server: bk, requires: [catalogue] } }",
                "bk: { kind: vm, address: 10.0.0.2, placed_on: [p], provides: [catalogue], backup: { method: image, image_included: true, last_test: \"2026-01-01\", server: bk } }",
            ],
            found: [
                "BACKUP-CIRCULAR p i.yaml:5:123: `p` is restored by `bk`, which can't run without it | without `p` `bk` can't run | restore it by a machine, a catalogue and a key that do not rest on `p`",
                "BACKUP-CIRCULAR p i.yaml:5:138: the restore of `p` needs `catalogue`, which ends with it | without `p` nobody provides `catalogue` | restore it by a machine, a catalogue and a key that do not rest on `p`",
                "BACKUP-CIRCULAR bk i.yaml:6:157: `bk` is restored by itself |  | restore it by a machine, a catalogue and a key that do not rest on `bk`",
            ]),
        Row(
            name: "a backup server that has another place",
            services: "{ catalogue: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, backup: { method: image, image_included: true, last_test: \"2026-01-01\", server: bk, requires: [catalogue] } }",
                "q: { kind: physical, address: 10.0.0.3 }",
                "bk: { kind: vm, address: 10.0.0.2, placed_on: [p, q], provides: [catalogue], backup: { method: image, image_included: true, last_test: \"2026-01-01\", server: q } }",
            ], found: []),
        Row(
            name: "a restore that takes longer than the objective",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, rto: 4h, backup: { method: image, image_included: true, last_test: \"2026-01-01\", size: 2TiB, throughput: 100MiB } }"
            ],
            found: [
                "RTO-INFEASIBLE p i.yaml:5:3: the restore of `p` takes 5 hours 49 minutes, and its `rto` is 4 hours | 2 TiB at 100 MiB a second | restore faster, keep less on one machine, or agree on another objective"
            ]),
        Row(
            name: "a restore that just holds it",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, rto: 1h, backup: { method: image, image_included: true, last_test: \"2026-01-01\", size: 3600MiB, throughput: 1MiB } }"
            ], found: []),
        Row(
            name: "checks for errors that are overdue, never made, or not spoken of",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, health: { checked: \"2026-10-26\" } }",
                "q: { kind: physical, address: 10.0.0.2, health: { every: 7d } }",
                "s: { kind: appliance, address: 10.0.0.3 }",
            ],
            found: [
                "HEALTH-UNCHECKED p i.yaml:5:3: `p` was last looked after for errors on 2026-10-26, and that is to be done every 30 days |  | look at its disks, memory and pools, and write down the day: `checked`",
                "HEALTH-UNCHECKED q i.yaml:6:3: `q` was never looked after for errors, as far as is said, and that is to be done every 7 days |  | look at its disks, memory and pools, and write down the day: `checked`",
                "HEALTH-UNCHECKED s i.yaml:7:3: nothing is said of checks of `s` for errors |  | look at its disks, memory and pools, and write down the day: `health: { checked: … }`",
            ]),
        Row(
            name: "a check for errors as long ago as it may be",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, health: { checked: \"2026-10-27\" } }",
                "q: { kind: physical, address: 10.0.0.2 }",
            ], found: []),
        Row(
            name: "copies of backups and of the pack in the zone of their machines",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, domain: rack-1, backup: { method: image, image_included: true, last_test: \"2026-01-01\", domain: hall-a } }",
                "q: { kind: physical, address: 10.0.0.2, domain: rack-1, backup: { method: image, image_included: true, last_test: \"2026-01-01\" } }",
            ],
            more: """
                domains: { hall-a: { kind: fire-zone }, rack-1: { kind: rack, part_of: hall-a } }
                packs: [{ where: safe, domain: hall-a }]
                """,
            found: [
                "FORCE-MAJEURE p i.yaml:5:3: the backup of `p` lies where the machine itself stands: `hall-a` |  | keep a copy in another fire zone or at another site, and say so: `domain` of its `backup`",
                "FORCE-MAJEURE q i.yaml:6:3: in which fire zone the backup of `q` lies is not said |  | keep a copy in another fire zone or at another site, and say so: `domain` of its `backup`",
                "FORCE-MAJEURE hall-a i.yaml:8:9: every copy of the emergency pack would be lost with `hall-a` |  | keep a copy outside of it, and say so: `domain` of an entry of `packs`",
            ]),
        Row(
            name: "copies in another zone of the same site",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, domain: hall-a, backup: { method: image, image_included: true, last_test: \"2026-01-01\", domain: hall-b } }"
            ],
            more: """
                domains: { north: { kind: site }, hall-a: { kind: fire-zone, part_of: north }, hall-b: { kind: fire-zone, part_of: north } }
                packs: [{ where: safe, domain: hall-a }, { where: notary, domain: hall-b }]
                """, found: []),
        Row(
            name: "packs that are missing, plain, for one key, or old",
            hosts: [vault],
            more: "packs: [{ where: a, file: a }, { where: b, file: b }, { where: c, file: c }, { where: d, file: d }]",
            packs: [
                .unreadable("No such file or directory"), .unencrypted, .encrypted(keys: 1, newer: ["r.yaml"]),
                .encrypted(keys: 2, newer: ["r.yaml"]),
            ],
            found: [
                "PACK-WEAK a i.yaml:6:9: the emergency pack (a) can't be read: No such file or directory |  | make it anew with `blackstart pack make`",
                "PACK-WEAK b i.yaml:6:32: the emergency pack (b) is not encrypted |  | make it anew with `blackstart pack make`, and destroy this one",
                "PACK-WEAK c i.yaml:6:55: the emergency pack (c) can be opened with one key alone |  | make it anew for two recipients at least",
                "PACK-WEAK d i.yaml:6:78: the emergency pack (d) is older than `r.yaml` |  | make it anew with `blackstart pack make`",
            ]),
        Row(
            name: "no pack at all", hosts: [vault], more: "packs: []", packs: [],
            found: [
                "PACK-WEAK packs i.yaml:1:1: there is no copy of the emergency pack |  | make one with `blackstart pack make`, and say where it lies: `packs`"
            ]),
        Row(
            name: "a pack for two keys that is newer than its files, and one elsewhere",
            hosts: [vault], more: "packs: [{ where: a, file: a }, { where: notary }]",
            packs: [.encrypted(keys: 2, newer: []), .elsewhere], found: []),
    ]

    private static let people: [Row] = [
        Row(
            name: "roles with too few people who were trained and can be reached",
            services: "{ voip: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1 }",
                "v: { kind: vm, address: 10.0.0.2, placed_on: [p], provides: [voip] }",
            ],
            more: """
                people:
                  ada: { name: Ada, phone: "1", roles: [lead], trained: "2026-01-01" }
                  bob: { name: Bob, phone: "2", roles: [lead], trained: "2025-11-25" }
                  cyd: { name: Cyd, phone: "3", roles: [lead], trained: "2026-01-01", requires: [voip] }
                  dan: { name: Dan, roles: lead, trained: "2026-01-01" }
                  eve: { name: Eve, phone: "5", roles: lead }
                roles: { lead: {} }
                """,
            steps: ["- { id: ok, name: OK, approval: { roles: [owner] }, why: w }"],
            found: [
                "PERSONNEL lead i.yaml:13:10: of the 2 people that `lead` needs, 1 can be counted on | `bob` was last trained on 2025-11-25, and that holds for 365 days; `cyd` is reached by `voip`, which virtual machines alone provide: `v`; `dan` has no `phone`; `eve` was never trained, as far as is said | train people and say so in `people`: `roles`, `trained`, and a `phone` that needs nothing of the site",
                "PERSONNEL owner r.yaml:9:43: of the 2 people that `owner` needs, none can be counted on | nobody of `people` has the role | train people and say so in `people`: `roles`, `trained`, and a `phone` that needs nothing of the site",
            ]),
        Row(
            name: "as many as the role wants, trained a year ago to the day",
            hosts: [vault],
            more: """
                people:
                  ada: { name: Ada, phone: "1", roles: [lead], trained: "2025-11-26" }
                  bob: { name: Bob, phone: "2", roles: [lead, owner], trained: "2026-01-01" }
                roles: { owner: { people: 1 } }
                """,
            steps: ["- { id: ok, name: OK, approval: { roles: [lead, owner] }, why: w }"], found: []),
    ]

    private static let times: [Row] = [
        Row(
            name: "a directory and a cluster before anybody has looked at the clocks",
            services: "{ ldap: {}, corosync: { kind: cluster } }",
            hosts: [
                "d: { kind: physical, address: 10.0.0.1, provides: [ldap] }",
                "p: { kind: physical, address: 10.0.0.2, provides: [corosync] }",
            ],
            steps: [
                "- { id: d, name: D, hosts: d, run: 'true', provides: [ldap], \(step) }",
                "- { id: t, name: T, needs: [], hosts: local, run: chronyc tracking, tags: [time-check], \(step) }",
                "- { id: p, name: P, needs: [], hosts: p, run: 'true', \(step) }",
            ],
            found: [
                "CLOCK d r.yaml:9:3: step 1 (d) starts `ldap`, a directory, before clocks were looked at |  | let it need a step that makes time ready (`provides`), or that checks clocks and has the tag `time-check`",
                "CLOCK p r.yaml:11:3: step 3 (p) starts `corosync`, a cluster, before clocks were looked at |  | let it need a step that makes time ready (`provides`), or that checks clocks and has the tag `time-check`",
            ]),
        Row(
            name: "clocks that were looked at, through another step",
            services: "{ ldap: {}, ntp: {} }",
            hosts: ["d: { kind: physical, address: 10.0.0.1, provides: [ldap, ntp] }"],
            steps: [
                "- { id: t, name: T, hosts: local, run: chronyc tracking, provides: [ntp], \(step) }",
                "- { id: cp, name: C, needs: [t], checkpoint: c }",
                "- { id: d, name: D, needs: [cp], hosts: d, run: 'true', provides: [ldap], \(step) }",
            ], found: []),
        Row(
            name: "licences that run out before their server is back, by the steps and by its restore",
            services: "{ licences: { grace: 1h } }",
            hosts: [
                "l: { kind: physical, address: 10.0.0.1, provides: [licences], backup: { method: image, image_included: true, last_test: \"2026-01-01\", size: 1TiB, throughput: 100MiB } }"
            ],
            steps: [
                "- { id: a, name: A, hosts: local, run: 'true', estimate: 40m, \(step) }",
                "- { id: l, name: L, needs: [a], hosts: l, run: 'true', estimate: 21m, provides: [licences], \(step) }",
            ],
            found: [
                "LICENCE-GRACE licences r.yaml:10:3: `licences` is ready after 1 hour 1 minute, with step 2 (l), and what needs it runs on without it for 1 hour |  | start it earlier, restore it faster, or agree on a longer grace with who gives the licences",
                "LICENCE-GRACE licences i.yaml:5:3: `licences` is provided by `l`, whose restore takes 2 hours 54 minutes, and what needs it runs on without it for 1 hour |  | start it earlier, restore it faster, or agree on a longer grace with who gives the licences",
            ]),
        Row(
            name: "licences that hold until then",
            services: "{ licences: { grace: 1h } }",
            hosts: ["l: { kind: physical, address: 10.0.0.1, provides: [licences] }"],
            steps: ["- { id: l, name: L, hosts: l, run: 'true', estimate: 60m, provides: [licences], \(step) }"],
            found: []),
    ]

    private static let noneOf =
        "partial-compromise: { none: n }, full-compromise: { none: n }, force-majeure: { none: n }, staff-absent: { none: n }, data-loss: { none: n }"

    private static let scenarios: [Row] = [
        Row(
            name: "emergencies without a runbook or a reason, one that can't be read, and one in the wrong place",
            services: "{ dns: {} }",
            hosts: [
                "d: { kind: physical, address: 10.0.0.1, provides: [dns] }",
                "p: { kind: physical, address: 10.0.0.2 }",
                "a: { kind: vm, address: 10.0.0.3, placed_on: [p] }",
            ],
            more: "scenarios: { total-outage: { runbooks: o.yaml }, dns: { runbooks: gone.yaml }, \(noneOf) }",
            others: [
                "o.yaml": "scenario: dns\nsteps: [{ id: d, name: D, hosts: d, run: 'true' }]", "gone.yaml": nil,
            ],
            found: [
                "PROCEDURE-MISSING p i.yaml:6:3: no runbook of `scenarios` acts on `p` | others run on it | write down how it is restarted, as steps of a runbook; or accept it in a waiver, with the reason",
                "SCENARIO-GAP one-host i.yaml:1:1: there is no runbook for `one-host`, and no reason why not |  | name its runbooks in `scenarios`, or say why there is none: `one-host: { none: … }`",
                "SCENARIO-GAP theft i.yaml:1:1: there is no runbook for `theft`, and no reason why not |  | name its runbooks in `scenarios`, or say why there is none: `theft: { none: … }`",
                "SCENARIO-GAP total-outage i.yaml:8:40: the runbook `o.yaml` stands for `total-outage`, and is written for `dns` |  | name it where it belongs, or change its `scenario`",
                "SCENARIO-GAP dns i.yaml:8:67: the runbook `gone.yaml` for `dns` can't be used: no such file |  | mend it, or name another one",
                "SCENARIO-GAP total-outage i.yaml:6:3: no step of the runbooks for `total-outage` acts on `p` | other machines run on it | add the steps that restart it",
            ]),
        Row(
            name: "a name server without a step, and the reason for which it needs one",
            services: "{ dns: {} }",
            hosts: ["d: { kind: physical, address: 10.0.0.1, provides: [dns] }"],
            more: "scenarios: { total-outage: { none: n }, theft: { none: n }, dns: { none: n }, \(noneOf) }",
            others: [:],
            found: [
                "PROCEDURE-MISSING d i.yaml:5:3: no runbook of `scenarios` acts on `d` | it provides name resolution (`dns`) | write down how it is restarted, as steps of a runbook; or accept it in a waiver, with the reason"
            ]),
        Row(
            name: "each emergency has a runbook or a reason, and each machine a step",
            services: "{ dns: {} }",
            hosts: [
                "d: { kind: physical, address: 10.0.0.1, provides: [dns] }",
                "p: { kind: physical, address: 10.0.0.2 }",
                "a: { kind: vm, address: 10.0.0.3, placed_on: [p] }",
            ],
            more:
                "scenarios: { total-outage: { runbooks: o.yaml }, one-host: { runbooks: p.yaml }, theft: { none: n }, \(noneOf) }",
            steps: ["- { id: d, name: D, hosts: d, run: 'true', \(step) }"],
            head: Row.fullHead + "\nscenario: dns",
            others: [
                "o.yaml": "scenario: total-outage\nsteps: [{ id: p, name: P, hosts: p, run: 'true' }]",
                "p.yaml": "scenario: one-host\nsteps: [{ id: p, name: P, hosts: p, manual: Press it. }]",
            ], found: []),
        Row(
            name: "a site that says nothing of scenarios is not asked",
            services: "{ dns: {} }", hosts: ["d: { kind: physical, address: 10.0.0.1, provides: [dns] }"], others: [:],
            found: []),
    ]

    private static let stages: [Row] = [
        Row(
            name: "a compromise that is answered in the wrong order, and not in full",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: look, name: L, hosts: p, run: 'true', \(step) }",
                "- { id: cut, needs: [], name: C, manual: Pull it., tags: [isolate], why: w, if_it_fails: f }",
                "- { id: image, needs: [cut], name: I, hosts: p, run: 'true', tags: [evidence], \(step) }",
                "- { id: anew, needs: [cut], name: A, hosts: p, run: 'true', tags: [rebuild], \(step) }",
                "- { id: back, needs: [anew], name: B, hosts: p, run: 'true', tags: [reconnect], \(step) }",
            ],
            head: Row.fullHead + "\nscenario: full-compromise",
            found: [
                "COMPROMISE-INCOMPLETE Start r.yaml:1:1: no step of the runbook has the tag `rotate`, `check-backups` |  | add the steps of these stages, and tag them",
                "COMPROMISE-INCOMPLETE anew r.yaml:13:3: step 4 (anew), `rebuild`, need not come after a step with the tag `evidence` |  | let it need step 3 (image), along `needs`",
                "COMPROMISE-INCOMPLETE look r.yaml:10:3: step 1 (look) acts on machines before they are isolated |  | let it come after a step with the tag `isolate`",
            ]),
        Row(
            name: "a compromise that is answered in full, and in order",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: ask, name: K, approval: { roles: [lead] }, why: w }",
                "- { id: cut, needs: [ask], name: C, manual: Pull it., tags: [isolate], why: w, if_it_fails: f }",
                "- { id: image, needs: [cut], name: I, hosts: p, run: 'true', tags: [evidence], \(step) }",
                "- { id: anew, needs: [image], name: A, hosts: p, run: 'true', tags: [rebuild, rotate, check-backups], \(step) }",
                "- { id: back, needs: [anew], name: B, hosts: p, run: 'true', tags: [reconnect], \(step) }",
            ],
            head: Row.fullHead + "\nscenario: partial-compromise", found: []),
        Row(
            name: "a theft after which secrets are changed before keys are revoked",
            hosts: [vault],
            steps: [
                "- { id: new, name: N, manual: Change it., tags: [rotate], why: w, if_it_fails: f }",
                "- { id: off, needs: [new], name: O, manual: Revoke it., tags: [revoke], why: w, if_it_fails: f }",
            ],
            head: Row.fullHead + "\nscenario: theft",
            found: [
                "THEFT-INCOMPLETE new r.yaml:10:3: step 1 (new), `rotate`, need not come after a step with the tag `revoke` |  | let it need step 2 (off), along `needs`"
            ]),
        Row(
            name: "a theft after which keys are revoked, and then secrets changed",
            hosts: [vault],
            steps: [
                "- { id: off, name: O, manual: Revoke it., tags: [revoke], why: w, if_it_fails: f }",
                "- { id: new, needs: [off], name: N, manual: Change it., tags: [rotate], why: w, if_it_fails: f }",
            ],
            head: Row.fullHead + "\nscenario: theft", found: []),
        Row(
            name: "a draft that was not filled in",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: s, name: S, hosts: p, run: \"FILL-IN: how it starts\", why: w, if_it_fails: \"FILL-IN\", undo: { run: FILL-IN } }",
                "- { id: t, needs: [s], name: T, manual: Fill it in., why: w, if_it_fails: f }",
            ],
            head: Row.fullHead.replacing("owner: o", with: "owner: \"FILL-IN: who owns it\""),
            found: [
                "DRAFT-GAP s r.yaml:9:3: step 1 (s) was not filled in: `if_it_fails`, `run`, `undo` |  | write what this site needs there, and take out FILL-IN",
                "DRAFT-GAP Start r.yaml:1:1: the head of the runbook was not filled in: `owner` |  | write what this site needs there, and take out FILL-IN",
            ]),
    ]

    private static func drill(_ day: String, author: Bool, changes: [String] = []) -> SiteEvidence.Drill {
        SiteEvidence.Drill(run: "d-\(day)", day: day, tookPart: ["Ada"], isAuthorPresent: author, changes: changes)
    }

    private static let practise =
        "practise it (`blackstart dry-run`, `blackstart lab`), and declare it: `blackstart drills add`"

    private static let drills: [Row] = [
        Row(
            name: "a runbook that was never practised", hosts: [vault], more: "drills: {}", drills: [],
            found: [
                "DRILL-OVERDUE Start r.yaml:1:1: the runbook was never practised, as far as signed journals tell |  | \(practise)"
            ]),
        Row(
            name: "a drill too long ago, by its author alone, and a runbook that was changed since",
            hosts: [vault], more: "drills: { every: 30d }",
            drills: [
                drill("2026-10-26", author: true, changes: ["1 step is new: `s`"]), drill("2026-03-01", author: false),
            ],
            found: [
                "DRILL-OVERDUE Start r.yaml:1:1: the runbook was last practised on 2026-10-26, and that is to be done every 30 days |  | \(practise)",
                "CHANGED-SINCE-DRILL Start r.yaml:1:1: the runbook or its inventory is not as it was when it was last practised, on 2026-10-26 (d-2026-10-26) | 1 step is new: `s` | \(practise)",
            ]),
        Row(
            name: "its author was there each time",
            hosts: [vault], more: "drills: {}",
            drills: [
                drill("2026-10-26", author: true), drill("2026-11-01", author: true),
                drill("2025-11-25", author: false),
            ],
            found: [
                "ONLY-AUTHOR-DRILLED Start r.yaml:1:1: its author was there each time that the runbook was practised | 2026-10-26: Ada; 2026-11-01: Ada | let people who don't know the configuration practise it without the author"
            ]),
        Row(
            name: "a drill a year ago to the day, once without the author", hosts: [vault], more: "drills: {}",
            drills: [drill("2025-11-26", author: false), drill("2026-10-26", author: true)], found: []),
        Row(
            name: "a site that says nothing of drills is not asked", hosts: [vault], drills: [], found: []),
        Row(
            name: "an objective that holds by the estimate, and not by how long the step took",
            hosts: ["a: { kind: physical, address: 10.0.0.1, rto: 1h }"],
            steps: ["- { id: x, name: X, hosts: a, run: 'true', estimate: 45m, \(step) }"],
            measured: ["x": [40, 41, 42, 43, 44, 45, 46, 47, 61, 90]],
            found: [
                "RTO-INFEASIBLE a i.yaml:5:3: `a` is back after 1 hour 1 minute, with step 1 (x), and its `rto` is 1 hour | by how long steps took in past runs (90th percentile), and their estimates where there was none | shorten the slowest chain (`blackstart plan` shows it), correct its estimates, or agree on another objective"
            ]),
        Row(
            name: "an objective that does not hold by the estimate, and does by how long the step took",
            hosts: ["a: { kind: physical, address: 10.0.0.1, rto: 1h }"],
            steps: ["- { id: x, name: X, hosts: a, run: 'true', estimate: 2h, \(step) }"],
            measured: ["x": [20, 30, 60]], found: []),
    ]
}
