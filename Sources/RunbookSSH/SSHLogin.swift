internal import CLibssh
internal import Glibc
internal import RunbookModel
internal import RunbookTransport

// Who the host is, and that it lets us in.

extension SSHConnection {
    func checkKey(_ login: Login, _ session: ssh_session) throws(TransportFailure) {
        let shown = try shownKey(session)
        if let objection = HostKeyCheck.objection(login, shown) {
            throw TransportFailure(.hostKey, sent: false, isLasting: true, objection)
        }
    }

    func shownKey(_ session: ssh_session) throws(TransportFailure) -> ShownKey {
        let unreadable = TransportFailure(.hostKey, sent: false, "the host's key can't be read")
        var key: ssh_key?
        guard ssh_get_server_publickey(session, &key) == SSH_OK, let key else {
            throw TransportFailure(.hostKey, sent: false, "the host shows no key")
        }
        defer { ssh_key_free(key) }
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_pubkey_base64(key, &text) == SSH_OK, let text else { throw unreadable }
        let blob = String(cString: text)
        ssh_string_free_char(text)
        let type = ssh_key_type_to_char(ssh_key_type(key)).map { String(cString: $0) } ?? "unknown"
        var hash: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == 0 else { throw unreadable }
        let print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length)
        let fingerprint = print.map { String(cString: $0) } ?? ""
        ssh_clean_pubkey_hash(&hash)
        ssh_string_free_char(print)
        return ShownKey(type: type, blob: blob, fingerprint: fingerprint)
    }

    private static let late = "the host did not let us in in time"

    /// Keys of files first, then the agent's, then the password.
    func authenticate(_ login: Login, _ session: ssh_session, _ deadline: UInt64) async throws(TransportFailure) {
        var objections = login.objections
        for key in login.keys {
            if try await outcome(session, deadline, { ssh_userauth_publickey(session, nil, key.key) }) { return }
            objections.append("the key \(key.name) is refused")
        }
        if login.agent != nil {
            if try await agentLogin(session, deadline) { return }
            objections.append("the agent has no key that is accepted")
        }
        if let password = login.password {
            var dialogue = PromptDialogue(password: password)
            if try await outcome(session, deadline, { dialogue.advance(session) }) { return }
            if !dialogue.wasAsked {
                if try await outcome(session, deadline, { ssh_userauth_password(session, nil, password) }) { return }
            }
            objections.append(dialogue.objection ?? "the password is refused")
        }
        if objections.isEmpty { objections.append("there is no key to log in with") }
        // Keys that were refused may be accepted later, as where a machine still starts. What can't be offered is not.
        let hasNothing = login.keys.isEmpty && login.agent == nil
        let isLasting = login.password == nil && (login.lacksNamedKey || hasNothing)
        throw TransportFailure(
            .authentication, sent: false, isLasting: isLasting,
            "login as \(login.user) failed: \(objections.joined(separator: "; "))")
    }

    /// Whether `attempt` lets us in; false: it is refused, and the connection stands.
    private func outcome(
        _ session: ssh_session, _ deadline: UInt64, _ attempt: () -> Int32
    ) async throws(TransportFailure) -> Bool {
        while true {
            let code = attempt()
            if code == SSH_AUTH_SUCCESS.rawValue { return true }
            guard code == SSH_AUTH_AGAIN.rawValue else { break }
            try await patience(session, deadline, Self.late)
        }
        try checkStands(session)
        return false
    }

    /// A connection that breaks now is no word about the keys.
    private func checkStands(_ session: ssh_session) throws(TransportFailure) {
        guard ssh_is_connected(session) == 1 else {
            throw TransportFailure(.lost, sent: false, "the connection broke at the login: \(words(session))")
        }
    }

    /// libssh talks to an agent without a limit of time, and an agent may ask a person: on a thread of its own.
    private func agentLogin(_ session: ssh_session, _ deadline: UInt64) async throws(TransportFailure) -> Bool {
        gather(false)
        guard let errand = AgentErrand(session, deadline) else {
            throw TransportFailure(.unreachable, sent: false, "no thread can be made for the agent")
        }
        let code = await errand.outcome(loop)
        guard let code else {
            // The thread has the session for good, and frees it.
            abandon()
            throw TransportFailure(.authentication, sent: false, "the agent does not answer")
        }
        gather(true)
        if code == SSH_AUTH_SUCCESS.rawValue { return true }
        try checkStands(session)
        if code == SSH_AUTH_AGAIN.rawValue { throw TransportFailure(.lost, sent: false, Self.late) }
        return false
    }
}

/// Questions of a host at the login, answered with the password: the keyboard-interactive method.
private struct PromptDialogue {
    private static let roundsAtMost = 3

    let password: String
    private(set) var wasAsked = false
    private(set) var objection: String?
    private var rounds = 0

    init(password: String) { self.password = password }

    mutating func advance(_ session: ssh_session) -> Int32 {
        while true {
            let code = ssh_userauth_kbdint(session, nil, nil)
            guard code == SSH_AUTH_INFO.rawValue else { return code }
            let count = ssh_userauth_kbdint_getnprompts(session)
            for index in 0..<UInt32(clamping: count) {
                var isShown: CChar = 0
                let prompt = ssh_userauth_kbdint_getprompt(session, index, &isShown).map { String(cString: $0) } ?? ""
                // What may be seen is no password: a name, a code.
                guard isShown == 0 else {
                    objection =
                        "it asks \"\(TerminalText.shown(String(prompt.prefix(80))))\", and only a password is there"
                    return SSH_AUTH_DENIED.rawValue
                }
                ssh_userauth_kbdint_setanswer(session, index, password)
                wasAsked = true
            }
            rounds += 1
            guard rounds <= Self.roundsAtMost else {
                objection = "it asks again and again"
                return SSH_AUTH_DENIED.rawValue
            }
        }
    }
}
