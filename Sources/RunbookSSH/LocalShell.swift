internal import Glibc
internal import RunbookModel
internal import RunbookTransport

/// This machine: the same shell texts through a shell of its own, so that local steps too outlive this program.
actor LocalShell: ScriptRunner {
    private let loop: EventLoop
    private let options: SSHOptions

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop, options: SSHOptions) {
        self.loop = loop
        self.options = options
    }

    func run(
        _ job: ScriptJob, output: @escaping @Sendable (OutputChunk) -> Hearing
    ) async throws(TransportFailure) -> SessionEnd {
        var shell = try start(job)
        let deadline = EventLoop.now() + HostLink.nanoseconds(job.deadline)
        defer { shut([shell.input, shell.output, shell.errors]) }
        let isWhole = try await converse(&shell, job.opening + job.input, deadline, output)
        // It is in a session of its own, and what it left behind is meant to stay.
        if !isWhole { kill(shell.pid, SIGTERM) }
        return await ending(shell.pid)
    }

    private struct Shell {
        var pid: pid_t
        /// -1 once closed: its number may be another file's by then.
        var input: Int32
        var output: Int32
        var errors: Int32
    }

    private func start(_ job: ScriptJob) throws(TransportFailure) -> Shell {
        var input: [Int32] = [-1, -1]
        var output = input
        var errors = input
        guard Self.open(&input), Self.open(&output), Self.open(&errors) else {
            let words = String(cString: strerror(errno))
            shut(input + output + errors)
            throw TransportFailure(.unsuitable, sent: false, "can't start a shell: \(words)")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        posix_spawn_file_actions_adddup2(&actions, errors[1], 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The threads of this program block signals, and a child would inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigemptyset(&all)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&all, number) }
        posix_spawnattr_setsigdefault(&attributes, &all)
        let startsSession: Int32 = 0x80
        posix_spawnattr_setflags(
            &attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | startsSession))
        let words = Self.copies(["/bin/sh", "-c", job.command])
        let variables = Self.copies(environment(job))
        defer { for text in words + variables { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, words, variables)
        shut([input[0], output[1], errors[1]])
        guard code == 0 else {
            shut([input[1], output[0], errors[0]])
            throw TransportFailure(
                .unsuitable, sent: false, "can't start a shell: \(String(cString: strerror(code)))")
        }
        for descriptor in [input[1], output[0], errors[0]] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        return Shell(pid: pid, input: input[1], output: output[0], errors: errors[0])
    }

    /// A list as C wants it; the caller frees each.
    private static func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var copies: [UnsafeMutablePointer<CChar>?] = []
        for text in texts { copies.append(strdup(text)) }
        return copies + [nil]
    }

    /// A pipe that children do not inherit by themselves.
    private static func open(_ ends: inout [Int32]) -> Bool {
        guard pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return true
    }

    private func environment(_ job: ScriptJob) -> [String] {
        var lines: [String] = []
        var next = environ
        while let entry = next.pointee {
            lines.append(String(cString: entry))
            next += 1
        }
        lines.append("BLACKSTART_RECEIPTS=\(options.localHome)/receipts")
        lines.append("BLACKSTART_FOLDER=\(options.workingFolder)")
        if let shell = options.localShell { lines.append("BLACKSTART_SHELL=\(shell)") }
        return lines + job.environment.map { "\($0.name)=\($0.value)" }
    }

    /// Writes the text and reads the answer until it is whole or the shell has ended; false where it was whole before.
    private func converse(
        _ shell: inout Shell, _ input: [UInt8], _ deadline: UInt64, _ output: (OutputChunk) -> Hearing
    ) async throws(TransportFailure) -> Bool {
        var rest = input[...]
        var open: [(descriptor: Int32, stream: OutputChunk.Stream)] = [
            (shell.output, .stdout), (shell.errors, .stderr),
        ]
        while true {
            if shell.input >= 0 {
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { write(shell.input, $0.baseAddress, $0.count) }
                    if count <= 0 {
                        if count < 0, errno == EINTR { continue }
                        if count < 0, errno != EAGAIN { rest = [] }
                        break
                    }
                    rest = rest.dropFirst(count)
                }
                if rest.isEmpty {
                    shut([shell.input])
                    shell.input = -1
                }
            }
            var moved = false
            for (descriptor, stream) in open {
                var buffer = [UInt8](repeating: 0, count: 32 << 10)
                let count = read(descriptor, &buffer, buffer.count)
                if count > 0 {
                    moved = true
                    switch output(OutputChunk(stream, Array(buffer[..<count]))) {
                    case .more: break
                    case .whole: return true
                    case .tooMuch(let limitBytes):
                        kill(shell.pid, SIGTERM)
                        _ = await ending(shell.pid)
                        throw TransportFailure(.unsuitable, sent: true, TransportFailure.flood(limitBytes))
                    }
                } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                    open.removeAll { $0.descriptor == descriptor }
                    moved = true
                }
            }
            if open.isEmpty { return true }
            guard EventLoop.now() < deadline else {
                kill(shell.pid, SIGTERM)
                _ = await ending(shell.pid)
                throw .deadline
            }
            // One that never stops printing takes turns with everybody else on the loop.
            if moved {
                await Task.yield()
                continue
            }
            // Both streams matter: look again soon whatever the first of them does.
            let soon = min(deadline, EventLoop.now() + 20_000_000)
            if shell.input >= 0 {
                _ = await loop.wait(shell.input, .writing, deadline: soon)
            } else {
                _ = await loop.wait(open[0].descriptor, .reading, deadline: soon)
            }
        }
    }

    /// The end of the shell, waited for without blocking the loop.
    private func ending(_ pid: pid_t) async -> SessionEnd {
        for round in 0..<2_000 {
            var status: Int32 = 0
            let found = waitpid(pid, &status, WNOHANG)
            if found == pid {
                let signal = status & 0x7F
                return signal == 0 ? .exited(Int((status >> 8) & 0xFF)) : .signalled("\(signal)")
            }
            if found < 0, errno != EINTR { return .silent }
            await loop.sleep(.milliseconds(round < 50 ? 2 : 20))
        }
        kill(pid, SIGKILL)
        return .silent
    }

    private func shut(_ descriptors: [Int32]) {
        for descriptor in descriptors where descriptor >= 0 {
            loop.forget(descriptor)
            close(descriptor)
        }
    }
}
