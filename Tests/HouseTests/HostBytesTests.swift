import Testing

/// What comes from a host, an agent or a pipe comes in by a few calls. Each of them is listed here with what bounds it, so
/// that a new one can't be added without an answer to the question how much it keeps of a peer that never stops.
@Suite("Bytes of others are bounded")
struct HostBytesTests {
    /// Calls by which bytes of a peer get in.
    static let calls = [
        "recv(", "recvfrom(", "recvmsg(", "read(descriptor", "read(local", "Glibc.read(", " pread(", " fread(",
        "fgets(",
        "getline(", "ssh_channel_read", "channel_data_function =", "getprompt(", "getname(",
        "getinstruction(", "ssh_get_issue_banner", "ssh_get_serverbanner", "ssh_get_error(", "sftp_", "ssh_scp_",
        "FileHandle", "readDataToEndOfFile", "URLSession",
    ]

    /// By file: the calls that it makes, and the text in it that bounds what they bring.
    static let bounded: [String: (calls: Set<String>, bound: String)] = [
        "RunbookSSH/ChannelSink.swift": (
            ["channel_data_function ="], "guard heldBytes + bytes.count <= Self.limitBytes"
        ),
        // What it reads it hands to the readers of replies, which keep it in `HostBytes`.
        "RunbookSSH/LocalShell.swift": (["read(descriptor"], "switch output(OutputChunk(stream"),
        "RunbookSSH/ControllerProbes.swift": (["recv("], "page.isOver"),
        "RunbookSSH/SSHTunnel.swift": (["read(local", "ssh_channel_read"], "> Self.waitingBytes"),
        "RunbookSSH/SSHLogin.swift": (["getprompt("], "rounds <= Self.roundsAtMost"),
        // libssh's own buffer, of fixed size.
        "RunbookSSH/SSHConnection.swift": (["ssh_get_error("], "ssh_get_error(UnsafeMutableRawPointer(session))"),
        "RunbookSSH/KnownHosts.swift": (["read(descriptor"], "limitBytes"),
        "RunbookJournal/SSHAgent.swift": (["recv("], "(1...Self.replyLimitBytes).contains(length)"),
        "RunbookJournal/SystemCalls.swift": (
            ["Glibc.read(", "read(descriptor", " pread("], "guard bytes.count <= limitBytes"
        ),
        "RunbookEngine/OutputFile.swift": ([" pread("], "min(buffer.count, count - done)"),
        "RunbookCommands/Secrets.swift": ([" fread(", "Glibc.read("], "Limits.secretBytes"),
        "RunbookCommands/KeySearch.swift": ([" fread("], "while content.count <= contentBytes"),
        "RunbookLab/Sockets.swift": (["recv("], "buffer"),
        "RunbookLab/Files.swift": (["Glibc.read(", "read(descriptor"], "bytes.count <= limitBytes"),
        "RunbookPack/ByteStreams.swift": (["Glibc.read(", "read(descriptor"], "unsafeUninitializedCapacity: limit"),
    ]

    @Test("no call brings in bytes of others but those whose bound is known")
    func reads() throws {
        var found: [String: Set<String>] = [:]
        for file in try SourceTree.files("Sources") {
            let name = String(file.path.dropFirst("Sources/".count))
            for line in file.lines where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for call in Self.calls where line.contains(call) && !line.contains("func \(call)") {
                    found[name, default: []].insert(call)
                }
            }
        }
        for (name, calls) in found.sorted(by: { $0.key < $1.key }) {
            let known = Self.bounded[name]?.calls ?? []
            #expect(calls.subtracting(known).isEmpty, "\(name): \(calls.subtracting(known).sorted())")
        }
        for (name, row) in Self.bounded {
            let file = try SourceTree.files("Sources").first { $0.path == "Sources/\(name)" }
            #expect(file?.lines.contains { $0.contains(row.bound) } == true, "\(name) lacks `\(row.bound)`")
            #expect(found[name].map { $0.isSuperset(of: row.calls) } == true, "\(name) reads no more: strike it out")
        }
    }

    @Test("every question to a host has a reader that keeps what it hears in `HostBytes`, or hands it on")
    func readers() throws {
        let files = try SourceTree.files("Sources").filter { $0.target == "RunbookSSH" }
        let readers = try #require(files.first { $0.path.hasSuffix("ReplyReaders.swift") })
        // A second place that runs scripts would need readers of its own.
        for file in files {
            for (number, line) in file.lines.enumerated() where line.contains("runner.run(") {
                #expect(
                    file.path.hasSuffix("ScriptCall.swift")
                        && (line.contains(".take($0)") || line.contains("{ _ in .more }")),
                    "\(file.path):\(number + 1): what it says goes to no reader")
            }
        }
        let growing = readers.lines.filter { $0.contains(": [UInt8] = []") }
        #expect(growing.isEmpty, "\(growing)")
    }

    @Test("no file is opened to be read in a way that waits for a FIFO")
    func pipes() throws {
        for file in try SourceTree.files("Sources") where !file.path.hasSuffix("RunbookJournal/SystemCalls.swift") {
            for (number, line) in file.lines.enumerated()
            where line.contains("open(") && line.contains("O_RDONLY") && !line.contains("SystemCalls.open")
                && !line.contains("/dev/null")
            {
                #expect(
                    line.contains("O_NONBLOCK") || line.contains("O_DIRECTORY"), "\(file.path):\(number + 1): \(line)")
            }
        }
    }
}
