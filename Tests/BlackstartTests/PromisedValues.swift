/// Values, conditions, questions, rights.
enum PromisedValues {
    static let all: [Promise] = [
        Promise(
            name: "when: a step whose condition does not hold is skipped, and that is no gap", keys: ["step.when"],
            head: "vars: { mode: full, disks: \"2\" }",
            steps: """
                - { id: a, name: A, hosts: h1, when: "vars.mode == 'quick' or not vars.disks in ['1', '2']", run: one }
                - { id: b, name: B, hosts: h1, needs: [a], when: "${{ vars.mode != 'quick' and host.name == 'h1' }}", run: one }
                """,
            tasks: ["a@h1: skipped (its condition does not hold)", "b@h1: run, exit 0, ok"]),
        Promise(
            name: "outputs: a later step uses what an earlier one printed",
            keys: ["step.outputs", "output.run", "output.match"],
            steps: """
                - id: a
                  name: A
                  hosts: h1
                  run: import tank
                  outputs: { disk: { match: 'disk (\\w+)' }, scan: { run: status tank, match: "scan: (.+)" } }
                - { id: b, name: B, hosts: h2, needs: [a], run: "use ${{ steps.a.outputs.disk }} ${{ steps.a.outputs.scan }}" }
                """,
            hosts: """
                  h1: { answers: [
                    { run: import tank, stdout: "found disk sda1 here\\n" }, { run: status tank, stdout: "scan: none requested\\n" } ] }
                  h2: { answers: [{ run: "use sda1 'none requested'" }, { run: "*", exit: 9 }] }
                """,
            tasks: ["a@h1: run, exit 0, disk=sda1, scan=none requested, ok", "b@h2: run, exit 0, ok"]),
        Promise(
            name: "outputs: what does not match makes the attempt a failed one",
            keys: ["step.outputs", "output.match"],
            steps: "- { id: a, name: A, hosts: h1, run: one, on_failure: stop, outputs: { x: { match: 'x=(.)' } } }",
            exit: 2,
            tasks: [
                "a@h1: run, exit 0, failed (it is done, but its output `x` could not be read: what was printed does not match \"x=(.)\")"
            ]),
        Promise(
            name: "ask: what a person reads off is there for later steps",
            keys: ["step.ask", "question.prompt", "question.matches"],
            steps: """
                - { id: ups, name: UPS, manual: Read it., ask: { charge: { prompt: Percent, matches: '^(100|[4-9][0-9])$' } } }
                - { id: b, name: B, hosts: h1, needs: [ups], run: "note ${{ steps.ups.outputs.charge }}" }
                """,
            hosts: "  h1: { answers: [{ run: note 87 }, { run: \"*\", exit: 9 }] }",
            flags: ["--answer", "ups.charge=87"],
            tasks: ["ups: asks manual, charge=87, says done, ok", "b@h1: run, exit 0, ok"]),
        Promise(
            name: "approval: somebody with the role agrees, and then it goes on",
            keys: ["step.approval", "approval.roles", "approval.message"],
            steps: """
                - { id: go, name: Go, approval: { roles: [incident-lead], message: "May we go on?" } }
                - { id: b, name: B, hosts: h1, needs: [go], run: one }
                """,
            flags: ["--answer", "go=approve"], byLead: true,
            tasks: ["go: asks approval, says approve, ok", "b@h1: run, exit 0, ok"]),
        Promise(
            name: "approval: who lacks the role is not counted, and with nobody else the run waits",
            keys: ["step.approval", "approval.count"],
            steps: "- { id: go, name: Go, approval: { roles: [incident-lead], count: 1 } }",
            flags: ["--answer", "go=approve"], exit: 5,
            tasks: ["go: asks approval, says approve, asks approval"]),
        Promise(
            name: "approval: refused, the step has failed", keys: ["step.approval"],
            steps: "- { id: go, name: Go, on_failure: stop, approval: { roles: [incident-lead] } }",
            flags: ["--answer", "go=failed:not now"], byLead: true, exit: 2,
            tasks: ["go: asks approval, says failed, failed (refused by USER: not now)"]),
        Promise(
            name: "approval: after its time the step has failed", keys: ["approval.timeout"],
            steps: "- { id: go, name: Go, on_failure: stop, approval: { roles: [incident-lead], timeout: 3s } }",
            more: "operator: [{ step: go, approve: true, as: incident-lead, after: 10m }]",
            waits: true, exit: 2,
            tasks: ["go: asks approval, failed (it was not approved within 3 seconds)"]),
        Promise(
            name: "danger: nothing is done before it is confirmed", keys: ["step.danger"],
            steps: """
                - { id: a, name: A, hosts: h1, danger: It wipes the disk., run: one }
                - { id: b, name: B, hosts: h1, needs: [], danger: It wipes the disk., run: one }
                """,
            flags: ["--answer", "a=confirm", "--answer", "b=skip:too dangerous"], exit: 3,
            tasks: [
                "a@h1: asks danger, says confirm, run, exit 0, ok",
                "b@h1: asks danger, says skip, skipped (too dangerous)",
            ]),
        Promise(
            name: "danger: with nobody to confirm it, the run waits", keys: ["step.danger"],
            steps: "- { id: a, name: A, hosts: h1, danger: It wipes the disk., run: one }", exit: 5,
            tasks: ["a@h1: asks danger"]),
        Promise(
            name: "become: commands and checks run as root", keys: ["step.become", "host.become"],
            steps: """
                - { id: a, name: A, hosts: h1, become: true, run: one, verify: { run: two, equals: "2" } }
                - { id: b, name: B, hosts: h2, needs: [], run: one }
                """,
            hosts:
                "  h1: { answers: [{ run: one, set: { d: \"1\" } }, { run: two, when: { d: \"1\" }, stdout: \"2\" }, { run: two }] }",
            inventory: ["h2": "become: true"],
            tasks: ["a@h1: run, exit 0, ok", "b@h2: run, exit 0, ok"]),
        Promise(
            name: "become: where sudo refuses, the step fails with its words", keys: ["step.become"],
            steps: "- { id: a, name: A, hosts: h1, become: true, on_failure: stop, run: one }",
            hosts: "  h1: { sudo: refused, answers: [{ run: one }] }", exit: 2,
            tasks: ["a@h1: run, exit 1, failed (exit status 1)"]),
        Promise(
            name: "become: the password of sudo comes from a secret",
            keys: ["step.become", "become.password", "runbook.secrets"],
            head: "secrets: { root: { from: file, path: root.secret } }",
            steps: """
                - { id: a, name: A, hosts: h1, become: { password: "${{ secrets.root }}" }, run: one, verify: { run: two } , skip_if: never }
                """,
            hosts: "  h1: { sudo: { password: wonderland }, answers: [{ run: one }, { run: two }] }",
            more: "secrets: { root: wonderland }", files: ["root.secret": "wonderland\n"],
            tasks: ["a@h1: run, exit 0, ok"]),
        Promise(
            name: "secrets: what a command prints of one is hidden, and no value of the step",
            keys: ["runbook.secrets", "secret.from", "secret.path"],
            head: "secrets: { token: { from: file, path: token.secret } }",
            steps: """
                - id: a
                  name: A
                  hosts: h1
                  env: { TOKEN: "${{ secrets.token }}" }
                  run: login
                  outputs: { said: {} }
                """,
            hosts: "  h1: { answers: [{ run: login, stdout: \"token hunter2-hunter2 taken\\n\" }] }",
            more: "secrets: { token: hunter2-hunter2 }", files: ["token.secret": "hunter2-hunter2"],
            tasks: ["a@h1: run, exit 0, ok"]),
    ]
}
