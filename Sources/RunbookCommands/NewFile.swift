internal import Glibc
internal import RunbookJournal
internal import RunbookModel

/// A file for a person to look at: never written over another.
enum NewFile {
    static func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws(CommandFailure) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(CommandFailure) {
        do {
            let descriptor = try SystemCalls.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            defer { close(descriptor) }
            try SystemCalls.write(bytes, to: descriptor)
        } catch { throw failure(path, error) }
    }

    /// Whether a file can be made there, asked before anything is done for it.
    static func check(_ path: String) throws(CommandFailure) {
        if access(path, F_OK) == 0 { throw failure(path, SystemError(EEXIST)) }
    }

    private static func failure(_ path: String, _ error: SystemError) -> CommandFailure {
        CommandFailure(
            .usage, "can't write `\(TerminalText.shown(path))`: \(error.words)",
            hint: error.code == EEXIST ? "it is never written over: name another file" : nil)
    }
}
