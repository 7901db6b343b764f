import Glibc

/// A process by number and start time: a number alone may be someone else's by now.
struct ProcessMark: Hashable, Sendable {
    var pid: pid_t
    /// Clock ticks since boot, field 22 of `/proc/PID/stat`.
    var start: UInt64
}

/// What the processes of a lab carry from their start, and no others.
struct ProcessSign: Hashable, Sendable {
    /// `NAME=VALUE`, all of them in the environment.
    var variables: [String]
    /// Or this argument on the command line of an SSH server: sshd writes over its environment, but keeps its arguments.
    var serverArgument: String?

    func isOn(_ pid: pid_t) -> Bool {
        if let bytes = try? Files.read("/proc/\(pid)/environ"), !bytes.isEmpty {
            let bounded = [0] + bytes + [0]
            if variables.allSatisfy({ Self.find([0] + Array($0.utf8) + [0], in: bounded) }) { return true }
        }
        guard let serverArgument, let bytes = try? Files.read("/proc/\(pid)/cmdline"),
            Self.find(Array("sshd".utf8), in: bytes)
        else { return false }
        return Self.find(Array(serverArgument.utf8), in: bytes)
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        return bytes.withUnsafeBytes { all in
            var start = 0
            while let base = all.baseAddress, start + needle.count <= all.count,
                let hit = memchr(base + start, Int32(first), all.count - needle.count - start + 1)
            {
                if memcmp(hit, needle, needle.count) == 0 { return true }
                start = base.distance(to: UnsafeRawPointer(hit)) + 1
            }
            return false
        }
    }
}

/// What runs on this machine, and starting and ending what belongs to a lab.
enum Processes {
    struct Facts: Hashable, Sendable {
        var mark: ProcessMark
        var parent: pid_t
        /// The file it runs, cut to 15 bytes.
        var name: String
        /// Ended, and not yet collected by its parent.
        var isZombie: Bool
    }

    /// nil when there is no such process.
    static func facts(_ pid: pid_t) -> Facts? {
        guard let bytes = try? Files.read("/proc/\(pid)/stat"), let open = bytes.firstIndex(of: UInt8(ascii: "(")),
            let close = bytes.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        // After the name, which may hold anything: state, parent, … and the start time as the 20th.
        let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let parent = pid_t(String(decoding: fields[1], as: UTF8.self)),
            let start = UInt64(String(decoding: fields[19], as: UTF8.self))
        else { return nil }
        return Facts(
            mark: ProcessMark(pid: pid, start: start), parent: parent,
            name: String(decoding: bytes[(open + 1)..<close], as: UTF8.self),
            isZombie: fields[0].first == UInt8(ascii: "Z") || fields[0].first == UInt8(ascii: "X"))
    }

    static func isAlive(_ mark: ProcessMark) -> Bool {
        guard let facts = facts(mark.pid) else { return false }
        return facts.mark == mark && !facts.isZombie
    }

    static func all() -> [Facts] { Files.names(in: "/proc").compactMap { pid_t($0) }.sorted().compactMap(facts) }

    /// Ends these processes with all that came from them, and all that carry the sign, at once: they are stopped first,
    /// so that none sees another die. This process itself is never among them.
    static func end(_ roots: [ProcessMark], carrying sign: ProcessSign) {
        var stopped: Set<ProcessMark> = []
        // Each round finds what was started while the last one looked.
        for _ in 0..<50 {
            let found = family(roots, carrying: sign).filter { !stopped.contains($0) }
            if found.isEmpty { break }
            for mark in found {
                if facts(mark.pid)?.mark == mark { kill(mark.pid, SIGSTOP) }
                stopped.insert(mark)
            }
        }
        let ended = stopped.sorted { $0.pid < $1.pid }
        for mark in ended where facts(mark.pid)?.mark == mark { kill(mark.pid, SIGKILL) }
        // A killed process is gone when the kernel has seen to it; ten seconds are for a machine under load.
        for _ in 0..<1_000 {
            if !ended.contains(where: isAlive) { return }
            MachineTime.sleep(milliseconds: 10)
        }
    }

    private static func family(_ roots: [ProcessMark], carrying sign: ProcessSign) -> [ProcessMark] {
        let all = all().filter { !$0.isZombie && $0.mark.pid != getpid() }
        var members = Set(all.map(\.mark)).intersection(roots)
        members.formUnion(all.map(\.mark).filter { sign.isOn($0.pid) })
        var pids = Set(members.map(\.pid))
        // Children have later starts than parents but may have smaller numbers: go round until none is added.
        for _ in 0..<64 {
            let children = all.filter { pids.contains($0.parent) && !pids.contains($0.mark.pid) }
            if children.isEmpty { break }
            members.formUnion(children.map(\.mark))
            pids.formUnion(children.map(\.mark.pid))
        }
        return members.sorted { $0.pid < $1.pid }
    }

    /// The processes of an SSH server that serve its connections. sshd serves one with a process or, where it separates
    /// privileges, with several, each the child of another; what they run for a person is none of them.
    static func connections(of server: ProcessMark) -> [ProcessMark] {
        guard facts(server.pid)?.mark == server else { return [] }
        let all = all().filter { !$0.isZombie && $0.name.hasPrefix("sshd") }
        var (found, parents): ([ProcessMark], [pid_t]) = ([], [server.pid])
        for _ in 0..<8 {
            let children = all.filter { parents.contains($0.parent) }.map(\.mark)
            found += children
            parents = children.map(\.pid)
        }
        return found
    }

    /// Runs a program to its end, its words at the end of a file; its status, or 128 + the signal.
    ///
    /// - Parameters:
    ///   - variables: `NAME=VALUE`, besides a plain PATH and locale.
    ///   - apart: in a session of its own, which no terminal of this process reaches.
    static func run(
        _ arguments: [String], variables: [String] = [], output: String = "/dev/null", apart: Bool = false
    ) throws(LabError) -> Int32 {
        let environment = ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C"] + variables
        let pid = try spawn(arguments, environment: environment, output: output, apart: apart)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            if errno != EINTR { throw Files.failure("wait for", arguments.first ?? "") }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    }

    /// POSIX_SPAWN_SETSID of glibc's <spawn.h>, which Swift does not see.
    private static let startsSession: Int32 = 0x80

    private static func spawn(_ arguments: [String], environment: [String], output: String, apart: Bool)
        throws(LabError) -> pid_t
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // What else is open here is no business of the new one. glibc passes over what is closed meanwhile.
        for descriptor in Files.names(in: "/proc/self/fd").compactMap({ Int32($0) }) where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this process ignores or blocks is no business of the new one.
        var (everything, nothing) = (sigset_t(), sigset_t())
        sigfillset(&everything)
        sigemptyset(&nothing)
        posix_spawnattr_setsigdefault(&attributes, &everything)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        if apart { flags |= startsSession }
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let words = arguments.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid: pid_t = 0
        let program = arguments.first ?? ""
        let code = posix_spawn(&pid, program, &actions, &attributes, words, variables)
        if code != 0 { throw Files.failure("start", program, code) }
        return pid
    }
}
