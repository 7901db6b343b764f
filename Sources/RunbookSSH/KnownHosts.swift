internal import Crypto
internal import Glibc
internal import RunbookModel

/// What we know of a host's key before we meet it.
enum KnownKey: Hashable {
    /// What a known_hosts file says about it, at least one line; `name` as the file would call it.
    case lines([HostKeyLine], name: String, place: String)
    /// A fingerprint in the inventory.
    case fingerprint(String)
    case unknown(place: String)
}

struct HostKeyLine: Hashable {
    enum Mark: Hashable {
        case none
        case revoked
        /// Of a key that signs host keys.
        case authority
    }

    var type: String
    var blob: String
    var mark: Mark
    /// From 1.
    var number: Int
}

/// An OpenSSH known_hosts file, read once: plain, hashed and pattern names, `[host]:port`, `@revoked`, `@cert-authority`.
struct KnownHosts {
    static let limitBytes = 16 << 20

    private var exact: [String: [HostKeyLine]] = [:]
    private var patterns: [(patterns: [[UInt8]], line: HostKeyLine)] = []
    /// By the key itself: one that is revoked is nobody's any more, by whatever name its line has it.
    private(set) var revoked: [[UInt8]: Int] = [:]
    private var hashed: [(salt: SymmetricKey, hash: [UInt8], line: HostKeyLine)] = []

    init(_ bytes: [UInt8]) {
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            var words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            var mark = HostKeyLine.Mark.none
            if first.hasPrefix("@") {
                switch first {
                case "@revoked": mark = .revoked
                case "@cert-authority": mark = .authority
                default: continue
                }
                words.removeFirst()
            }
            guard words.count >= 3 else { continue }
            if mark == .revoked, let key = Self.base64(words[2]) { revoked[key] = revoked[key] ?? index + 1 }
            take(words[0], HostKeyLine(type: words[1], blob: words[2], mark: mark, number: index + 1))
        }
    }

    private mutating func take(_ names: String, _ line: HostKeyLine) {
        if names.hasPrefix("|1|") {
            // `|1|SALT|HASH`: HMAC-SHA1 of the name under the salt.
            let parts = names.split(separator: "|", omittingEmptySubsequences: true)
            guard parts.count == 3, let salt = Self.base64(parts[1]), let hash = Self.base64(parts[2]) else { return }
            hashed.append((SymmetricKey(data: salt), hash, line))
        } else if names.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") })
            || names.contains("!")
        {
            patterns.append((names.split(separator: ",").map { Array($0.utf8) }, line))
        } else {
            for name in names.split(separator: ",") { exact[Self.lower(String(name)), default: []].append(line) }
        }
    }

    /// How the file would call a host.
    static func name(_ address: String, _ port: Int) -> String { lower(port == 22 ? address : "[\(address)]:\(port)") }

    /// Every line about a host of this name, in file order.
    func lines(_ name: String) -> [HostKeyLine] {
        var found = exact[name] ?? []
        let bytes = Array(name.utf8)
        for (patterns, line) in patterns where Self.matches(patterns, bytes) { found.append(line) }
        for (salt, hash, line) in hashed
        where HMAC<Insecure.SHA1>.authenticationCode(for: bytes, using: salt).elementsEqual(hash) {
            found.append(line)
        }
        return found.sorted { $0.number < $1.number }
    }

    private static func matches(_ patterns: [[UInt8]], _ name: [UInt8]) -> Bool {
        var isMatch = false
        for pattern in patterns {
            if pattern.first == UInt8(ascii: "!") {
                if glob(Array(pattern.dropFirst()), name) { return false }
            } else if glob(pattern, name) {
                isMatch = true
            }
        }
        return isMatch
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
            } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || lower(pattern[p]) == text[t] {
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

    private static func lower(_ text: String) -> String { String(decoding: text.utf8.map(lower), as: UTF8.self) }

    /// Whether something has the name of which nobody can tell what it says. A file that is not there says nothing.
    static func isUnreadable(_ path: String) -> Bool {
        var facts = stat()
        if stat(path, &facts) != 0 { return errno != ENOENT && errno != ENOTDIR }
        return contents(path) == nil
    }

    /// All of a file that is not too large; nil where there is none that can be read. A pipe is none: its end is not known.
    static func contents(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, [S_IFREG, S_IFCHR].contains(facts.st_mode & S_IFMT) else { return nil }
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

/// The table of one session of the program: each file is read once. Beside the file of a host, those of the machine count, as
/// they do for ssh.
struct KnownKeyTable {
    /// ssh_config(5), GlobalKnownHostsFile.
    static let ofMachine = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]

    private let ofMachine: [String]
    private var files: [String: KnownHosts] = [:]

    init(ofMachine: [String] = Self.ofMachine) { self.ofMachine = ofMachine }

    /// The keys that no host may show, however its own key is known: what any of the files revokes.
    mutating func revoked(for host: Host) -> RevokedHostKeys {
        var revoked = RevokedHostKeys()
        for path in files(of: host) {
            if KnownHosts.isUnreadable(path) { revoked.unreadable = path }
            for (key, line) in file(path).revoked where revoked.places[key] == nil {
                revoked.places[key] = RevokedHostKeys.Place(path: path, line: line)
            }
        }
        return revoked
    }

    /// ssh has a second file beside the one of a user as well.
    private func files(of host: Host) -> [String] {
        guard let own = host.knownHosts else { return ofMachine }
        return [own] + (own.hasSuffix("/.ssh/known_hosts") ? ["\(own)2"] : []) + ofMachine
    }

    private mutating func file(_ path: String) -> KnownHosts {
        if let known = files[path] { return known }
        let file = KnownHosts(KnownHosts.contents(path) ?? [])
        files[path] = file
        return file
    }

    mutating func key(of host: Host) -> KnownKey {
        if let fingerprint = host.hostKey { return .fingerprint(fingerprint) }
        let names = ([host.address] + host.addresses).map { KnownHosts.name($0, host.port) }
        for path in files(of: host) {
            let file = file(path)
            for name in names {
                let lines = file.lines(name)
                if !lines.isEmpty { return .lines(lines, name: name, place: path) }
            }
        }
        return .unknown(place: host.knownHosts ?? "no known_hosts file is named")
    }
}

/// The keys that known_hosts files revoke.
struct RevokedHostKeys: Hashable {
    struct Place: Hashable {
        var path: String
        /// From 1.
        var line: Int
    }

    /// By the key.
    var places: [[UInt8]: Place] = [:]
    /// A file that exists, and nobody can tell what it revokes.
    var unreadable: String?

    func place(of shown: ShownKey) -> Place? { KnownHosts.base64(shown.blob).flatMap { places[$0] } }
}

/// The key that a host shows.
package struct ShownKey: Hashable, Sendable {
    package var type: String
    /// Base64, as in a known_hosts file.
    package var blob: String
    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    package var fingerprint: String

    package init(type: String, blob: String, fingerprint: String) {
        self.type = type
        self.blob = blob
        self.fingerprint = fingerprint
    }
}

/// Compares the key that a host shows with what is known.
enum HostKeyCheck {
    /// nil: this is the host. Otherwise the sentence for a person.
    static func objection(_ login: Login, _ shown: ShownKey) -> String? {
        (revocation(login.revoked, shown) ?? sentence(login.known, shown)).map { "\($0); nothing was sent" }
    }

    /// Comes before all that may speak for the key.
    private static func revocation(_ revoked: RevokedHostKeys, _ shown: ShownKey) -> String? {
        if let path = revoked.unreadable { return "\(path) can't be read, and may revoke the host's key" }
        return revoked.place(of: shown).map {
            "the host shows a key that is revoked in \($0.path), line \($0.line): \(shown.fingerprint)"
        }
    }

    private static let meaning =
        "Either the host was installed anew, or another machine has its address now, or someone may be intercepting the connection: find out which"

    private static func sentence(_ known: KnownKey, _ shown: ShownKey) -> String? {
        switch known {
        case .fingerprint(let expected):
            if expected == shown.fingerprint { return nil }
            return "the host shows the key \(shown.fingerprint), but the inventory expects \(expected). \(meaning)"
        case .lines(let lines, let name, let place):
            let keys = lines.filter { $0.mark == .none }
            if keys.contains(where: { $0.blob == shown.blob }) { return nil }
            if let line = keys.first(where: { $0.type == shown.type }) {
                return "the host's key has changed: it shows \(shown.fingerprint), which is not the one in \(place),"
                    + " line \(line.number). \(meaning); `ssh-keygen -R \(ShellWord.typed(name)) -f \(ShellWord.typed(place))` forgets the old key"
            }
            if !keys.isEmpty {
                return "the host shows a \(shown.type) key that \(place) does not have: \(shown.fingerprint)"
            }
            if lines.contains(where: { $0.mark == .authority }) {
                return "\(place) has only a certificate authority for the host, and host certificates are not"
                    + " supported; write its own key there, which is \(shown.fingerprint), if you trust it"
            }
            return "the host's key is not known (\(shown.fingerprint), looked in \(place))"
        case .unknown(let place):
            return "the host's key is not known (\(shown.fingerprint), looked in \(place))"
        }
    }
}
