/// Scripts, files and restarts.
enum PromisedFiles {
    static let all: [Promise] = [
        Promise(
            name: "script: a file beside the runbook runs on the host, with its arguments",
            keys: ["step.script", "script.file", "script.args", "undo.script"], head: "vars: { pool: a tank }",
            steps: """
                - { id: a, name: A, hosts: h1, script: { file: start.sh, args: ["${{ vars.pool }}", now] }, undo: { script: stop.sh } }
                - { id: cp, name: CP, needs: [a], checkpoint: there }
                - { id: b, name: B, hosts: h1, needs: [cp], script: ./start.sh, on_failure: "rollback:start" }
                """,
            hosts: """
                  h1: { answers: [
                    { run: "script start.sh 'a tank' now" }, { run: script stop.sh }, { run: "script ./start.sh", exit: 3 },
                    { run: "*", exit: 9 } ] }
                """,
            files: ["start.sh": "#!/bin/sh\nexit 5\n", "stop.sh": "exit 6\n"], exit: 6,
            tasks: [
                "a@h1: run, exit 0, ok, undo run, undo exit 0, undo undone", "cp: ok",
                "b@h1: run, exit 3, failed (exit status 3), undo left",
            ]),
        Promise(
            name: "copy: a file is put onto the host once, and taken back by a rollback",
            keys: ["step.copy", "copy.from", "copy.to", "copy.mode"],
            steps: """
                - { id: a, name: A, hosts: h1, copy: { from: motd, to: /etc/motd, mode: "0640" } }
                - { id: b, name: B, hosts: h1, needs: [a], copy: { from: motd, to: "/etc/${{ run.id }}/motd" } }
                - { id: c, name: C, hosts: h1, needs: [b], copy: { from: motd, to: /etc/motd } }
                - { id: d, name: D, hosts: h1, needs: [c], run: fail, on_failure: "rollback:start" }
                """,
            hosts: "  h1: { answers: [{ run: fail, exit: 1 }] }", files: ["motd": "Welcome\n"], exit: 6,
            tasks: [
                "a@h1: run, exit 0, ok, undo run, undo exit 0, undo undone",
                "b@h1: run, exit 0, ok, undo run, undo exit 0, undo undone", "c@h1: already",
                "d@h1: run, exit 1, failed (exit status 1), undo left",
            ]),
        Promise(
            name: "reboot: the step is done when the host answers with a new boot id",
            keys: ["step.reboot", "reboot.command"],
            steps: """
                - { id: a, name: A, hosts: h1, run: one }
                - { id: b, name: B, hosts: h1, needs: [a], reboot: true, timeout: 5m, verify: { run: up } }
                - { id: c, name: C, hosts: h1, needs: [b], reboot: { command: powercycle now }, timeout: 5m }
                """,
            hosts: "  h1: { boot: 40s, answers: [{ run: one }, { run: up }] }",
            tasks: ["a@h1: run, ok", "b@h1: run, ok", "c@h1: run, ok"], ignoring: ["exit 0", "unknown"],
            claims: ["b@h1 run +40s b@h1 ok"]),
        Promise(
            name: "reboot: a host that only says so has not been restarted", keys: ["step.reboot"],
            steps: "- { id: a, name: A, hosts: h1, reboot: true, timeout: 20s, on_failure: stop }",
            hosts: "  h1: { answers: [{ run: reboot }] }", exit: 2,
            tasks: [
                "a@h1: run, exit 0, failed (it still runs as before: the restart did not come to pass)"
            ]),
    ]
}
