internal import CLibssh
internal import RunbookTransport

// Who the host is, and that it lets us in.

extension SSHConnection {
    func checkKey(_ login: Login, _ session: ssh_session) throws(TransportFailure) {
        var key: ssh_key?
        guard ssh_get_server_publickey(session, &key) == SSH_OK, let key else {
            throw TransportFailure(.hostKey, sent: false, "the host shows no key")
        }
        defer { ssh_key_free(key) }
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_pubkey_base64(key, &text) == SSH_OK, let text else {
            throw TransportFailure(.hostKey, sent: false, "the host's key can't be read")
        }
        let blob = String(cString: text)
        ssh_string_free_char(text)
        let type = ssh_key_type_to_char(ssh_key_type(key)).map { String(cString: $0) } ?? "unknown"
        var hash: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == 0 else {
            throw TransportFailure(.hostKey, sent: false, "the host's key can't be read")
        }
        let print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length)
        let fingerprint = print.map { String(cString: $0) } ?? ""
        ssh_clean_pubkey_hash(&hash)
        ssh_string_free_char(print)
        if let objection = HostKeyCheck.objection(
            login.known, blob: blob, type: type, fingerprint: fingerprint)
        {
            throw TransportFailure(.hostKey, sent: false, objection)
        }
    }

    func authenticate(
        _ login: Login, _ session: ssh_session, _ deadline: UInt64
    ) async throws(TransportFailure) {
        let late = "the host did not let us in in time"
        // A connection that breaks now is no word about the keys.
        func checkConnection() throws(TransportFailure) {
            guard ssh_is_connected(session) == 1 else {
                throw TransportFailure(.lost, sent: false, "the connection broke at the login: \(words(session))")
            }
        }
        var objections = login.objections
        for key in login.keys {
            while true {
                let code = ssh_userauth_publickey(session, nil, key.key)
                if code == SSH_AUTH_SUCCESS.rawValue { return }
                guard code == SSH_AUTH_AGAIN.rawValue else { break }
                try await patience(session, deadline, late)
            }
            try checkConnection()
            objections.append("the key \(key.path) is refused")
        }
        if login.agent != nil {
            while true {
                let code = ssh_userauth_agent(session, nil)
                if code == SSH_AUTH_SUCCESS.rawValue { return }
                guard code == SSH_AUTH_AGAIN.rawValue else { break }
                try await patience(session, deadline, late)
            }
            try checkConnection()
            objections.append("the agent has no key that is let in")
        }
        if objections.isEmpty { objections.append("there is no key to log in with") }
        throw TransportFailure(
            .authentication, sent: false, "\(login.user) is not let in: \(objections.joined(separator: "; "))")
    }
}
