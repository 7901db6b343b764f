internal import Glibc
internal import RunbookJournal
internal import RunbookModel

/// A file for a person to look at: whole or not there, and never written over another.
enum NewFile {
    static func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws(CommandFailure) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(CommandFailure) {
        do { try FileDraft.make(bytes, at: path, mode: mode) } catch { throw failure(path, error) }
    }

    /// Whether a file can be made there, asked before anything is done for it.
    static func check(_ path: String) throws(CommandFailure) {
        if SystemCalls.exists(path) { throw failure(path, SystemError(EEXIST)) }
    }

    static func failure(_ path: String, _ error: SystemError) -> CommandFailure {
        CommandFailure(
            .usage, "can't write `\(TerminalText.shown(path))`: \(error.words)",
            hint: error.code == EEXIST ? "it is never written over: name another file" : nil)
    }
}
