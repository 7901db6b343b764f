package import Foundation

/// A folder of its own for one test, gone when the test is.
package final class Scratch: Sendable {
    package let path: String

    package init() throws {
        // As the kernel names it: with no slash twice.
        let folder = URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath().path
        var template = Array("\(folder)/test-XXXXXX".utf8CString)
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

package struct ToolFault: Error, Sendable {
    package let what: String

    package init(what: String) { self.what = what }
}
