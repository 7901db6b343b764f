internal import Foundation

/// A real OpenSSH server of this test alone, on loopback, with a home and a boot id of its own. Ends with the test.
package final class TestServer: Sendable {
    package static let sshd = "/usr/sbin/sshd"

    package let scratch: Scratch
    package let port: Int
    private let process: Child
    private let words: Pipe

    /// - Parameters:
    ///   - keyType: of the host's key.
    ///   - moreKeys: types of other keys that it has: `host_key_TYPE`.
    ///   - settings: lines of sshd_config that come before ours, and so hold; `DIR` is the server's folder.
    ///   - mounts: shell text that makes the machine another one, in a mount namespace of the server alone.
    ///   - login: shell text that takes `$SSH_ORIGINAL_COMMAND` over, as a login shell does.
    package init(
        keyType: String = "ed25519", moreKeys: [String] = [], settings: String = "", mounts: String = "",
        login: String = #"exec /bin/sh -c "$SSH_ORIGINAL_COMMAND""#
    ) throws {
        scratch = try Scratch()
        for (key, type) in [("host_key", keyType), ("client_key", "ed25519"), ("other_key", "ed25519")] {
            try Self.tool("ssh-keygen -q -t \(type) -N '' -C test -f \(key)", scratch)
        }
        for type in moreKeys { try Self.tool("ssh-keygen -q -t \(type) -N '' -C test -f host_key_\(type)", scratch) }
        let settings = moreKeys.map { "HostKey DIR/host_key_\($0)\n" }.joined() + settings
        try scratch.write("authorized_keys", try scratch.read("client_key.pub"))
        try scratch.write("boot", Array("b1\n".utf8))
        let path = scratch.path
        try scratch.write(
            "login",
            Array(
                """
                #!/bin/sh
                HOME='\(path)/home'; BLACKSTART_BOOT_ID=$(cat '\(path)/boot'); export HOME BLACKSTART_BOOT_ID
                echo >>'\(path)/entered'
                cd "$HOME" || exit 1
                \(login.replacing("DIR/", with: "\(path)/"))

                """.utf8), mode: 0o700)
        try FileManager.default.createDirectory(atPath: "\(path)/home", withIntermediateDirectories: false)
        // sshd as root will not start without it.
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        var started: (Child, Pipe, Int)?
        for _ in 0..<20 where started == nil {
            let port = try Self.freePort()
            if let (process, words) = try Self.start(
                path, port, settings.replacing("DIR", with: path), mounts.replacing("DIR/", with: "\(path)/"))
            {
                started = (process, words, port)
            }
        }
        guard let started else { throw ToolFault(what: "no server came up") }
        (process, words, port) = started
        let key = try scratch.text("host_key.pub").split(separator: " ").prefix(2).joined(separator: " ")
        try scratch.write("known_hosts", Array("[127.0.0.1]:\(port) \(key)\n".utf8))
    }

    deinit {
        _ = signalConnections(SIGKILL)
        kill(process.pid, SIGKILL)
        process.wait()
        // Nothing that was started there outlives the test.
        for pid in Self.processes where isHere(pid) { kill(pid, SIGKILL) }
    }

    private static func start(
        _ path: String, _ port: Int, _ settings: String, _ mounts: String
    ) throws -> (Child, Pipe)? {
        let configuration = """
            \(settings)
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(path)/host_key
            AuthorizedKeysFile \(path)/authorized_keys
            PidFile none
            UsePAM no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            StrictModes no
            PermitRootLogin yes
            MaxStartups 100
            ForceCommand \(path)/login

            """
        try Data(configuration.utf8).write(to: URL(filePath: "\(path)/sshd_config"))
        // It says that it listens, or why it does not and ends.
        let words = Pipe()
        let output = words.fileHandleForWriting.fileDescriptor
        _ = fcntl(output, F_SETFD, FD_CLOEXEC)
        var command = [sshd, "-D", "-e", "-f", "\(path)/sshd_config"]
        if !mounts.isEmpty {
            let asRoot = geteuid() == 0 ? "-m" : "-rm"
            command = ["/usr/bin/unshare", asRoot, "/bin/sh", "-c", "set -e; \(mounts)\nexec \"$@\"", "sh"] + command
        }
        let child = try Child.start(command, output: output)
        try words.fileHandleForWriting.close()
        var said = ""
        while !said.contains("Server listening") {
            let more = words.fileHandleForReading.availableData
            if more.isEmpty {
                child.wait()
                return nil
            }
            said += String(decoding: more, as: UTF8.self)
        }
        // Nobody reads on, and no more is said than a pipe can hold.
        return (child, words)
    }

    package static func tool(_ command: String, _ scratch: Scratch) throws {
        let result = try shell(command, in: scratch.path)
        guard result.status == 0 else { throw ToolFault(what: "\(command): \(result.output)") }
    }

    /// A port of loopback that nobody listens on just now.
    package static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return try bound(descriptor)
    }

    /// Binds to a free port of loopback.
    package static func bound(_ descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard code == 0 else { throw ToolFault(what: "no free port") }
        return Int(in_port_t(bigEndian: address.sin_port))
    }

    // MARK: What can happen to it

    private static var processes: [pid_t] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    }

    /// Whether it works in this server's folder: a login there, or what one started.
    private func isHere(_ pid: pid_t) -> Bool {
        let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
        return folder?.hasPrefix(scratch.path) == true
    }

    /// The server's processes of connections, not the listening one.
    private var connections: [pid_t] {
        var parents: [pid_t: pid_t] = [:]
        for pid in Self.processes {
            guard let facts = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = facts.lastIndex(of: ")"), facts.contains("(sshd)")
            else { continue }
            let words = facts[end...].split(separator: " ")
            if words.count > 2, words[1] != "Z" { parents[pid] = pid_t(words[2]) }
        }
        return parents.keys.filter { parents[$0] == process.pid || parents[parents[$0] ?? 0] == process.pid }
    }

    package func signalConnections(_ number: Int32) -> Int {
        let found = connections
        for pid in found { kill(pid, number) }
        return found.count
    }

    /// Ends what works in the server's folder; how many that were.
    package func killVisitors() -> Int {
        let found = Self.processes.filter(isHere)
        for pid in found { kill(pid, SIGKILL) }
        return found.count
    }

    /// Nobody answers there any more.
    package func end() {
        kill(process.pid, SIGKILL)
        while signalConnections(SIGKILL) > 0 {}
        // Until the kernel has taken the port back.
        while (try? Data(contentsOf: URL(filePath: "/proc/\(process.pid)/cmdline")))?.isEmpty == false {}
    }

    /// Another boot id from now on, and nobody is logged in.
    package func restart() throws {
        try scratch.write("boot", Array("b2\n".utf8))
        while signalConnections(SIGKILL) > 0 {}
    }

    /// Whether anybody was ever let in: `login` runs for nobody else.
    package var wasEntered: Bool { FileManager.default.fileExists(atPath: "\(scratch.path)/entered") }

    /// Every file of its home: name, size, times, permissions.
    package var files: String {
        get throws { try shell("find home -printf '%p %s %T@ %C@ %m %y\\n' | sort", in: scratch.path).output }
    }

    /// How many commands were started by logins.
    package var entries: Int { ((try? scratch.text("entered")) ?? "").utf8.count }

    package var hasReceipts: Bool { FileManager.default.fileExists(atPath: "\(scratch.path)/home/.blackstart") }

    /// How often a command of ``counted(_:)`` ran.
    package var runs: Int { ((try? scratch.text("home/ran")) ?? "").split(separator: "\n").count }

    package static func counted(_ command: String) -> String { "echo ran >> \"$HOME/ran\"; \(command)" }
}
