import Glibc

/// Finds the operator's key: what the person names, what the environment names, what the agent holds, else a key of
/// blackstart's own that is made on first use.
package enum OperatorKeyStore {
    package enum Source: Hashable, Sendable {
        case flag(path: String)
        case environment(path: String)
        case agent(path: String)
        /// `made`: there was none before; the person should be told.
        case store(path: String, made: Bool)
    }

    package struct Found: Sendable {
        package var key: any OperatorKey
        package var source: Source

        /// Where a key was made just now, for a person to be told.
        package var madeAt: String? {
            if case .store(let path, made: true) = source { path } else { nil }
        }
    }

    package static let variable = "BLACKSTART_OPERATOR_KEY"
    package static let namespaces = [
        Seal.namespace, RootStatement.namespace, ApprovalSignature.namespace, HandWork.namespace,
    ]

    package static func keyPath(home: String) -> String { "\(home)/keys/operator" }
    /// What `journal verify` trusts unless it is told otherwise.
    package static func allowedSignersPath(home: String) -> String { "\(home)/keys/allowed_signers" }

    /// Opens a key file that is locked with a passphrase: its text without one; nil where nobody is there to type it.
    package typealias Unlocking = (_ path: String) throws(KeyFault) -> [UInt8]?

    /// `flag` is `--operator-key`, `home` is `$BLACKSTART_HOME`. An agent that doesn't answer or holds no usable key is
    /// passed over; a key that is named and can't be used is an error. The signer's name is `principal`, else the
    /// comment of the key if that is `user@host`, else login and machine.
    package static func resolve(
        flag: String?, environment: [String: String], home: String, useAgent: Bool, principal: String? = nil,
        unlock: Unlocking = { (_) throws(KeyFault) in nil }
    ) throws(KeyFault) -> Found {
        let socket = environment["SSH_AUTH_SOCK"].flatMap { useAgent && !$0.isEmpty ? $0 : nil }
        let name = { (comment: String) in principal ?? Self.principal(comment: comment) }
        if let flag { return Found(key: try key(at: flag, socket, name, unlock), source: .flag(path: flag)) }
        if let path = environment[variable], !path.isEmpty {
            return Found(key: try key(at: path, socket, name, unlock), source: .environment(path: path))
        }
        if let socket, let key = try? agentKey(socket, wanted: nil, name) {
            return Found(key: key, source: .agent(path: socket))
        }
        return try stored(home: home, name, unlock)
    }

    /// Lists `key` among the signers that `journal verify` trusts unless it is told otherwise; once is enough.
    package static func trust(_ key: any OperatorKey, home: String) throws(KeyFault) {
        let path = allowedSignersPath(home: home)
        do {
            try SystemCalls.makeFolders(SystemCalls.folder(of: path))
            try list(key, at: path)
        } catch {
            throw .system(operation: "write", path: path, error: error)
        }
    }

    /// A private key file; or a public one, whose private half is in the agent.
    private static func key(
        at path: String, _ socket: String?, _ name: (String) -> String, _ unlock: Unlocking
    ) throws(KeyFault) -> any OperatorKey {
        let text = try OpenSSHPrivateKey.read(path)
        guard SSHPublicKey.isText(text) else { return try fileKey(text, path: path, name, unlock) }
        let publicKey = try SSHPublicKey(file: text)
        guard let socket else { throw .agentAbsent }
        return try agentKey(socket, wanted: publicKey, name)
    }

    private static func fileKey(
        _ text: [UInt8], path: String, _ name: (String) -> String, _ unlock: Unlocking
    ) throws(KeyFault) -> any OperatorKey {
        let (seed, comment): ([UInt8], String)
        do {
            (seed, comment) = try OpenSSHPrivateKey.parse(text, path: path)
        } catch {
            guard case .encryptedPrivateKey = error, let open = try unlock(path) else { throw error }
            // Whoever opens it may not know the comment; the public file beside it does.
            (seed, comment) = (try OpenSSHPrivateKey.parse(open, path: path).seed, publicComment(beside: path))
        }
        return try Ed25519Key(seed: seed, principal: name(comment))
    }

    private static func publicComment(beside path: String) -> String {
        guard let bytes = try? SystemCalls.contents(of: "\(path).pub", limitBytes: AllowedSigners.limitBytes) else {
            return ""
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        return words.count == 3 ? String(decoding: words[2], as: UTF8.self) : ""
    }

    private static func agentKey(
        _ socket: String, wanted: SSHPublicKey?, _ name: (String) -> String
    ) throws(KeyFault) -> AgentKey {
        let agent = SSHAgent(path: socket)
        let held = try agent.identities().compactMap { identity in
            (try? SSHPublicKey(blob: identity.blob)).map {
                AgentKey(publicKey: $0, principal: name(identity.comment), agent: agent)
            }
        }
        if let found = held.first(where: { $0.publicKey == wanted }) { return found }
        if wanted == nil {
            // A token wants a touch, so it comes last; of the others Ed25519 is what a run itself signs with.
            let order = [{ $0.kind == .ed25519 }, { !$0.kind.isOfToken }, { _ in true }] as [(SSHPublicKey) -> Bool]
            for fits in order { if let found = held.first(where: { fits($0.publicKey) }) { return found } }
        }
        if let wanted { throw .agentLacksKey(fingerprint: wanted.fingerprint) }
        throw .agentHasNoUsableKey
    }

    private static func stored(
        home: String, _ name: (String) -> String, _ unlock: Unlocking
    ) throws(KeyFault) -> Found {
        let path = keyPath(home: home)
        if access(path, F_OK) == 0 {
            let key = try fileKey(try OpenSSHPrivateKey.read(path), path: path, name, unlock)
            return Found(key: key, source: .store(path: path, made: false))
        }
        let key = try Ed25519Key(principal: name(""))
        let isMade: Bool
        do {
            isMade = try write(key, home: home)
        } catch {
            throw .system(operation: "make", path: path, error: error)
        }
        if isMade { return Found(key: key, source: .store(path: path, made: true)) }
        // Another session made one in the same instant: it counts.
        let theirs = try fileKey(try OpenSSHPrivateKey.read(path), path: path, name, unlock)
        return Found(key: theirs, source: .store(path: path, made: false))
    }

    /// Writes the key, whole or not at all; false if there is one by now.
    private static func write(_ key: Ed25519Key, home: String) throws(SystemError) -> Bool {
        let path = keyPath(home: home)
        let folder = SystemCalls.folder(of: path)
        try SystemCalls.makeFolders(folder)
        let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(draft) }
        let text = OpenSSHPrivateKey.text(key, comment: key.principal)
        try append(Array(text.utf8), to: draft, flags: O_CREAT | O_EXCL, mode: 0o600)
        // Listed first: a crash in between leaves a name for a key that nobody has, not a key that nobody trusts.
        try list(key, at: allowedSignersPath(home: home))
        guard link(draft, path) == 0 else {
            let error = SystemError.last
            guard error.code == EEXIST else { throw error }
            return false
        }
        try SystemCalls.flushFolder(folder)
        return true
    }

    private static func list(_ key: any OperatorKey, at path: String) throws(SystemError) {
        let line = Array(
            AllowedSigners.line(principal: key.principal, namespaces: namespaces, key: key.publicKey).utf8)
        // Of two that read the list at once, the second would put it back without the first one's key.
        let folder = try SystemCalls.open(SystemCalls.folder(of: path), O_RDONLY | O_DIRECTORY)
        defer { Glibc.close(folder) }
        _ = try SystemCalls.uninterrupted { flock(folder, LOCK_EX) }
        var standing: [UInt8] = []
        if access(path, F_OK) == 0 {
            standing = try SystemCalls.contents(of: path, limitBytes: AllowedSigners.limitBytes)
        }
        let lines = standing.split(separator: UInt8(ascii: "\n"))
        guard !lines.contains(where: { $0.elementsEqual(line.dropLast()) }) else { return }
        // People edit this file: its last line may lack an end.
        if let last = standing.last, last != UInt8(ascii: "\n") { standing.append(UInt8(ascii: "\n")) }
        // Whole or not at all: a list that was cut admits nobody.
        let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(draft) }
        try append(standing + line, to: draft, flags: O_CREAT | O_EXCL, mode: 0o644)
        guard rename(draft, path) == 0 else { throw .last }
    }

    private static func append(
        _ bytes: [UInt8], to path: String, flags: Int32, mode: mode_t
    ) throws(SystemError) {
        let descriptor = try SystemCalls.open(path, O_WRONLY | flags, mode: mode)
        defer { Glibc.close(descriptor) }
        try SystemCalls.write(bytes, to: descriptor)
        try SystemCalls.flush(descriptor)
    }

    private static func principal(comment: String) -> String {
        var name = [CChar](repeating: 0, count: 256)
        let machine = gethostname(&name, name.count - 1) == 0 ? text(name) : ""
        return Principal.of(comment: comment, login: LocalUser.current?.name ?? "", machine: machine)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
