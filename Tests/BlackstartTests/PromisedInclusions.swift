/// Runbooks within runbooks.
enum PromisedInclusions {
    private static let tiers = """
        version: 1
        name: The tiers
        inventory: ../inventory.yaml
        vars: { pool: none, mark: none, tries: { default: 1, type: integer } }
        secrets: { word: { from: env, name: ANOTHER_WORD } }
        assumes: [power]
        defaults: { tags: [tier] }
        steps:
        - { id: db, name: Database, hosts: h1, run: "start db ${{ vars.pool }} ${{ vars.mark }}",
            undo: { run: "stop db ${{ vars.pool }}" }, outputs: { port: { match: 'port (.+)' } } }
        - { id: core, name: Core is up, needs: [db], checkpoint: core }
        - { id: web, name: Web, needs: [core], hosts: h2, script: { file: web.sh, args: ["${{ steps.db.outputs.port }}"] },
            env: { TRIES: "${{ vars.tries }}" }, undo: { run: stop web } }
        - { id: app, name: Application, needs: [core], hosts: h2, run: start app, undo: { run: stop app } }
        """

    static let all: [Promise] = [
        Promise(
            name: "uses: the steps of another runbook run in place of the step, in order",
            keys: ["step.uses", "step.with"], head: "vars: { pool: tank }",
            steps: """
                - { id: a, name: A, hosts: h1, run: look, outputs: { mark: { } } }
                - { id: tiers, name: Start the tiers, needs: [a], uses: tiers/start.yaml,
                    with: { pool: "the ${{ vars.pool }}", mark: "${{ steps.a.outputs.mark }}", tries: 3 } }
                - { id: b, name: B, needs: [tiers], hosts: h1, run: "last ${{ steps.tiers/db.outputs.port }}" }
                """,
            hosts: """
                  h1: { answers: [{ run: look, stdout: "red\\n" }, { run: "start db 'the tank' red", stdout: "port 5432\\n" },
                    { run: last 5432 }, { run: "*", exit: 9 }] }
                  h2: { answers: [{ run: script tiers/web.sh 5432 }, { run: start app }, { run: "*", exit: 9 }] }
                """,
            files: ["tiers/start.yaml": tiers, "tiers/web.sh": "exit 0\n"],
            tasks: [
                "a@h1: run, exit 0, mark=red, ok", "tiers/db@h1: run, exit 0, port=5432, ok", "tiers/core: ok",
                "tiers/web@h2: run, exit 0, ok", "tiers/app@h2: run, exit 0, ok", "b@h1: run, exit 0, ok",
            ],
            claims: ["a@h1 ok < tiers/db@h1 run", "tiers/web@h2 ok < b@h1 run", "tiers/app@h2 ok < b@h1 run"]),
        Promise(
            name: "uses: a rollback goes to a checkpoint inside, and undoes what is inside", keys: ["step.uses"],
            steps: """
                - { id: tiers, name: Start the tiers, uses: tiers/start.yaml }
                - { id: b, name: B, needs: [tiers], hosts: h1, run: last, on_failure: "rollback:tiers/core" }
                """,
            hosts: "  h1: { answers: [{ run: last, exit: 1 }, { run: \"*\", stdout: \"port 1\\n\" }] }",
            files: ["tiers/start.yaml": tiers, "tiers/web.sh": "exit 0\n"], exit: 6,
            tasks: [
                "tiers/db@h1: run, exit 0, port=1, ok", "tiers/core: ok",
                "tiers/web@h2: run, exit 0, ok, undo run, undo exit 0, undo undone",
                "tiers/app@h2: run, exit 0, ok, undo run, undo exit 0, undo undone",
                "b@h1: run, exit 1, failed (exit status 1), undo left",
            ]),
        Promise(
            name: "uses: twice, once left out by its condition, and chosen by the name of the step",
            keys: ["step.uses", "step.when"], head: "vars: { second: false }",
            steps: """
                - { id: one, name: One, needs: [], uses: small.yaml, with: { word: first } }
                - { id: two, name: Two, needs: [one], uses: small.yaml, with: { word: second }, when: vars.second }
                - { id: three, name: Three, needs: [two], hosts: h1, run: third }
                """,
            hosts: "  h1: { answers: [{ run: say first }, { run: \"*\", exit: 9 }] }", flags: ["--until", "two"],
            files: [
                "small.yaml": """
                version: 1
                name: Small
                inventory: inventory.yaml
                vars: { word: }
                steps: [{ id: say, name: Say, hosts: h1, run: "say ${{ vars.word }}" }]
                """
            ],
            tasks: [
                "one/say@h1: run, exit 0, ok", "two/say@h1: skipped (its condition does not hold)",
            ]),
    ]
}
