import Foundation
import Testing

/// The package's own files, read where this test was built.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    struct File: Sendable, CustomTestStringConvertible {
        /// From the package's root.
        var path: String
        var lines: [Substring]

        /// The target it belongs to.
        var target: String { String(path.split(separator: "/")[1]) }
        var testDescription: String { path }
    }

    /// Swift files under a folder, sorted.
    static func files(_ folder: String) throws -> [File] {
        let top = root.appendingPathComponent(folder)
        guard let walk = FileManager.default.enumerator(atPath: top.path) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return try walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = try String(contentsOf: top.appendingPathComponent(name), encoding: .utf8)
            return File(path: "\(folder)/\(name)", lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }
}
