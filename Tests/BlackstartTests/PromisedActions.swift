/// What is done, and how it is known to be done.
enum PromisedActions {
    private static let pool = """
          h1: { state: { pool: exported }, answers: [
            { run: import, set: { pool: online }, takes: 2s }, { run: export, set: { pool: exported } },
            { run: health, when: { pool: online }, stdout: "ONLINE \\n" }, { run: health, exit: 1, stderr: "no pool\\n" } ] }
        """

    static let all: [Promise] = [
        Promise(
            name: "verify: what holds already is not done again",
            keys: ["step.verify", "step.run", "check.run", "check.equals"],
            steps: """
                - { id: a, name: A, hosts: h1, run: import, verify: { run: health, equals: ONLINE } }
                - { id: b, name: B, hosts: h1, needs: [a], run: import, verify: { run: health, equals: ONLINE } }
                """,
            hosts: pool, tasks: ["a@h1: run, exit 0, ok", "b@h1: already"]),
        Promise(
            name: "verify: what does not hold afterwards has failed",
            keys: ["step.verify", "check.contains", "step.on_failure"],
            steps: """
                - { id: a, name: A, hosts: h1, run: import, on_failure: stop, verify: { run: health, contains: DEGRADED } }
                """,
            hosts: pool, exit: 2,
            tasks: [
                "a@h1: run, exit 0, failed (it ran, but it said \"ONLINE\", which does not contain \"DEGRADED\")"
            ]),
        Promise(
            name: "skip_if: never runs again what holds, and another check decides by itself", keys: ["step.skip_if"],
            steps: """
                - { id: a, name: A, hosts: h1, run: import, skip_if: never, verify: { run: health, equals: ONLINE } }
                - { id: b, name: B, hosts: h1, needs: [a], run: import, skip_if: never, verify: { run: health, matches: "^ON" } }
                - { id: c, name: C, hosts: h1, needs: [b], run: export, skip_if: { run: health } }
                """,
            hosts: pool,
            tasks: ["a@h1: run, exit 0, ok", "b@h1: run, exit 0, ok", "c@h1: already"]),
        Promise(
            name: "a check is repeated until it passes, so often and so far apart",
            keys: ["check.retries", "check.delay", "check.matches", "step.wait_for"],
            steps: """
                - { id: a, name: A, hosts: h1, run: start }
                - { id: w, name: W, hosts: h1, needs: [a], wait_for: { run: state, matches: "^r.n", retries: 2, delay: 4s } }
                - { id: x, name: X, hosts: h1, needs: [w], on_failure: stop, wait_for: { run: "true", exit: 3, retries: 1, delay: 2s } }
                """,
            hosts: """
                  h1: { answers: [
                    { run: start, set: { s: starting } }, { run: state, when: { s: starting }, set: { s: almost }, stdout: starting },
                    { run: state, when: { s: almost }, set: { s: running }, stdout: almost }, { run: state, stdout: running },
                    { run: "true" } ] }
                """,
            exit: 2,
            tasks: [
                "a@h1: run, exit 0, ok", "w@h1: ok",
                "x@h1: failed (check still failing after 2 tries, 2 seconds apart: the check exited with 0, not 3)",
            ],
            claims: ["a@h1 ok +8s w@h1 ok"]),
        Promise(
            name: "a check that takes too long has not passed", keys: ["check.timeout", "check.exit"],
            steps: """
                - { id: a, name: A, hosts: h1, wait_for: { run: quick, exit: 3 } }
                - { id: b, name: B, hosts: h1, needs: [a], on_failure: stop, wait_for: { run: slow, timeout: 1s } }
                """,
            hosts: "  h1: { answers: [{ run: quick, exit: 3 }, { run: slow, takes: 60s }] }", exit: 2,
            tasks: [
                "a@h1: ok", "b@h1: failed (check still failing after 1 try: the check gave no answer within 1 second)",
            ]),
        Promise(
            name: "tcp: a port of the host is tried from this machine", keys: ["check.tcp"],
            steps: """
                - { id: a, name: A, hosts: h1, wait_for: { tcp: "${{ host.address }}:${{ host.port }}" } }
                """, tasks: ["a@h1: ok"]),
        Promise(
            name: "env: what a command is given", keys: ["step.env"], head: "vars: { pool: a tank }",
            steps: """
                - { id: a, name: A, hosts: h1, env: { POOL: "${{ vars.pool }} of ${{ host.name }}" }, run: "import ${{ env.POOL }}" }
                """,
            hosts: "  h1: { answers: [{ run: \"import 'a tank of h1'\" }, { run: \"*\", exit: 9 }] }",
            tasks: ["a@h1: run, exit 0, ok"]),
        Promise(
            name: "timeout: a command that does not end in time is stopped, and has failed", keys: ["step.timeout"],
            steps: "- { id: a, name: A, hosts: h1, timeout: 2s, on_failure: stop, run: endless }",
            hosts: "  h1: { answers: [{ run: endless, takes: 10h }] }", exit: 2,
            tasks: [
                "a@h1: run, timed-out, failed (it did not end within 2 seconds and was stopped (exit status 143))"
            ]),
        Promise(
            name: "undo: a rollback takes back what was done since the checkpoint, and no more",
            keys: ["step.undo", "undo.run", "undo.verify", "step.checkpoint", "step.irreversible", "undo.timeout"],
            steps: """
                - { id: a, name: A, hosts: h1, run: one, undo: { run: export } }
                - { id: cp, name: CP, needs: [a], checkpoint: storage }
                - { id: b, name: B, hosts: h1, needs: [cp], run: import, undo: { run: export, timeout: 1m, verify: { run: health, exit: 1 } } }
                - { id: c, name: C, hosts: h2, needs: [b], run: one, undo: none }
                - { id: d, name: D, hosts: h2, needs: [b], run: one, irreversible: It is gone. }
                - { id: e, name: E, hosts: h2, needs: [c, d], on_failure: "rollback:storage", run: fail }
                """,
            hosts: pool.replacing("answers: [", with: "answers: [ { run: one }, ") + "\n"
                + "  h2: { answers: [{ run: one }, { run: fail, exit: 4 }] }",
            flags: ["--answer", "d=rollback"], exit: 6,
            tasks: [
                "a@h1: run, exit 0, ok", "cp: ok", "b@h1: run, exit 0, ok, undo run, undo exit 0, undo undone",
                "c@h2: run, exit 0, ok, undo left",
                "d@h2: run, exit 0, ok, asks irreversible, says rollback, undo left",
                "e@h2: run, exit 4, failed (exit status 4), undo left",
            ],
            claims: ["c@h2 undo left < b@h1 undo run", "e@h2 undo left < d@h2 undo left"]),
        Promise(
            name: "idempotent: what nobody knows the end of runs again by itself", keys: ["step.idempotent"],
            steps: "- { id: a, name: A, hosts: h1, idempotent: true, run: one, timeout: 90s }",
            hosts: "  h1: { boot: 5s, answers: [{ run: one, takes: 40s }] }",
            more: "faults: [ { host: h1, kind: reboot, times: 1 } ]",
            tasks: ["a@h1: run, unknown, pending, run, exit 0, ok"]),
    ]
}
