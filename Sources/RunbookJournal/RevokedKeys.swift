import Crypto

/// Keys that count no more: a list of public keys, one a line, or a key revocation list as `ssh-keygen -k` makes it
/// (PROTOCOL.krl of OpenSSH). What a list says of certificates is passed over: plain keys sign journals.
package struct RevokedKeys: Hashable, Sendable {
    package static let limitBytes = 16 << 20
    private static let magic = Array("SSHKRL\n\0".utf8)

    /// Of the file, as ``FileHash`` has it.
    package let digest: String
    private var blobs: Set<[UInt8]> = []
    private var sha1: Set<[UInt8]> = []
    private var sha256: Set<[UInt8]> = []

    package init(path: String) throws(KeyFault) {
        let bytes: [UInt8]
        do { bytes = try SystemCalls.contents(of: path, limitBytes: Self.limitBytes) } catch {
            throw .system(operation: "read", path: path, error: error)
        }
        try self.init(bytes, path: path)
    }

    /// `path` is only for words.
    package init(_ bytes: [UInt8], path: String) throws(KeyFault) {
        digest = FileHash.sha256(bytes)
        if bytes.starts(with: Self.magic) {
            guard readList(bytes[Self.magic.count...]) else { throw .malformedRevocations(path: path, line: nil) }
            return
        }
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
            guard SSHPublicKey.isText(Array(first)), words.count >= 2, let blob = Base64.decode(words[1]) else {
                throw .malformedRevocations(path: path, line: index + 1)
            }
            blobs.insert(blob)
        }
    }

    package func contains(_ key: SSHPublicKey) -> Bool {
        blobs.contains(key.blob) || !sha256.isEmpty && sha256.contains(Array(SHA256.hash(data: key.blob)))
            || !sha1.isEmpty && sha1.contains(Array(Insecure.SHA1.hash(data: key.blob)))
    }

    private mutating func readList(_ bytes: ArraySlice<UInt8>) -> Bool {
        var reader = SSHWireReader(bytes)
        // Format, then the list's own version, time and flags, then what is reserved, then a comment.
        guard reader.uint32() == 1, reader.take(24) != nil, reader.string() != nil, reader.string() != nil else {
            return false
        }
        while !reader.isAtEnd {
            guard let kind = reader.take(1)?.first, let body = reader.string() else { return false }
            var section = SSHWireReader(body)
            switch kind {
            // Of certificates; a signature over the list, whose key comes first; an extension.
            case 1, 255: continue
            case 4: if reader.string() == nil { return false }
            case 2, 3, 5:
                while !section.isAtEnd {
                    guard let item = section.string() else { return false }
                    switch kind {
                    case 2: blobs.insert(Array(item))
                    case 3: sha1.insert(Array(item))
                    default: sha256.insert(Array(item))
                    }
                }
            default: return false
            }
        }
        return true
    }
}
