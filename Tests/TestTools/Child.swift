package import Foundation

/// A program that a test started.
package struct Child: Sendable {
    package let pid: pid_t

    /// - Parameters:
    ///   - output: the descriptor that takes its stdout. Open it to be closed on exec, or what another test starts at
    ///     the same time holds it open too.
    ///   - errors: takes its stderr; the same as `output` where it is not given.
    ///   - input: what it reads; nothing where it is not given.
    package static func start(
        _ arguments: [String], output: Int32, errors: Int32? = nil, folder: String? = nil,
        environment: [String: String] = [:], input: Int32? = nil
    ) throws -> Child {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors ?? output, 2)
        // Worker threads block signals, and children inherit that: an agent or a server could not be ended.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let arguments =
            folder.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] + arguments } ?? arguments
        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { $0.withCString(strdup) } + [nil]
        let strings = variables.map { "\($0.key)=\($0.value)".withCString(strdup) } + [nil]
        defer { (words + strings).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, arguments[0], &actions, &attributes, words, strings)
        guard code == 0 else { throw ToolFault(what: "no \(arguments[0]): \(String(cString: strerror(code)))") }
        return Child(pid: pid)
    }

    /// Waits for its end: its exit status, -1 where a signal ended it.
    @discardableResult
    package func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }
}

/// How a program ended, and what it said.
package struct Said: Equatable, Sendable {
    package var status: Int32
    package var stdout: String
    package var stderr: String

    package init(_ status: Int32, _ stdout: String = "", _ stderr: String = "") {
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
    }
}

/// Runs a program to its end. What it says goes through files, not pipes: an agent that it leaves behind does not keep
/// us waiting.
package func said(
    by arguments: [String], in folder: String? = nil, environment: [String: String] = [:]
) throws -> Said {
    let scratch = try Scratch()
    func file(_ name: String) -> Int32 { open("\(scratch.path)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
    let (out, errors) = (file("out"), file("err"))
    defer {
        close(out)
        close(errors)
    }
    let child = try Child.start(arguments, output: out, errors: errors, folder: folder, environment: environment)
    let status = child.wait()
    return Said(status, try scratch.text("out"), try scratch.text("err"))
}

package struct ShellResult: Sendable {
    package var status: Int32
    /// Stdout and stderr, as they came.
    package var output: String
}

/// Runs `command` with /bin/sh in `folder`.
package func shell(_ command: String, in folder: String, environment: [String: String] = [:]) throws -> ShellResult {
    let both = try said(by: ["/bin/sh", "-c", "{ \(command)\n} 2>&1"], in: folder, environment: environment)
    return ShellResult(status: both.status, output: both.stdout)
}
