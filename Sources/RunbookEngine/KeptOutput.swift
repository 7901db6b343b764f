internal import Crypto
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// One stream that a run has kept, to be read again: see ``OutputFile`` for its names.
struct KeptOutput {
    private let folder: String
    private let output: OutputDigest

    init(folder: String, _ output: OutputDigest) {
        self.folder = folder
        self.output = output
    }

    /// The last of it, at most ``Limits/outputSearchedBytes``; nil where it is not kept whole, or not as it was: what can't
    /// be compared with its hash is no evidence.
    var text: [UInt8]? {
        if output.bytes == 0 { return [] }
        // The name comes from a file, and is to lead nowhere else.
        guard output.sha256.utf8.count == 64, output.sha256.utf8.allSatisfy(Self.isHexadecimal) else { return nil }
        let path = "\(folder)/\(output.sha256)-\(output.bytes)"
        guard let whole = try? SystemCalls.contents(of: path, limitBytes: Limits.outputKeptBytes),
            RunbookPlan.Hex.text(SHA256.hash(data: whole)) == output.sha256
        else { return nil }
        return whole.suffix(Limits.outputSearchedBytes)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}
