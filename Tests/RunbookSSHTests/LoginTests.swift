import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

@Suite("Who is there, and who are we", .serialized)
struct LoginTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test("a key that is not let in is named, and so is one that can't be read")
    func wrongKey() async throws {
        let other = "\(server.scratch.path)/other_key"
        let refused = server.visit { $0.identityFile = other }
        let failure = try #require(await refused.submit("true").failure)
        #expect(failure.kind == .authentication && !failure.sent)
        #expect(failure.message.contains("the key \(other) is refused"), "\(failure.message)")
        await refused.end()
        let missing = server.visit { $0.identityFile = "/nowhere/key" }
        let gone = try #require(await missing.ask(.contact).failure)
        #expect(gone.kind == .authentication && gone.isLasting)
        await missing.end()
        // A key that is refused may be accepted once the machine has started.
        #expect(!failure.isLasting)
        #expect(!server.hasReceipts)
    }

    @Test(
        "a key that others can read or replace is not used, and the server sees no login",
        arguments: [
            ("chmod 644 keys/k", "can be read by others (mode 0644); `chmod 600 DIR/keys/k` closes it"),
            ("chmod 777 keys", "can be replaced by everybody; `chmod o-w DIR/keys` closes its folder"),
        ])
    func exposedKey(_ change: String, _ words: String) async throws {
        let path = server.scratch.path
        try TestServer.tool("mkdir keys; chmod 755 keys; cp client_key keys/k; chmod 600 keys/k", server.scratch)
        let good = server.visit { $0.identityFile = "\(path)/keys/k" }
        #expect(await good.submit("echo in").text == "in\n")
        await good.end()
        let before = try server.scratch.text("entered").count
        try TestServer.tool(change, server.scratch)
        let exposed = server.visit { $0.identityFile = "\(path)/keys/k" }
        let failure = try #require(await exposed.submit("echo in").failure)
        #expect(failure.kind == .authentication && !failure.sent && failure.isLasting)
        #expect(failure.message.contains("\(path)/keys/k \(words.replacing("DIR", with: path))"), "\(failure.message)")
        await exposed.end()
        #expect(try server.scratch.text("entered").count == before)
    }

    @Test("a key in an agent lets us in where no file does")
    func agent() async throws {
        let path = server.scratch.path
        let started = try shell("eval $(ssh-agent -a \(path)/agent) >&2; echo $SSH_AGENT_PID", in: path)
        let pid = try #require(pid_t(started.output.split(separator: "\n").last ?? ""))
        defer { kill(pid, SIGKILL) }
        try TestServer.tool("SSH_AUTH_SOCK=\(path)/agent ssh-add -q client_key", server.scratch)
        let empty = try Scratch()
        let visit = server.visit {
            $0.identityFile = nil
        } options: {
            $0.home = empty.path
            $0.agentSocket = "\(path)/agent"
        }
        #expect(await visit.submit("echo in").text == "in\n")
        await visit.end()
    }

    @Test("an agent that says nothing holds up its own login only, and is named")
    func silentAgent() async throws {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        let path = "\(server.scratch.path)/silent"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0 && listen(listener, 8) == 0)
        var (stuck, free) = (server.host, server.host)
        (stuck.name, stuck.identityFile) = ("stuck", nil)
        free.name = "free"
        var options = SSHOptions(user: NSUserName())
        options.home = server.scratch.path
        options.agentSocket = path
        options.connectTimeout = .seconds(3)
        let visit = Visit(SSHTransport(hosts: [stuck, free], options: options))
        async let waits = visit.ask(.contact, host: "stuck")
        // Its key file lets it in before the agent is asked.
        #expect(await visit.ask(.contact, host: "free").failure == nil)
        let failure = try #require(await waits.failure)
        #expect(failure.kind == .authentication)
        #expect(failure.message == "the agent does not answer")
        await visit.end()
    }

    @Test("a locked key opens with its passphrase, and says so where there is none")
    func locked() async throws {
        try TestServer.tool("ssh-keygen -q -p -P '' -N 'long enough' -f client_key", server.scratch)
        let path = "\(server.scratch.path)/client_key"
        #expect(KeyFiles.locked([server.host], SSHOptions(user: "a")) == [path])
        #expect(!KeyFiles.opens(path, "wrong") && KeyFiles.opens(path, "long enough"))
        let without = server.visit()
        let failure = try #require(await without.ask(.contact).failure)
        #expect(failure.kind == .authentication)
        #expect(failure.message.contains("the key \(path) is locked with a passphrase"), "\(failure.message)")
        await without.end()
        let with = server.visit(options: { $0.passphrases = [path: "long enough"] })
        #expect(await with.submit("echo in").text == "in\n")
        await with.end()
    }

    @Test("a user certificate lets in, named or beside its key", arguments: [true, false])
    func certificate(isNamed: Bool) async throws {
        let server = try TestServer(
            settings: "TrustedUserCAKeys DIR/ca.pub\nAuthorizedKeysFile none\nAuthorizedPrincipalsFile none")
        try TestServer.tool("ssh-keygen -q -t ed25519 -N '' -f ca", server.scratch)
        let plain = server.visit()
        #expect(await plain.ask(.contact).failure?.kind == .authentication)
        await plain.end()
        try TestServer.tool("ssh-keygen -q -s ca -I test -n \(NSUserName()) client_key.pub", server.scratch)
        if isNamed { try TestServer.tool("mv client_key-cert.pub signed", server.scratch) }
        let visit = server.visit { if isNamed { $0.certificateFile = "\(server.scratch.path)/signed" } }
        #expect(await visit.submit("echo in").text == "in\n")
        await visit.end()
    }

    @Test("a host that takes a password only gets it, however it asks", arguments: ["password", "prompt"])
    func password(method: String) async throws {
        let other = try PythonServer("password-server.py", method, server.scratch)
        let visit = server.visit {
            ($0.port, $0.identityFile) = (other.port, nil)
        } options: {
            $0.passwords = ["a": "correct horse"]
        }
        // Its home is the tester's own: what an earlier test left there is not ours.
        let number = Int.random(in: 1...1_000_000_000)
        #expect(await visit.submit("echo in", number: number, boot: nil).text == "in\n")
        await visit.end()
        let wrong = server.visit {
            ($0.port, $0.identityFile) = (other.port, nil)
        } options: {
            $0.passwords = ["a": "battery staple"]
        }
        let failure = try #require(await wrong.ask(.contact).failure)
        #expect(failure.kind == .authentication)
        #expect(failure.message == "login as \(NSUserName()) failed: the password is refused")
        await wrong.end()
    }

    @Test("a question that is no password stays without an answer, and is quoted")
    func code() async throws {
        let other = try PythonServer("password-server.py", "code", server.scratch)
        let visit = server.visit {
            ($0.port, $0.identityFile) = (other.port, nil)
        } options: {
            $0.passwords = ["a": "correct horse"]
        }
        let failure = try #require(await visit.ask(.contact).failure)
        #expect(failure.message.contains("it asks \"Code: \", and only a password is there"), "\(failure.message)")
        await visit.end()
    }

    @Test("a host that knows old algorithms only is met where the inventory allows them, and refused elsewhere")
    func old() async throws {
        let server = try TestServer(
            keyType: "rsa",
            settings: """
                KexAlgorithms diffie-hellman-group14-sha1
                Ciphers aes128-cbc
                MACs hmac-sha1
                HostKeyAlgorithms ssh-rsa
                """)
        let strict = server.visit()
        let failure = try #require(await strict.ask(.contact).failure)
        #expect(failure.kind == .unsuitable && !failure.sent)
        #expect(failure.message.hasSuffix("; `algorithms` in the inventory allows older ones"), "\(failure.message)")
        await strict.end()
        func named(_ name: String) -> [Named] { [Named(name, at: place)] }
        let visit = server.visit {
            $0.algorithms.names = [
                .kex: named("diffie-hellman-group14-sha1"), .ciphers: named("aes128-cbc"), .macs: named("hmac-sha1"),
                .hostKeys: named("ssh-rsa"),
            ]
        }
        let said = await visit.submit("echo in")
        #expect(said.text == "in\n", "\(said.failure?.message ?? "")")
        await visit.end()
    }

    @Test("nobody listens: unreachable at once, in the system's words")
    func refused() async throws {
        let port = try TestServer.freePort()
        let visit = server.visit { $0.port = port }
        #expect(
            await visit.ask(.contact).reply
                == .failure(TransportFailure(.unreachable, sent: false, "Connection refused")))
        await visit.end()
    }

    @Test("one that accepts and says nothing is given up in time")
    func silentFromTheStart() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        let port = try TestServer.bound(listener)
        #expect(listen(listener, 8) == 0)
        let visit = server.visit {
            $0.port = port
        } options: {
            $0.connectTimeout = .seconds(1)
        }
        let (said, took) = await timed { await visit.ask(.contact) }
        #expect(said.failure?.kind == .lost)
        #expect(said.failure?.sent == false)
        #expect(took < .seconds(60))
        await visit.end()
    }
}

func timed<Result>(_ body: () async -> Result) async -> (Result, Duration) {
    let clock = ContinuousClock()
    let start = clock.now
    let result = await body()
    return (result, clock.now - start)
}
