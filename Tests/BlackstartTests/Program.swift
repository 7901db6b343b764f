import Foundation
import TestTools
import Testing

/// The program as a person has it: a folder to work in, a home of its own, and nobody at a terminal.
struct Program: Sendable {
    let scratch: Scratch

    /// - Parameter files: what the folder holds at first, by name; `tiers/a` lies in a folder `tiers`.
    init(_ files: [String: String] = [:]) throws {
        scratch = try Scratch()
        for (name, text) in files {
            let folder = URL(filePath: "\(scratch.path)/\(name)").deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try scratch.write(name, Array(text.utf8))
        }
    }

    /// Beside the tests, built with them.
    static let executable: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: own).deletingLastPathComponent().appending(path: "blackstart").path
    }()

    /// The top folder of the project.
    static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    var environment: [String: String] {
        [
            "BLACKSTART_HOME": "\(scratch.path)/home", "HOME": scratch.path, "SSH_AUTH_SOCK": "", "TERM": "dumb",
            "BLACKSTART_OPERATOR_KEY": "", "TZ": "UTC",
        ]
    }

    /// Runs it to its end. The words are split at blanks.
    func callAsFunction(_ words: String) throws -> Said {
        try self(words.split(separator: " ").map(String.init))
    }

    func callAsFunction(_ arguments: [String]) throws -> Said {
        try said(by: [Self.executable] + arguments, in: scratch.path, environment: environment)
    }

    /// Runs it as on another machine: with the same keys, but no receipts of steps that ran here.
    func elsewhere(_ words: String) throws -> Said {
        _ = try shell("mkdir -p other-home && cp -r home/keys other-home/", in: scratch.path)
        return try said(
            by: [Self.executable] + words.split(separator: " ").map(String.init), in: scratch.path,
            environment: environment.merging(["BLACKSTART_HOME": "\(scratch.path)/other-home"]) { $1 })
    }

    /// Runs it beside the test, with stdout and stderr in one pipe.
    func start(_ words: String) throws -> Running {
        let pipe = Pipe()
        let output = pipe.fileHandleForWriting.fileDescriptor
        _ = fcntl(output, F_SETFD, FD_CLOEXEC)
        _ = fcntl(pipe.fileHandleForReading.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let child = try Child.start(
            [Self.executable] + words.split(separator: " ").map(String.init), output: output, folder: scratch.path,
            environment: environment)
        try pipe.fileHandleForWriting.close()
        return Running(child: child, output: pipe.fileHandleForReading)
    }

    /// Runs it beside the test, at a terminal.
    func start(_ words: String, terminal: Int32, environment more: [String: String]) throws -> Child {
        try Child.start(
            ["/usr/bin/setsid", "-c", Self.executable] + words.split(separator: " ").map(String.init), output: terminal,
            folder: scratch.path, environment: environment.merging(["TERM": "xterm"]) { $1 }.merging(more) { $1 },
            input: terminal)
    }

    // MARK: What a step waits for

    /// A FIFO on which a command of a runbook tells that it began, and one that lets it go on.
    func makeGate() throws {
        for name in ["begun", "gate"] where mkfifo("\(scratch.path)/\(name)", 0o600) != 0 {
            throw ToolFault(what: "no FIFO")
        }
    }

    /// The text of a command that runs once and waits at the gate.
    static let gated = "echo ran >> ran; echo > begun; read go < gate; echo over"

    /// Until the command at the gate has begun. A FIFO opens when both ends do.
    func waitForCommand() throws { try pass("begun", O_RDONLY) }

    func openGate() throws { try pass("gate", O_WRONLY) }

    private func pass(_ name: String, _ mode: Int32) throws {
        let descriptor = open("\(scratch.path)/\(name)", mode | O_CLOEXEC)
        guard descriptor >= 0 else { throw ToolFault(what: "no FIFO \(name)") }
        defer { close(descriptor) }
        var byte = UInt8(ascii: "\n")
        let count = mode == O_RDONLY ? read(descriptor, &byte, 1) : write(descriptor, &byte, 1)
        guard count == 1 else { throw ToolFault(what: "nobody at \(name)") }
    }

    /// How often a gated command ran.
    var runs: Int { ((try? scratch.text("ran")) ?? "").split(separator: "\n").count }
}

struct Running {
    let child: Child
    let output: FileHandle

    /// Reads on until it has said so.
    @discardableResult
    func wait(for text: String) throws -> String {
        var said = ""
        while !said.contains(text) {
            let more = output.availableData
            guard !more.isEmpty else { throw ToolFault(what: "it ended without \"\(text)\": \(said)") }
            said += String(decoding: more, as: UTF8.self)
        }
        return said
    }

    func signal(_ number: Int32) { kill(child.pid, number) }

    /// Reads on to the end: the exit status, -1 where a signal ended it, and what was said.
    func end() throws -> (status: Int32, said: String) {
        let said = String(decoding: try output.readToEnd() ?? Data(), as: UTF8.self)
        return (child.wait(), said)
    }
}

extension Said {
    var lines: [Substring] { stdout.split(separator: "\n", omittingEmptySubsequences: false) }
}
