import Glibc
import RunbookModel
import RunbookSSH
import RunbookTransport

// `true` on many hosts over the transport alone: no engine, no journal, no receipts. For `scripts/bench/true`.
//
//     fan HOSTS CONCURRENCY PORT KEY KNOWN_HOSTS

/// Asks host after host, so many at once, and ends the program when all have answered.
final class Fan: @unchecked Sendable {
    // Sendable: what changes is only touched under `lock`.
    private let transport: SSHTransport
    private let count: Int
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var next = 0
    private var done = 0
    private var failures = 0

    init(_ transport: SSHTransport, count: Int) {
        self.transport = transport
        self.count = count
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    func start() {
        pthread_mutex_lock(lock)
        let index = next
        next += 1
        pthread_mutex_unlock(lock)
        guard index < count else { return }
        let host = "h\(index)"
        let task = TaskID(step: "true", host: host)
        let submission = Submission(
            receipt: ReceiptID(run: "bench", task: task, kind: .action, number: 1), command: "true", environment: [],
            boot: nil, journalHead: "", digest: "")
        transport.send(
            HostRequest(host: host, task: task, .submit(submission, deadline: .seconds(600))), progress: { _ in },
            reply: { self.take(host, $0) })
    }

    private func take(_ host: String, _ said: HostReply) {
        start()
        pthread_mutex_lock(lock)
        done += 1
        if said != .ended(.exited(0)) {
            failures += 1
            if failures <= 5 { print("\(host): \(said)") }
        }
        let (isOver, code) = (done == count, failures == 0)
        pthread_mutex_unlock(lock)
        guard isOver else { return }
        Task {
            await self.transport.close()
            exit(code ? 0 : 1)
        }
    }
}

func number(_ index: Int) -> Int { Int(CommandLine.arguments[index]) ?? 0 }

let place = SourcePlace(path: "bench", line: 1, column: 1)
let hosts = (0..<number(1)).map { index in
    var host = Host(
        name: "h\(index)", address: "127.1.\(index / 250).\(index % 250 + 1)", port: number(3), at: place)
    host.identityFile = CommandLine.arguments[4]
    host.knownHosts = CommandLine.arguments[5]
    host.receipts = false
    return host
}
var options = SSHOptions(user: getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "root")
options.connectTimeout = .seconds(60)
let fan = Fan(SSHTransport(hosts: hosts, options: options), count: hosts.count)
for _ in 0..<min(number(2), hosts.count) { fan.start() }
while true { pause() }
