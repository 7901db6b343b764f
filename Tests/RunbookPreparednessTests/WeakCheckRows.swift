/// Checks that look at an exit status alone, and those whose status is the answer.
enum WeakCheckRows {
    private static func weak(_ place: String, _ what: String) -> String {
        "VERIFY-WEAK \(place): \(what), whatever it prints |  | compare what it prints with `equals`, `contains` or `matches`; or write `exit: 0` if its status is the answer"
    }

    static let rows: [RuleTests.Row] = [
        RuleTests.Row(
            name: "checks that pass whatever a command prints",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "- { id: s, name: S, hosts: p, run: 'qm start 100', verify: { run: 'qm status 100' }, \(RuleTests.step) }",
                "- { id: t, needs: [], name: T, hosts: p, wait_for: { run: 'test -e x || true' }, why: w, if_it_fails: f }",
                "- { id: u, needs: [], name: U, hosts: p, run: 'true', skip_if: { run: 'zpool status -x' }, why: w, if_it_fails: f, expect: e, undo: { run: 'true', verify: { run: \"cat x;\\nls\" } } }",
            ],
            found: [
                weak("s r.yaml:9:60", "step 1 (s): `verify` passes whenever `qm status 100` exits with 0"),
                weak("t r.yaml:10:52", "step 2 (t): `wait_for` passes whenever `test -e x || true` exits with 0"),
                weak("u r.yaml:11:64", "step 3 (u): `skip_if` passes whenever `zpool status -x` exits with 0"),
                weak("u r.yaml:11:156", "step 3 (u): `undo.verify` passes whenever `cat x; ls` exits with 0"),
            ]),
        RuleTests.Row(
            name: "checks whose exit status is the answer, or that look at more",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: [
                "test -e x", "'[ -e x ]'", "sudo -n -u ops test -e x", "systemctl --user is-active x", "pg_isready -q",
                "zpool list | grep -q ONLINE", "! /usr/bin/pgrep x", "LC_ALL=C timeout 5 mountpoint -q /x",
                "curl -fsS http://x/", "cd /x && test -e y", "/usr/lib/nagios/plugins/check_disk -w 5%",
                "'if x; then exit 3; fi'", "runuser -u postgres -- pg_isready", "su postgres -c \"pg_isready -q\"",
                "ssh h systemctl is-active x", "sh -c \"test -e x; exit\"", "docker exec -i db pg_isready",
                "jq -e .ok x",
                "until systemctl is-active x; do sleep 1; done", "podman healthcheck run x", "haproxy -c -f x", "ls /x",
                "! systemctl is-failed x", "test \"$(cat x)\" = 1", "echo $x | grep y", "getent hosts x",
            ].enumerated().map { number, command in
                "- { id: s\(number), name: S, hosts: p, needs: [], run: 'x', verify: { run: \(command.hasPrefix("'") ? command : "'\(command)'") }, \(RuleTests.step) }"
            } + [
                "- { id: t, name: T, needs: [], hosts: p, run: 'x', verify: { run: 'qm status 100', exit: 0 }, \(RuleTests.step) }",
                "- { id: u, name: U, needs: [], hosts: p, run: 'x', verify: { run: 'qm status 100', contains: running }, \(RuleTests.step) }",
                "- { id: v, name: V, needs: [], hosts: p, run: 'x', verify: { tcp: 22 }, \(RuleTests.step) }",
            ],
            found: []),
        RuleTests.Row(
            name: "checks that can't fail: a status that is always 0, a comparison that everything fits, a constant",
            hosts: ["p: { kind: physical, address: 10.0.0.1 }"],
            steps: always.enumerated().map { number, row in
                "- { id: s\(number), name: S, hosts: p, needs: [], run: 'x', verify: { \(row.check) }, \(RuleTests.step) }"
            },
            found: always.enumerated().map { number, row in
                "VERIFY-WEAK s\(number) r.yaml:\(9 + number):\(number < 10 ? 61 : 62): step \(number + 1) (s\(number)): `verify` \(row.found)"
            }),
    ]

    private static let status =
        " | compare what it prints with `equals`, `contains` or `matches`; or write `exit: 0` if its status is the answer"

    private static let always: [(check: String, found: String)] =
        [
            "test 1", "test -n \"$(qm status 100)\"", "id", "findmnt", "getent passwd", "qm status 100 | grep .",
            "echo running | grep running", "systemctl is-failed x", "qm status 100 # exit 1", "qm status 100; exit 0",
            "check_nothing",
            "sh -c \"qm status 100\"", "ssh h qm status 100", "docker exec db qm status 100",
            "qm status \"a;test -e b\"",
        ].map { ("run: '\($0)'", "passes whenever `\($0)` exits with 0, whatever it prints | \(status)") } + [
            (
                "run: 'qm status 100', contains: ''",
                "passes whatever is printed: everything fits its `contains` |  | write what is printed only when it works, as `contains: running`"
            ),
            (
                "run: 'qm status 100', matches: '.*'",
                "passes whatever is printed: everything fits its `matches` |  | write what is printed only when it works, as `contains: running`"
            ),
            (
                "run: 'echo active', equals: active",
                "passes or fails always: `echo active` prints the same every time |  | ask the service itself, and compare what it prints"
            ),
        ]
}
