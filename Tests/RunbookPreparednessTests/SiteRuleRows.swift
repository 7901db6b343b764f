import RunbookPreparedness

/// Rows of the rules that look at the site as a whole: places, needs for protection, and what a recovery takes from.
enum SiteRuleRows {
    private typealias Row = RuleTests.Row

    static let rows: [RuleTests.Row] = places + protection + recovery

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
            name: "a restore that holds the objective by itself, and not after the steps before it",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, rto: 1h, backup: { method: image, image_included: true, last_test: \"2026-01-01\", size: 1800MiB, throughput: 1MiB } }"
            ],
            steps: ["- { id: x, name: X, hosts: p, run: 'true', estimate: 31m, \(step) }"],
            found: [
                "RTO-INFEASIBLE p i.yaml:5:3: `p` is back after 31 minutes, with step 1 (x), and its restore takes 30 minutes: together 1 hour 1 minute, and its `rto` is 1 hour | 1.8 GiB at 1 MiB a second | shorten the slowest chain (`blackstart plan` shows it), correct its estimates, or agree on another objective"
            ]),
        Row(
            name: "a restore that just holds it after the steps, and one that is a step itself",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, rto: 1h, backup: { method: image, image_included: true, last_test: \"2026-01-01\", size: 1740MiB, throughput: 1MiB } }",
                "q: { kind: physical, address: 10.0.0.2, rto: 1h, backup: { method: image, image_included: true, last_test: \"2026-01-01\", size: 1800MiB, throughput: 1MiB } }",
            ],
            steps: [
                "- { id: x, name: X, hosts: p, run: 'true', estimate: 31m, \(step) }",
                "- { id: y, name: Y, hosts: q, run: 'true', estimate: 31m, needs: [], tags: [restore], \(step) }",
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
            name: "configurations that are not on record, old, altered, or kept where they would be lost",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, snapshot: { platform: proxmox, copies: [v] } }",
                "q: { kind: physical, address: 10.0.0.2, snapshot: { platform: linux, every: 7d } }",
                "r: { kind: physical, address: 10.0.0.3, snapshot: { platform: linux } }",
                "o: { kind: physical, address: 10.0.0.5 }",
                "v: { kind: vm, address: 10.0.0.4, placed_on: [p, o] }",
            ],
            snapshots: [
                "q": .init(day: "2026-11-18", isAltered: false), "r": .init(day: "2026-11-26", isAltered: true),
            ],
            found: [
                "CONFIG-STALE p i.yaml:5:53: there is no snapshot of the configuration of `p` |  | make one: `blackstart snapshot`",
                "CONFIG-STALE q i.yaml:6:53: the newest snapshot of the configuration of `q` is of 2026-11-18, and one is to be made every 7 days |  | make one: `blackstart snapshot`",
                "CONFIG-STALE r i.yaml:7:53: the snapshot of the configuration of `r` of 2026-11-26 was altered |  | make one: `blackstart snapshot`",
                "CONFIG-STALE o i.yaml:8:3: nothing is said of snapshots of the configuration of `o` |  | say what it is (`snapshot: { platform: … }`), and make one: `blackstart snapshot`",
                "CONFIG-ONLY-INSIDE p i.yaml:5:83: the configuration of `p` is kept on `v`, which would be lost with it |  | keep a copy on a physical machine as well",
            ]),
        Row(
            name: "a configuration that is just young enough, with a copy on another machine",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, snapshot: { platform: proxmox, every: 7d, copies: [v, q] } }",
                "q: { kind: physical, address: 10.0.0.2 }", "v: { kind: vm, address: 10.0.0.4, placed_on: [p] }",
            ],
            snapshots: ["p": .init(day: "2026-11-19", isAltered: false)], found: []),
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
}
