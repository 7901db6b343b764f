/// What a fixture lets go wrong.
enum PromisedFaults {
    /// - Parameters:
    ///   - times: how often it strikes; nil means always.
    ///   - claim: what shows that it has struck.
    private static func fault(
        _ kind: String, times: Int? = 1, _ task: String, claim: String, takes: Int = 2, step: String = ""
    ) -> Promise {
        Promise(
            name: "fault: \(kind), and a retry gets through", keys: ["fault.kind", "fault.times"],
            steps: """
                - { id: z, name: Z, hosts: h2, run: begin }
                - { id: a, name: A, hosts: h1, needs: [], run: start, retries: 1, delay: 6s\(step) }
                - { id: b, name: B, hosts: h1, needs: [a], run: go on }
                """,
            hosts: "  h1: { boot: 5s, answers: [{ run: start, takes: \(takes)s }, { run: go on }] }",
            more: "faults: [ { host: h1, kind: \(kind)\(times.map { ", times: \($0)" } ?? "") } ]",
            tasks: ["z@h2: run, exit 0, ok", "a@h1: \(task)", "b@h1: run, exit 0, ok"], claims: [claim])
    }

    /// Before anything is sent: the wait before the retry shows.
    private static let late = "z@h2 run +4s a@h1 run"

    /// A host that lets nobody in. In a lab, where all hosts are one machine, that looks the same whatever the reason.
    private static func out(_ kind: String, _ reason: String) -> Promise {
        Promise(
            name: "fault: \(kind), and nothing is begun on the host", keys: ["fault.kind", "fault.host"],
            steps: """
                - { id: z, name: Z, hosts: h2, run: begin }
                - { id: a, name: A, hosts: h1, needs: [], run: start, retries: 1, delay: 1s, on_failure: continue }
                """,
            more: "faults: [ { host: h1, kind: \(kind) } ]", exit: 3, tasks: ["a@h1: ", "z@h2: run, exit 0, ok"],
            ignoring: ["failed (\(reason))", "failed (Connection refused)"])
    }

    static let all: [Promise] = [
        out("unreachable", "No route to host"), out("refuse", "Connection refused"),
        out("auth", "Permission denied (publickey)"),
        // What breaks over a mere question is asked again, three times in a row at most.
        fault("garbage", times: 4, "run, exit 0, ok", claim: late),
        fault("full-disk", "run, never-ran, run, exit 0, ok", claim: "a@h1 run +6s a@h1 exit 0"),
        fault(
            "reboot", "run, unknown, pending, run, exit 0, ok", claim: "a@h1 run +5s a@h1 exit 0", takes: 40,
            step: ", idempotent: true"),
        fault("hang", "run, timed-out, run, exit 0, ok", claim: "a@h1 run +6s a@h1 exit 0", step: ", timeout: 4s"),
        fault("slow", times: nil, "run, exit 0, ok", claim: "a@h1 run +19s a@h1 exit 0"),
    ]
}
