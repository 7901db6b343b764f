/// Where a journal lies. One system call a method, told as it went: the writer deals with short writes, interruptions
/// and a full disk, so that tests can bring them about.
package protocol JournalStorage: Sendable {
    /// For words.
    var path: String { get }
    func contents() throws(SystemError) -> [UInt8]
    /// Appends and tells how many bytes were taken.
    func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int
    /// Returns when all that was written is on the disk.
    func flush() throws(SystemError)
    func truncate(to length: Int) throws(SystemError)
    /// Gives space that was kept back for the last words to the disk; false if there is none (any more).
    func freeReserve() -> Bool
    /// Replaces what is kept beside for stock tools: the list of signers. Nothing depends on it, so nothing fails with it: false tells that it is not whole.
    func writeSigners(_ text: String) -> Bool
    func addSigners(_ text: String) -> Bool
    /// Lets go of everything; nothing is called after.
    func close()
}
