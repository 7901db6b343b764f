package import Foundation

/// A folder of its own for one test, gone when the test is.
package final class Scratch: Sendable {
    package let path: String

    package init() throws {
        var template = Array("\(NSTemporaryDirectory())/test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ToolFault(what: "no folder for a test") }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    package func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        chmod("\(path)/\(name)", mode)
    }

    package func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
    }

    package func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }
}

package struct ShellResult: Sendable {
    package var status: Int32
    package var output: String
}

/// Runs `command` with /bin/sh in `folder`; stdout and stderr together. Through a file, not a pipe: what another test
/// starts at the same time can't hold it open.
package func shell(_ command: String, in folder: String, environment: [String: String] = [:]) throws -> ShellResult {
    let scratch = try Scratch()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "\(scratch.path)/out", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Worker threads block signals, and children inherit that: an agent could not be ended.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let script = "cd '\(folder)' || exit 99\n\(command)"
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let arguments: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", script].map { $0.withCString(strdup) } + [nil]
    let strings: [UnsafeMutablePointer<CChar>?] = variables.map { "\($0.key)=\($0.value)".withCString(strdup) } + [nil]
    defer { (arguments + strings).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, strings)
    guard code == 0 else { throw ToolFault(what: "no shell: \(String(cString: strerror(code)))") }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return ShellResult(status: status & 0x7F == 0 ? status >> 8 & 0xFF : -1, output: try scratch.text("out"))
}

package struct ToolFault: Error, Sendable {
    package let what: String

    package init(what: String) { self.what = what }
}
