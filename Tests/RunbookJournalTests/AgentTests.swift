import Glibc
import RunbookJournal
import TestTools
import Testing

/// A real ssh-agent, ended by its id.
final class Agent {
    let socket: String
    private let pid: pid_t

    /// - Parameter options: of ssh-agent.
    init(_ scratch: Scratch, options: String = "") throws {
        socket = "\(scratch.path)/agent"
        // It goes to the background once it listens.
        let started = try shell("ssh-agent -s \(options) -a '\(socket)'", in: scratch.path)
        let digits = try #require(started.output.firstMatch(of: /SSH_AGENT_PID=([0-9]+)/)).1
        pid = try #require(pid_t(String(digits)))
    }

    deinit { kill(pid, SIGTERM) }
}

@Suite struct AgentTests {
    @Test("a key in a real ssh-agent signs a journal that ssh-keygen accepts, and is found without being named")
    func signs() throws {
        let scratch = try Scratch()
        let agent = try Agent(scratch)
        let environment = ["SSH_AUTH_SOCK": agent.socket]
        let added = try shell(
            """
            ssh-keygen -q -t rsa -b 2048 -N '' -f r && ssh-keygen -q -t ed25519 -N '' -C carol@ops -f k
            ssh-add -q r && ssh-add -q k && rm k
            """, in: scratch.path, environment: environment)
        #expect(added.status == 0, "\(added.output)")
        #expect(try SSHAgent(path: agent.socket).identities().map(\.comment).contains("carol@ops"))

        let found = try OperatorKeyStore.resolve(
            flag: nil, environment: environment, home: "\(scratch.path)/home", useAgent: true)
        #expect(found.source == .agent(path: agent.socket))
        #expect(found.madeAt == nil)
        #expect(found.key.principal == "carol@ops")
        #expect(try scratch.text("k.pub").hasPrefix(found.key.publicKey.text))
        let writer = try JournalWriter.create(
            folder: "\(scratch.path)/run", opening: Sample.opening, operator: found.key, uptime: 0, wall: Sample.wall)
        writer.close()
        let entries = try JournalReader.entries(try scratch.read("run/journal.jsonl"))
        let signature = try #require(entries[1].fields["sig"]?.string)
        try scratch.write(
            "seal.sig", Array("-----BEGIN SSH SIGNATURE-----\n\(signature)\n-----END SSH SIGNATURE-----\n".utf8))
        let checked = try shell(
            """
            head -n 1 run/journal.jsonl \
            | ssh-keygen -Y verify -f run/allowed_signers -I carol@ops -n blackstart-journal -s seal.sig
            """, in: scratch.path)
        #expect(checked.status == 0, "\(checked.output)")

        // A public key that is named stands for its private half in the agent.
        let named = try OperatorKeyStore.resolve(
            flag: "\(scratch.path)/k.pub", environment: environment, home: scratch.path, useAgent: true)
        #expect(named.key.publicKey == found.key.publicKey)
        #expect(throws: KeyFault.agentAbsent) {
            try OperatorKeyStore.resolve(
                flag: "\(scratch.path)/k.pub", environment: environment, home: scratch.path, useAgent: false)
        }
        _ = try shell("ssh-add -q -d k.pub", in: scratch.path, environment: environment)
        #expect(throws: KeyFault.agentLacksKey(fingerprint: found.key.publicKey.fingerprint)) {
            try OperatorKeyStore.resolve(
                flag: "\(scratch.path)/k.pub", environment: environment, home: scratch.path, useAgent: true)
        }
        #expect(throws: KeyFault.agentRefused) { try found.key.sign([1]) }
    }

    @Test("an agent that is not there is passed over")
    func absent() throws {
        let scratch = try Scratch()
        let found = try OperatorKeyStore.resolve(
            flag: nil, environment: ["SSH_AUTH_SOCK": "\(scratch.path)/none"], home: scratch.path, useAgent: true)
        #expect(found.madeAt == "\(scratch.path)/keys/operator")
    }
}
