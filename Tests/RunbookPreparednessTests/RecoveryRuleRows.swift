import RunbookPreparedness

/// Rows of the rules that look at people, times, drills, and at the runbooks of a site's scenarios.
enum RecoveryRuleRows {
    private typealias Row = RuleTests.Row

    static let rows: [RuleTests.Row] = people + times + scenarios + stages + drills

    private static let step = RuleTests.step
    private static let vault = "vault: { address: 10.0.0.90 }"

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
            name: "a draft with gaps where checks and values stand",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: s, name: S, hosts: p, run: \"start\", env: { PORT: FILL-IN }, verify: { tcp: \"FILL-IN:22\" }, expect: e, why: w, if_it_fails: f, undo: { run: stop } }",
                "- { id: t, needs: [s], name: T, hosts: p, wait_for: { run: look, equals: FILL-IN }, why: w, if_it_fails: f }",
                "- { id: u, needs: [t], name: U, hosts: p, run: go, verify: { run: look, contains: x }, skip_if: { run: look, matches: FILL-IN }, why: w, if_it_fails: f, undo: { run: stop, verify: { run: FILL-IN, exit: 0 } } }",
            ],
            head: Row.fullHead,
            found: [
                "DRAFT-GAP s r.yaml:9:3: step 1 (s) was not filled in: `env`, `verify` |  | write what this site needs there, and take out FILL-IN",
                "DRAFT-GAP t r.yaml:10:3: step 2 (t) was not filled in: `wait_for` |  | write what this site needs there, and take out FILL-IN",
                "DRAFT-GAP u r.yaml:11:3: step 3 (u) was not filled in: `skip_if`, `undo` |  | write what this site needs there, and take out FILL-IN",
            ]),
        Row(
            name: "a draft that was not filled in",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: s, name: S, hosts: p, run: \"FILL-IN: how it starts\", expect: e, why: w, if_it_fails: \"FILL-IN\", undo: { run: FILL-IN } }",
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
        Row(
            name: "secrets that commands fetch from a virtual machine, by its name in a domain and by its address",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, password: { from: command, run: \"curl -s https://10.0.0.2:8200/v1/p\" } }",
                "store: { kind: vm, address: 10.0.0.2, placed_on: [p] }",
            ],
            steps: ["- { id: x, name: X, hosts: p, run: 'true', env: { A: \"${{ secrets.pin }}\" }, \(step) }"],
            head: Row.fullHead
                + "\nsecrets: { pin: { from: command, run: \"ssh root@STORE.north.example cat pin\" } }",
            found: [
                "RUNNER-DEPENDS pin r.yaml:8:12: the secret `pin` comes from a command that asks `store`, which is a virtual machine |  | keep it where nothing has to run: in an envelope (`prompt`), or in a file of this machine",
                "RUNNER-DEPENDS p i.yaml:5:53: the password of `p` comes from a command that asks `store`, which is a virtual machine |  | keep it where nothing has to run: in an envelope (`prompt`), or in a file of this machine",
            ]),
        Row(
            name: "secrets from a physical machine, from a name that only begins like a virtual one's, and from a file",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, password: { from: command, run: \"curl -s https://10.0.0.20/p\" } }",
                "v: { kind: vm, address: 10.0.0.2, placed_on: [p] }",
                "store: { kind: physical, address: 10.0.0.3 }",
            ],
            steps: [
                "- { id: x, name: X, hosts: p, run: 'true', env: { A: \"${{ secrets.pin }}\", B: \"${{ secrets.b }}\" }, \(step) }"
            ],
            head: Row.fullHead
                + "\nsecrets: { pin: { from: command, run: \"ssh store cat v.txt v-old /v1/x\" }, b: { from: file, path: v } }",
            found: []),
        Row(
            name: "a jump host behind a virtual one, which no step acts on",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, via: q }",
                "q: { kind: physical, address: 10.0.0.3, via: v }",
                "v: { kind: vm, address: 10.0.0.2, placed_on: [p] }",
            ],
            steps: ["- { id: t, name: T, hosts: p, run: 'true', \(step) }"],
            found: [
                "RUNNER-DEPENDS q i.yaml:6:48: `q` is reached through `v`, which is a virtual machine |  | reach it directly, or through a physical machine"
            ]),
        Row(
            name: "a journal that would be written to a network file system",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            journal: SiteEvidence.Remote(path: "/srv/runs", medium: "a network file system (nfs4)"),
            found: [
                "RUNNER-DEPENDS Start r.yaml:1:1: the journal of a run is written to `/srv/runs`, which lies on a network file system (nfs4) |  | write it to a disk of this machine: `--run-dir`, or BLACKSTART_HOME"
            ]),
        Row(
            name: "steps that lean on what their reader knows",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: s, name: Start it As  Usual, hosts: p, run: 'true', \(step) }",
                "- { id: t, needs: [], name: T, manual: \"Look at the HBA and the TOR switch, then the HBA again.\", why: w, if_it_fails: \"Call the NOC, as you know.\" }",
                "- { id: u, needs: [], name: U, manual: Look at the HBA., why: w, if_it_fails: f }",
            ],
            found: [
                "STRANGER-UNREADY s r.yaml:9:3: step 1 (s) says \u{201C}as usual\u{201D}, to people who know nothing of what is usual here |  | write out what has to be done",
                "STRANGER-UNREADY t r.yaml:10:3: step 2 (t) says \u{201C}as you know\u{201D}, to people who know nothing of what is usual here |  | write out what has to be done",
                "STRANGER-UNREADY t r.yaml:10:3: step 2 (t) uses what nothing explains: NOC, HBA, TOR |  | write it out, or explain it once: \u{201C}NOC (what it stands for)\u{201D}",
            ]),
        Row(
            name: "abbreviations that are explained somewhere, common, shown, typed, or no words",
            services: "{ erp: { external: true } }",
            hosts: ["hv1x: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: s, name: S, manual: \"The display of the UPS says 'DO NOT' and \\\"XYZ\\\"; type `QUX`. The HBA is lit.\", why: w, if_it_fails: f }",
                "- { id: t, needs: [], name: T, manual: \"The card for the storage network (HBA) is lit. TOR means top of rack. The NOC (network operations) sees ERP and HV1X.\", why: w, if_it_fails: f }",
                "- { id: u, needs: [], name: U, manual: \"Look at $FOO_BAR, /ETC/XY, the TOR, an unusual thing, and NEXT, which comes next.\", why: w, if_it_fails: f }",
            ], found: []),
        Row(
            name: "a site with people to call, and steps that name nobody",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1 }", "q: { kind: physical, address: 10.0.0.2, contact: ada }",
            ],
            more: "contacts: { ada: { name: Ada } }\ngroups: { all: [q, p], good: [q] }",
            steps: [
                "- { id: s, name: S, hosts: all, run: 'true', \(step) }",
                "- { id: t, needs: [], name: T, manual: Look., why: w, if_it_fails: f }",
                "- { id: u, needs: [], name: U, hosts: good, run: 'true', \(step) }",
                "- { id: v, needs: [], name: V, hosts: p, run: 'true', contact: ada, \(step) }",
                "- { id: w, needs: [], name: W, checkpoint: w }",
            ],
            found: [
                "STRANGER-UNREADY s r.yaml:9:3: step 1 (s) does not say: contact |  | write it for somebody who has never seen this site",
                "STRANGER-UNREADY t r.yaml:10:3: step 2 (t) does not say: contact |  | write it for somebody who has never seen this site",
            ]),
        Row(
            name: "what the runbook assumes is given, where it restores one machine",
            services: "{ storage: { requires: [cooling] }, dns: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, provides: [dns] }",
                "q: { kind: physical, address: 10.0.0.2, requires: [storage, dns] }",
                "s: { kind: physical, address: 10.0.0.3, provides: [storage] }",
            ],
            steps: ["- { id: x, name: X, hosts: q, run: 'true', \(step) }"],
            head: Row.fullHead + "\nscenario: one-host\nassumes: [cooling, storage, dns]", found: []),
        Row(
            name: "after a total outage only that is given which no machine provides",
            services: "{ storage: { requires: [cooling] }, dns: {} }",
            hosts: [
                "p: { kind: physical, address: 10.0.0.1, provides: [dns] }",
                "q: { kind: physical, address: 10.0.0.2, requires: [storage, dns] }",
                "s: { kind: physical, address: 10.0.0.3, provides: [storage] }",
            ],
            steps: [
                "- { id: s, name: S, hosts: s, run: 'true', provides: [storage], \(step) }",
                "- { id: x, name: X, hosts: q, run: 'true', needs: [s], \(step) }",
            ],
            head: Row.fullHead + "\nscenario: total-outage\nassumes: [cooling, dns]",
            found: [
                "ORDER-VIOLATION x r.yaml:12:3: step 2 (x) acts on `q` before `dns` is ready | `q` needs `dns`; no step makes `dns` ready | add the step that makes it ready, with `provides: [dns]`, or say in the inventory that `dns` is `external`"
            ]),
    ]
}
