import Foundation
import TestTools

/// The program at a terminal: a pseudo-terminal of 80 by 24, what it shows, and what is typed.
struct Terminal {
    let child: Child
    private let controller: Int32
    private let shown = Shared<[UInt8]>([])

    /// - Parameter environment: on top of the program's own; `TERM` is xterm unless given.
    init(
        _ program: Program, _ words: String, columns: UInt16 = 80, rows: UInt16 = 24,
        environment: [String: String] = [:]
    ) throws {
        var own: Int32 = -1
        var other: Int32 = -1
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&own, &other, nil, nil, &size) == 0 else { throw ToolFault(what: "no terminal") }
        controller = own
        _ = fcntl(own, F_SETFD, FD_CLOEXEC)
        defer { close(other) }
        child = try program.start(words, terminal: other, environment: environment)
    }

    /// Reads until it has shown so.
    @discardableResult
    func wait(for text: String) throws -> String {
        var shown: [UInt8] = []
        while !String(decoding: shown, as: UTF8.self).contains(text) {
            let more = try read()
            guard !more.isEmpty else {
                throw ToolFault(what: "it ended without \"\(text)\": \(String(decoding: shown, as: UTF8.self))")
            }
            shown += more
        }
        return String(decoding: shown, as: UTF8.self)
    }

    /// Throws where it has shown nothing for so long that it waits for something that the test does not give.
    private func read() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            var asked = pollfd(fd: controller, events: Int16(POLLIN), revents: 0)
            if poll(&asked, 1, 180_000) == 0 {
                throw ToolFault(what: "it waits: \(String(decoding: shown.now.suffix(1_000), as: UTF8.self))")
            }
            let count = Foundation.read(controller, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            // The other side is closed: an error on Linux.
            if count <= 0 { return [] }
            shown.withLock { $0 += buffer[..<count] }
            return Array(buffer[..<count])
        }
    }

    func type(_ text: String) throws {
        guard write(controller, text, text.utf8.count) == text.utf8.count else { throw ToolFault(what: "can't type") }
    }

    /// Reads on to the end: the exit status, and all that was shown.
    func end() throws -> (status: Int32, shown: String) {
        while try !read().isEmpty {}
        close(controller)
        return (child.wait(), String(decoding: shown.now, as: UTF8.self))
    }
}
