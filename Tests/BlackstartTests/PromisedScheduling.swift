/// Who runs when: order, batches, limits, locks.
enum PromisedScheduling {
    private static let three = ["h1", "h2", "h3"]
    private static let done = ["run", "exit 0", "ok"].joined(separator: ", ")

    private static func done(_ step: String, _ hosts: [String]) -> [String] { hosts.map { "\(step)@\($0): \(done)" } }

    private static let slow = "  \"h*\": { answers: [{ run: \"*\", takes: 4s }] }"

    static let all: [Promise] = [
        Promise(
            name: "a step begins when all it needs is through, on every host",
            keys: ["step.needs", "step.hosts", "step.id"],
            steps: """
                - { id: a, name: A, hosts: all, run: one }
                - { id: b, name: B, hosts: h1, needs: [a], run: two }
                """,
            hosts: slow, tasks: done("a", ["h1", "h2"]) + done("b", ["h1"]),
            claims: ["a@h1 & a@h2", "a@h1 ok < b@h1 run", "a@h2 ok < b@h1 run"]),
        Promise(
            name: "serial: one host at a time", keys: ["step.serial"],
            steps: "- { id: a, name: A, hosts: all, serial: 1, run: one }", hosts: slow, hostNames: three,
            tasks: done("a", three),
            claims: ["a@h1 ok < a@h2 run", "a@h2 ok < a@h3 run"]),
        Promise(
            name: "serial: batches in turn, first one host, then the rest", keys: ["step.serial"],
            steps: "- { id: a, name: A, hosts: all, serial: [1, 100%], run: one }", hosts: slow, hostNames: three,
            tasks: done("a", three),
            claims: ["a@h1 ok < a@h2 run", "a@h1 ok < a@h3 run", "a@h2 & a@h3"]),
        Promise(
            name: "stagger: the next host begins no sooner than so long after the one before", keys: ["step.stagger"],
            steps: "- { id: a, name: A, hosts: all, stagger: 10s, run: one }", hosts: slow, hostNames: three,
            tasks: done("a", three), claims: ["a@h1 run +10s a@h2 run", "a@h2 run +10s a@h3 run"]),
        Promise(
            name: "max_failures: with none allowed, the hosts that have not begun wait for what a person says",
            keys: ["step.max_failures", "step.on_failure"],
            steps: "- { id: a, name: A, hosts: all, serial: 1, run: one }",
            hosts: "  h1: { answers: [{ run: one, exit: 1 }] }", hostNames: three,
            flags: ["--answer", "a@h1=skip:it is broken"], exit: 3,
            tasks: ["a@h1: run, exit 1, asks failure, says skip, skipped (it is broken)"] + done("a", ["h2", "h3"]),
            claims: ["a@h1 skipped (it is broken) < a@h2 run"]),
        Promise(
            name: "max_failures: one may fail, and the next batch begins all the same", keys: ["step.max_failures"],
            steps: """
                - { id: a, name: A, hosts: all, serial: 1, max_failures: 1, run: one }
                """,
            hosts: "  h1: { answers: [{ run: one, exit: 1 }] }", hostNames: three, exit: 2,
            tasks: ["a@h1: run, exit 1, asks failure, failed (exit status 1)"]
        ),
        Promise(
            name: "max_failures: `continue` goes on until so many have failed, and then asks",
            keys: ["step.max_failures", "step.on_failure"],
            steps: "- { id: a, name: A, hosts: all, serial: 1, max_failures: 1, on_failure: continue, run: one }",
            hosts: "  \"h*\": { answers: [{ run: one, exit: 1 }] }", hostNames: three,
            flags: ["--answer", "a@h2=skip:enough are up", "--answer", "a@h3=skip:enough are up"], exit: 3,
            tasks: [
                "a@h1: run, exit 1, failed (exit status 1)",
                "a@h2: run, exit 1, asks failure, says skip, skipped (enough are up)",
                "a@h3: run, exit 1, asks failure, says skip, skipped (enough are up)",
            ]),
        Promise(
            name: "lock: two steps that share one never run at the same time", keys: ["step.lock"],
            steps: """
                - { id: a, name: A, hosts: h1, lock: fuse, run: one }
                - { id: b, name: B, hosts: h2, lock: [fuse, other], needs: [], run: one }
                - { id: c, name: C, hosts: h2, lock: third, needs: [], run: one }
                """,
            hosts: slow, tasks: done("a", ["h1"]) + done("b", ["h2"]) + done("c", ["h2"]),
            claims: ["a@h1 | b@h2", "a@h1 & c@h2"]),
        Promise(
            name: "retries, delay and backoff: each try comes later than the one before",
            keys: ["step.retries", "step.delay", "step.backoff"],
            steps: "- { id: a, name: A, hosts: h1, retries: 2, delay: 4s, backoff: 3, run: one }",
            hosts: """
                  h1: { answers: [
                    { run: one, when: { tries: two } },
                    { run: one, when: { tries: one }, exit: 1, set: { tries: two } },
                    { run: one, exit: 1, set: { tries: one } } ] }
                """,
            tasks: ["a@h1: run, exit 1, run, exit 1, run, exit 0, ok"], claims: ["a@h1 run +16s a@h1 ok"]),
        Promise(
            name: "max_parallel: never more tasks at once", keys: ["runbook.max_parallel"], head: "max_parallel: 1",
            steps: "- { id: a, name: A, hosts: all, run: one }", hosts: slow, tasks: done("a", ["h1", "h2"]),
            claims: ["a@h1 | a@h2"]),
        Promise(
            name: "tags: only what is asked for, in the order that stays",
            keys: ["step.tags"],
            steps: """
                - { id: a, name: A, hosts: h1, tags: storage, run: one }
                - { id: b, name: B, hosts: h1, needs: [a], run: one }
                - { id: c, name: C, hosts: h1, needs: [b], tags: [storage, late], run: one }
                """,
            hosts: slow, flags: ["--tags", "storage"], tasks: done("a", ["h1"]) + done("c", ["h1"]),
            claims: ["a@h1 ok < c@h1 run"]),
        Promise(
            name: "defaults: what a step does not say", keys: ["runbook.defaults"],
            head: "defaults: { on_failure: continue, retries: 1, delay: 1s }",
            steps: """
                - { id: a, name: A, hosts: h1, run: one }
                - { id: b, name: B, hosts: h1, needs: [], retries: 0, run: one }
                """,
            hosts: "  h1: { answers: [{ run: one, exit: 1 }] }", exit: 3,
            tasks: [
                "a@h1: run, exit 1, run, exit 1, failed (exit status 1)", "b@h1: run, exit 1, failed (exit status 1)",
            ]),
        Promise(
            name: "delegate_to: commands run elsewhere, on behalf of each host", keys: ["step.delegate_to"],
            steps: """
                - { id: a, name: A, hosts: [h2, h3], delegate_to: h1, run: "power on ${{ host.name }}", verify: { run: "power ${{ host.name }}", equals: "on" } }
                """,
            hosts: """
                  h1: { answers: [
                    { run: "power on h2", set: { h2: "on" } }, { run: "power on h3", set: { h3: "on" } },
                    { run: "power h2", when: { h2: "on" }, stdout: "on" }, { run: "power h3", when: { h3: "on" }, stdout: "on" },
                    { run: "power *", stdout: "off" } ] }
                  "h*": { state: { power: "off" } }
                """,
            hostNames: three, tasks: done("a", ["h2", "h3"])),
    ]
}
