import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

/// What a host may be besides a Linux machine with dash and all the usual tools. Each is a real OpenSSH server whose
/// mounts make it so.
struct OtherHost: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var mounts = ""
    var login = #"exec /bin/sh -c "$SSH_ORIGINAL_COMMAND""#

    func server() throws -> TestServer { try TestServer(mounts: mounts, login: login) }

    private static func shell(_ path: String) -> String { "mount --bind \(path) /usr/bin/dash" }

    /// Only these programs are on the path of whoever logs in.
    private static func tools(_ make: String) -> String {
        "mkdir -p DIR/tools; \(make)"
    }
    private static let ownTools = #"PATH=DIR/tools exec /bin/sh -c "$SSH_ORIGINAL_COMMAND""#

    /// Those on which a command can run with a receipt.
    static let able = [
        OtherHost(testDescription: "dash"),
        OtherHost(testDescription: "bash as sh", mounts: shell("/bin/bash")),
        OtherHost(testDescription: "mksh as sh", mounts: shell("/bin/mksh")),
        OtherHost(
            testDescription: "busybox and nothing else",
            mounts: tools("busybox --install -s DIR/tools; \(shell("/bin/busybox"))"), login: ownTools),
        OtherHost(
            testDescription: "no setsid, no readlink, no logger",
            mounts: tools(
                "for t in /usr/bin/*; do ln -s $t DIR/tools/; done; cd DIR/tools; rm -f setsid readlink logger; cd /"),
            login: ownTools),
        OtherHost(
            testDescription: "wc that pads its numbers, no /proc, as on BSD",
            mounts: tools(
                """
                for t in /usr/bin/*; do ln -s $t DIR/tools/; done; rm -f DIR/tools/wc DIR/tools/setsid
                printf '#!/bin/sh\\nprintf "%%8d\\\\n" $(/usr/bin/wc "$@")\\n' >DIR/tools/wc; chmod 755 DIR/tools/wc
                cat >DIR/tools/ps.new <<'END'
                #!/bin/sh
                for p; do :; done
                case $* in *args=*) tr '\\0' ' ' <DIR/proc/$p/cmdline;; *) cat DIR/proc/[0-9]*/stat | sed 's/(.*)/x/' | awk '{ print $1, $4 }';; esac
                END
                rm -f DIR/tools/ps; mv DIR/tools/ps.new DIR/tools/ps; chmod 755 DIR/tools/ps
                mkdir -p DIR/proc; mount --bind /proc DIR/proc; mount -t tmpfs none /proc
                """), login: "unset BLACKSTART_BOOT_ID; \(ownTools)"),
        OtherHost(testDescription: "tcsh as login shell", login: #"exec tcsh -c "$SSH_ORIGINAL_COMMAND""#),
        OtherHost(testDescription: "fish as login shell", login: #"exec fish -c "$SSH_ORIGINAL_COMMAND""#),
        OtherHost(
            testDescription: "a message of the day on every command",
            login: """
                i=0; while [ $i -lt 200 ]; do echo "Authorised use only. BS1 and S claim=1 are words as well."; i=$((i+1)); done
                echo 'and on stderr' >&2; printf 'no line end'
                exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
                """),
        OtherHost(
            testDescription: "no folder for what is passing",
            login: #"TMPDIR=/nowhere; export TMPDIR; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND""#),
    ]

    /// Those that can keep no receipt, and what they are heard to say.
    static let unable: [(OtherHost, String)] = [
        (
            OtherHost(
                testDescription: "a home that is read-only",
                mounts: "mount --bind DIR/home DIR/home; mount -o remount,bind,ro DIR/home"),
            "the host can't do this: no receipt can be kept: Read-only file system"
        ),
        (
            OtherHost(
                testDescription: "a full disk",
                mounts: "mount -t tmpfs -o size=4k,mode=755 none DIR/home; mkdir -p DIR/home/.blackstart/receipts; "
                    + "head -c 4096 /dev/zero >DIR/home/full || :"),
            "the host can't do this: no receipt can be kept: is the disk full?"
        ),
        (
            OtherHost(
                testDescription: "no inodes",
                mounts: "mount -t tmpfs -o nr_inodes=1,mode=755 none DIR/home"),
            "the host can't do this: no receipt can be kept: No space left on device"
        ),
        (
            OtherHost(testDescription: "no shell at all", login: "echo 'no such command' >&2; exit 127"),
            "the host says: no such command"
        ),
    ]
}

@Suite("Hosts of other kinds", .serialized)
struct OtherHostsTests {
    @Test("a command runs once with its receipt, whatever shell and tools there are", arguments: OtherHost.able)
    func able(_ kind: OtherHost) async throws {
        let server = try kind.server()
        let visit = server.visit()
        guard case .contact(let facts) = await visit.ask(.contact).reply else {
            Issue.record("no contact: \(await visit.ask(.contact).reply)")
            return
        }
        let command = "echo 'out: ä€'; echo err >&2; exit 3"
        for number in 1...2 {
            let said = await visit.submit(command, boot: facts.boot.isEmpty ? nil : facts.boot)
            #expect(said.status?.end == .exit(3), "\(said.reply)")
            #expect(said.status?.refused == (number == 1 ? nil : .taken))
            let told = await visit.ask(
                .attach(Visit.receipt(), stdoutOffset: 0, stderrOffset: 0, deadline: .seconds(60)))
            #expect(told.text == "out: ä€\n" && told.stderr == Array("err\n".utf8))
        }
        #expect(server.runs == 1)
        let check = ProbeRequest(.run(command: "echo is; exit 4", environment: []), timeout: .seconds(30))
        #expect(
            await visit.ask(.probe(check)).reply == .probe(ProbeAnswer(.exit(.exited(4)), stdout: Array("is\n".utf8))))
        // Fenced before it could start, it never does.
        _ = await visit.ask(.arrive(Arrival(run: "r1")))
        _ = await visit.ask(.fence(Visit.receipt(2)))
        let fenced = await visit.submit(command, number: 2, boot: nil)
        #expect(fenced.status?.go == .fenced, "\(fenced.reply)")
        #expect(server.runs == 1)
        guard case .survey(let survey) = await visit.ask(.survey(nil)).reply else {
            Issue.record("no survey")
            return
        }
        #expect(survey.folder == .writable && survey.missing.isEmpty)
        await visit.end()
    }

    @Test("a command that is told to end does, whatever shell and tools there are", arguments: OtherHost.able)
    func killed(_ kind: OtherHost) async throws {
        let server = try kind.server()
        let visit = server.visit()
        async let said = visit.submit("echo begun; sleep 1000", boot: nil)
        _ = try await visit.until { $0.alive && $0.stdoutBytes > 0 }
        let status = await visit.ask(.kill(Visit.receipt(), nil)).status
        #expect(status?.alive == false && status?.end != nil, "\(String(describing: status))")
        #expect(await said.status.map { !$0.alive || $0.end != nil } == true)
        await visit.end()
    }

    @Test("where no receipt can be kept nothing runs, and it is said why", arguments: OtherHost.unable)
    func unable(_ kind: OtherHost, _ words: String) async throws {
        let server = try kind.server()
        let visit = server.visit()
        let failure = try #require(await visit.submit("true", boot: nil).failure)
        #expect(failure.message == words)
        #expect(failure.kind == .unsuitable && !failure.sent || kind.testDescription == "no shell at all")
        #expect(server.runs == 0)
        await visit.end()
    }

    @Test("a survey sees beforehand that no receipt could be kept", arguments: [(1, "a full disk"), (0, "read-only")])
    func foreseen(_ index: Int, _ name: String) async throws {
        let server = try OtherHost.unable[index].0.server()
        let visit = server.visit()
        guard case .survey(let survey) = await visit.ask(.survey(nil)).reply else {
            Issue.record("no survey")
            return
        }
        #expect(name == "read-only" ? survey.folder == .readOnly : survey.freeKiB == 0)
        await visit.end()
    }
}
