package import RunbookModel

/// Reads a runbook with all that it includes, and finds everything that is wrong with it by itself.
package enum RunbookReader {
    /// The text of a file that a runbook includes, or why there is none.
    package enum IncludedText: Sendable {
        case bytes([UInt8])
        case unreadable(String)
    }

    /// `include` gives the text of a file; it is asked once for each, in the order in which they are first named.
    package static func read(
        bytes: [UInt8], path: String,
        include: @escaping (_ path: String) -> IncludedText = { _ in .unreadable("no other file can be read here") }
    ) throws(InvalidFiles) -> Runbook {
        let library = RunbookLibrary(contents: include)
        var runbook = try library.read(bytes, path)
        runbook.included = library.files
        return runbook
    }
}

/// Why a runbook can't be included.
enum IncludeFault: Error {
    case unreadable(String)
    /// What is wrong inside it.
    case invalid([Diagnostic])
    /// The files that include each other, the first one again at the end.
    case circle([String])
    case tooDeep
    case tooMany
}

/// The files of one runbook, each read once.
private final class RunbookLibrary {
    private(set) var files: [IncludedRunbook] = []
    private let contents: (String) -> RunbookReader.IncludedText
    private var known: [String: Result<Runbook, IncludeFault>] = [:]
    /// The files that are being read, each included by the one before.
    private var open: [String] = []

    init(contents: @escaping (String) -> RunbookReader.IncludedText) { self.contents = contents }

    func read(_ bytes: [UInt8], _ path: String) throws(InvalidFiles) -> Runbook {
        open.append(path)
        defer { open.removeLast() }
        let folder = RelativePath.folder(of: path)
        return try RunbookFileReader.read(bytes: bytes, path: path) { self.included(RelativePath.join(folder, $0)) }
    }

    private func included(_ path: String) -> Result<Runbook, IncludeFault> {
        if let start = open.firstIndex(of: path) { return .failure(.circle(Array(open[start...]) + [path])) }
        guard open.count <= Limits.includeDepth else { return .failure(.tooDeep) }
        if let known = known[path] { return known }
        guard files.count < Limits.includedRunbooks else { return .failure(.tooMany) }
        let result: Result<Runbook, IncludeFault>
        switch contents(path) {
        case .unreadable(let words): result = .failure(.unreadable(words))
        case .bytes(let bytes):
            files.append(IncludedRunbook(path: path, bytes: bytes))
            do throws(InvalidFiles) {
                result = .success(try read(bytes, path))
            } catch { result = .failure(.invalid(error.diagnostics)) }
        }
        known[path] = result
        return result
    }
}

/// Paths as they are written, relative to the file that they stand in.
enum RelativePath {
    /// `.` for a file without one.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func join(_ folder: String, _ path: String) -> String {
        var path = path[...]
        while path.hasPrefix("./") { path = path.dropFirst(2).drop { $0 == "/" } }
        if path.hasPrefix("/") || path.hasPrefix("~/") || folder == "." { return String(path) }
        return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
    }
}
