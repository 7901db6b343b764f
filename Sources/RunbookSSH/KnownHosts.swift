internal import Crypto
internal import Glibc
internal import RunbookModel

/// What we know of a host's key before we meet it.
enum KnownKey: Hashable {
    /// These keys, by type and base64 blob.
    case keys([HostKeyLine], place: String)
    /// A fingerprint in the inventory.
    case fingerprint(String)
    case unknown(place: String)
}

struct HostKeyLine: Hashable {
    var type: String
    var blob: String
    var isRevoked: Bool
}

/// Reads an OpenSSH known_hosts file: plain, hashed and pattern names, `[host]:port`, `@revoked`.
enum KnownHosts {
    static let limitBytes = 16 << 20

    /// Every key that the file gives for this address and port. `@cert-authority` lines are no keys of a host.
    static func lines(in bytes: [UInt8], address: String, port: Int) -> [HostKeyLine] {
        let name = port == 22 ? address : "[\(address)]:\(port)"
        var found: [HostKeyLine] = []
        for line in bytes.split(separator: 0x0A) {
            var words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            var isRevoked = false
            if first.hasPrefix("@") {
                guard first == "@revoked" else { continue }
                isRevoked = true
                words.removeFirst()
            }
            guard words.count >= 3, matches(words[0], name) else { continue }
            found.append(HostKeyLine(type: words[1], blob: words[2], isRevoked: isRevoked))
        }
        return found
    }

    private static func matches(_ patterns: String, _ name: String) -> Bool {
        if patterns.hasPrefix("|1|") { return isHash(patterns, of: name) }
        var isMatch = false
        for pattern in patterns.split(separator: ",") {
            if pattern.hasPrefix("!") {
                if glob(Array(pattern.dropFirst().utf8), Array(name.utf8)) { return false }
            } else if glob(Array(pattern.utf8), Array(name.utf8)) {
                isMatch = true
            }
        }
        return isMatch
    }

    /// `|1|SALT|HASH`: HMAC-SHA1 of the name under the salt.
    private static func isHash(_ pattern: String, of name: String) -> Bool {
        let parts = pattern.split(separator: "|", omittingEmptySubsequences: true)
        guard parts.count == 3, let salt = base64(parts[1]), let hash = base64(parts[2]) else { return false }
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: Array(name.utf8), using: SymmetricKey(data: salt))
        return Array(code) == hash
    }

    static func base64(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            let value: UInt8
            switch byte {
            case 0x41...0x5A: value = byte - 0x41
            case 0x61...0x7A: value = byte - 0x61 + 26
            case 0x30...0x39: value = byte - 0x30 + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            bits = (bits << 6 | UInt32(value)) & 0xFFFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    private static func glob(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (p, t, star, mark) = (0, 0, -1, 0)
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = p
                mark = t
                p += 1
            } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || lower(pattern[p]) == lower(text[t]) {
                p += 1
                t += 1
            } else if star >= 0 {
                p = star + 1
                mark += 1
                t = mark
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// All of a file that is not too large; nil where there is none that can be read.
    static func contents(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limitBytes {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return count == 0 ? bytes : nil }
            bytes += buffer[..<count]
        }
        return nil
    }
}

/// The table of one session of the program: each file is read once.
struct KnownKeyTable {
    private var files: [String: [UInt8]] = [:]

    mutating func key(of host: Host) -> KnownKey {
        if let fingerprint = host.hostKey { return .fingerprint(fingerprint) }
        guard let path = host.knownHosts else { return .unknown(place: "no known_hosts file is named") }
        if files[path] == nil { files[path] = KnownHosts.contents(path) ?? [] }
        let lines = KnownHosts.lines(in: files[path] ?? [], address: host.address, port: host.port)
        return lines.contains { !$0.isRevoked } || lines.contains(where: \.isRevoked)
            ? .keys(lines, place: path) : .unknown(place: path)
    }
}

/// Compares the key that a host shows with what is known.
enum HostKeyCheck {
    /// nil: this is the host. Otherwise the sentence for a person.
    static func objection(_ known: KnownKey, blob: String, type: String, fingerprint: String) -> String? {
        switch known {
        case .fingerprint(let expected):
            return expected == fingerprint
                ? nil : "the host shows the key \(fingerprint), but the inventory expects \(expected); nothing was sent"
        case .keys(let lines, let place):
            if lines.contains(where: { $0.isRevoked && $0.blob == blob }) {
                return "the host shows a key that is revoked in \(place): \(fingerprint); nothing was sent"
            }
            if lines.contains(where: { !$0.isRevoked && $0.blob == blob }) { return nil }
            let sameType = lines.contains { $0.type == type && !$0.isRevoked }
            return sameType
                ? "the host's key has changed: it shows \(fingerprint), which is not the one in \(place); nothing was sent"
                : "the host shows a \(type) key that \(place) does not have: \(fingerprint); nothing was sent"
        case .unknown(let place):
            return "the host's key is not known (\(fingerprint), looked in \(place)); nothing was sent"
        }
    }
}
