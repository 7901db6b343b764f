import Foundation
import TestTools

/// A server in Python of one test alone, for what OpenSSH never does. Ends with the test.
final class PythonServer {
    let port: Int
    private let process: Child
    private let input = Pipe()

    init(_ script: String, _ method: String, _ scratch: Scratch) throws {
        let words = Pipe()
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let script = here.appending(path: script).path
        let project = here.deletingLastPathComponent().deletingLastPathComponent().path
        let python = "\(project)/.build/python/bin/python"
        for pipe in [input, words] {
            _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(pipe.fileHandleForReading.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        process = try Child.start(
            [python, script, method, "\(scratch.path)/host_key"], output: words.fileHandleForWriting.fileDescriptor,
            errors: 2, input: input.fileHandleForReading.fileDescriptor)
        try words.fileHandleForWriting.close()
        var said = ""
        while !said.contains("\n") {
            let more = words.fileHandleForReading.availableData
            if more.isEmpty { throw ToolFault(what: "no server came up") }
            said += String(decoding: more, as: UTF8.self)
        }
        port = Int(said.dropLast()) ?? 0
        let key = try scratch.text("host_key.pub").split(separator: " ").prefix(2).joined(separator: " ")
        try scratch.write(
            "known_hosts", Array("\(try scratch.text("known_hosts"))[127.0.0.1]:\(port) \(key)\n".utf8))
    }

    deinit {
        kill(process.pid, SIGKILL)
        process.wait()
    }
}
