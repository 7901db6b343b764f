import Foundation
import RunbookModel
import RunbookTransport
import TestTools
import Testing

/// Commands with secrets, and commands as root: with the machine's own sudo, and with one that asks for a password.
@Suite("Rights and secrets on a host")
struct PrivilegeScriptTests {
    private static let secret = "hunter2 $HOME `x` 'q' \"d\" \\n"

    private let host: ScriptHost

    init() throws { host = try ScriptHost() }

    private static let pin = EnvironmentPair(name: "PIN", HiddenText(filled: secret))

    private func submission(_ command: String, _ privilege: Privilege? = nil) -> Submission {
        var submission = ScriptHost.submission(command)
        submission.environment = [Self.pin, EnvironmentPair(name: "OPEN", value: "seen")]
        submission.privilege = privilege
        return submission
    }

    private func submit(_ submission: Submission, sudo: String? = nil) throws -> ScriptHost.Said {
        try host.play(.submit(submission, deadline: .seconds(60)), path: try sudo.map(place))
    }

    /// A sudo that asks, in front of all others.
    private func place(_ sudo: String) throws -> String {
        let folder = "\(host.scratch.path)/bin"
        // Not written by this process: what another test begins meanwhile would hold it open, and nobody could run it.
        let made = try shell(
            "mkdir -p bin && printf %s \"$TEXT\" >bin/sudo && chmod 700 bin/sudo", in: host.scratch.path,
            environment: ["TEXT": "#!/bin/sh\n\(sudo)\n"])
        guard made.status == 0 else { throw ToolFault(what: "sudo can't be written") }
        return folder
    }

    /// What asks for a password on its input, as `sudo -S` does.
    private static let asking = """
        while [ "$1" != -- ]; do case $1 in -S) s=1;; -n) exit 1;; esac; shift; done; shift
        IFS= read -r given; [ "$given" = "open sesame" ] || { echo "sudo: 1 incorrect password attempt" >&2; exit 1; }
        exec env -i PATH="$PATH" HOME="$HOME" "$@"
        """

    /// What wants no password and leaves its input alone.
    private static let free = """
        while [ "$1" != -- ]; do shift; done; shift
        exec env -i PATH="$PATH" HOME="$HOME" "$@"
        """

    private static let password = Privilege(password: HiddenText(filled: "open sesame"))

    struct Way: CustomTestStringConvertible, Sendable {
        var name: String
        var privilege: Privilege?
        var sudo: String?
        var testDescription: String { name }
    }

    static let ways = [
        Way(name: "as who logs in"),
        Way(name: "as root without a password", privilege: Privilege(password: nil), sudo: free),
        Way(name: "as root with a password", privilege: password, sudo: asking),
        Way(name: "as root with a password that nobody wants", privilege: password, sudo: free),
    ]

    @Test("a secret arrives whole, and stands in no file and in no list of processes", arguments: ways)
    func hidden(_ way: Way) throws {
        let command =
            "printf %s \"$PIN\" | cksum; printf %s \"$OPEN $BLACKSTART_RUN $BLACKSTART_STEP\"; ps -eww -o args"
        let said = try submit(submission(command, way.privilege), sudo: way.sudo)
        #expect(said.status?.end == .exit(0), "\(said)")
        let sum = try shell("printf %s \"$PIN\" | cksum", in: host.scratch.path, environment: ["PIN": Self.secret])
        #expect(said.text.hasPrefix("\(sum.output)seen r1 db"), "\(said.text)")
        #expect(said.text.contains("/bin/sh"))
        #expect(!said.text.contains("hunter2") && !said.text.contains("open sesame"), "\(said.text)")
        let found = try shell(
            "grep -rl -e hunter2 -e 'open sesame' .blackstart; ls -d blackstart.* 2>/dev/null", in: host.scratch.path)
        #expect(found.output.isEmpty, "\(found.output)")
        #expect(host.runs == 1)
    }

    @Test("a question is asked with the same rights and secrets", arguments: ways)
    func probe(_ way: Way) throws {
        let probe = ProbeRequest(
            .run(command: "printf %s \"$PIN$OPEN$BLACKSTART_STEP\"", environment: submission("").environment),
            privilege: way.privilege, timeout: .seconds(20))
        let said = try host.play(.probe(probe), path: try way.sudo.map(place))
        #expect(said.text == "\(Self.secret)seendb")
        #expect(said.ending == .probe(status: 0))
    }

    @Test("a wrong password runs nothing, and says so")
    func wrongPassword() throws {
        let wrong = Privilege(password: HiddenText(filled: "open barley"))
        let said = try submit(submission("true", wrong), sudo: Self.asking)
        #expect(said.status?.end == .exit(1))
        #expect(String(decoding: said.stderr, as: UTF8.self) == "sudo: 1 incorrect password attempt\n")
        #expect(host.runs == 0)
    }

    @Test(
        "a question that sudo turns away is not answered, whatever its exit status",
        arguments: [
            ("exit 1", nil, "sudo ran nothing (exit status 1):"),
            ("exit 0", nil, "sudo ran nothing (exit status 0):"),
            (
                "echo 'sudo: you must be in sudoers' >&2; echo 'It was reported.' >&2; exit 1", nil,
                "sudo ran nothing (exit status 1): sudo: you must be in sudoers It was reported."
            ),
            (asking, "open barley", "sudo ran nothing (exit status 1): sudo: 1 incorrect password attempt"),
        ] as [(String, String?, String)])
    func turnedAway(_ sudo: String, _ password: String?, _ why: String) throws {
        let probe = ProbeRequest(
            .run(command: "true", environment: []),
            privilege: Privilege(password: password.map { HiddenText(filled: $0) }), timeout: .seconds(20))
        #expect(try host.play(.probe(probe), path: place(sudo)).ending == .refused(why))
        // Nothing of it is left.
        let left = try shell("ls -d blackstart.* 2>/dev/null", in: host.scratch.path)
        #expect(left.output.isEmpty)
    }

    @Test(
        "the machine's own sudo runs a command as root, with its environment and its exit status",
        .enabled(if: Rights.canSudo))
    func realSudo() throws {
        let said = try submit(
            submission("echo \"$(id -u) $OPEN $BLACKSTART_STEP ${#PIN}\"; exit 7", Privilege(password: nil)))
        #expect(said.text == "0 seen db \(Self.secret.utf8.count)\n", "\(said)")
        #expect(said.status?.end == .exit(7))
    }

    @Test("a command as root is stopped with all that it began, when its time is over")
    func stop() throws {
        let folder = try place(Self.free)
        let command = "sleep 1000 & echo $! > \"$HOME/child\"; echo $$ > \"$HOME/own\"; wait"
        let text = try host.text(.submit(submission(command, Privilege(password: nil)), deadline: .seconds(60)))
        try host.scratch.write("submit", Array(text.utf8))
        let path = ["PATH": "\(folder):/usr/bin:/bin"]
        _ = try shell(
            "/bin/sh -s < submit > later 2>&1 &", in: host.scratch.path,
            environment: host.variables.merging(path) { $1 })
        _ = try host.until { if case .run = $0.go { $0.alive } else { false } }
        while (try? host.scratch.text("own")) ?? "" == "" {}
        let killed = try host.play(.kill(ScriptHost.receipt, Privilege(password: nil)), path: folder)
        #expect(killed.status?.end != nil, "\(killed)")
        for name in ["child", "own"] {
            let pid = try #require(pid_t(try host.scratch.text(name).trimmingCharacters(in: .newlines)))
            // Dead, though nobody may have asked how it died yet.
            let state = try shell("ps -o stat= -p \(pid)", in: host.scratch.path).output
            #expect(state.isEmpty || state.hasPrefix("Z"), "\(name) is still there: \(state)")
        }
    }

    @Test("a command makes files as its login would, not as receipts are made")
    func mask() throws {
        let said = try submit(ScriptHost.submission("umask"))
        let own = try shell("umask", in: host.scratch.path)
        #expect(said.text == own.output)
        let mode = try shell("stat -c %a .blackstart/receipts/r1/db.a.1/out", in: host.scratch.path)
        #expect(mode.output == "600\n")
    }
}
