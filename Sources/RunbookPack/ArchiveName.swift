/// A name of a file in an archive: relative, and nothing that could lead out of the folder it is unpacked in.
enum ArchiveName {
    /// What is wrong with it; nil where nothing is.
    static func fault(_ name: String) -> String? {
        let shown = "`\(name.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : "\($0)" }.joined())`"
        if name.isEmpty { return "a file has no name" }
        if name.utf8.count > PackLimits.nameBytes { return "a name is longer than \(PackLimits.nameBytes) bytes" }
        if name.hasPrefix("/") { return "the name \(shown) is not relative" }
        // A list of checksums has one file a line, and none of its signs in a name.
        if name.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 || $0 == "\\" }) {
            return "the name \(shown) has a character that it may not have"
        }
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.count > PackLimits.depth { return "the name \(shown) is deeper than \(PackLimits.depth) folders" }
        for part in parts {
            if part.isEmpty || part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) {
                return "the name \(shown) leads elsewhere"
            }
            if part.count > PackLimits.namePartBytes { return "the name \(shown) is too long" }
        }
        return nil
    }
}
