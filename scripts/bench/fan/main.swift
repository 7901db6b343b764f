import Glibc
import RunbookModel
import RunbookSSH
import RunbookTransport

// `true` on many hosts over the transport alone: no engine, no journal, no receipts. For `scripts/bench/true`.
//
//     fan HOSTS CONCURRENCY PORT KEY KNOWN_HOSTS [ROUNDS]
//
// With rounds, each asks all hosts again over connections that stay open, and says what the program holds after it:
// `round N: SECONDS s, KIB KiB, FILES files`.

/// Asks host after host, so many at once, and ends the program when all have answered as often as is wanted.
final class Fan: @unchecked Sendable {
    // Sendable: what changes is only touched under `lock`.
    private let transport: SSHTransport
    private let count: Int
    private let atOnce: Int
    private let rounds: Int
    private var round = 1
    private var began = Fan.now
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var next = 0
    private var done = 0
    private var failures = 0

    init(_ transport: SSHTransport, count: Int, atOnce: Int, rounds: Int) {
        self.transport = transport
        self.count = count
        self.atOnce = min(atOnce, count)
        self.rounds = rounds
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    func start() { for _ in 0..<atOnce { startNext() } }

    private func startNext() {
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
        startNext()
        pthread_mutex_lock(lock)
        done += 1
        if said != .ended(.exited(0)) {
            failures += 1
            if failures <= 5 { print("\(host): \(said)") }
        }
        let (isOver, code) = (done == count, failures == 0)
        if isOver {
            if rounds > 1 { report() }
            round += 1
            (next, done, began) = (0, 0, Fan.now)
        }
        let isLast = round > rounds || !code
        pthread_mutex_unlock(lock)
        guard isOver else { return }
        if !isLast { return start() }
        Task {
            await self.transport.close()
            exit(code ? 0 : 1)
        }
    }
}

extension Fan {
    /// Monotonic milliseconds.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }

    private func report() {
        var kib = 0
        if let file = fopen("/proc/self/statm", "r") {
            var (all, resident) = (0, 0)
            withUnsafeMutablePointer(to: &all) { all in
                withUnsafeMutablePointer(to: &resident) { resident in
                    _ = withVaList([all, resident]) { vfscanf(file, "%ld %ld", $0) }
                }
            }
            fclose(file)
            kib = resident * Int(getpagesize()) / 1_024
        }
        var files = 0
        if let folder = opendir("/proc/self/fd") {
            while readdir(folder) != nil { files += 1 }
            closedir(folder)
        }
        // Two of them are no files, and one is the folder itself.
        let spent = (Fan.now - began) / 100
        print("round \(round): \(spent / 10).\(spent % 10) s, \(kib) KiB, \(files - 3) files")
        fflush(nil)
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
options.idleConnections = hosts.count
let rounds = CommandLine.arguments.count > 6 ? number(6) : 1
let fan = Fan(SSHTransport(hosts: hosts, options: options), count: hosts.count, atOnce: number(2), rounds: rounds)
fan.start()
while true { pause() }
