import Foundation
import RunbookModel
import RunbookTransport
import TestTools
import Testing

/// What others have put where receipts are kept, under every shell that hosts have.
@Suite("Receipts are kept only where nobody else can change them")
struct ReceiptFolderTests {
    private func refusal(_ said: ScriptHost.Said) -> String {
        if case .refused(let why) = said.ending { why } else { "\(said)" }
    }

    /// Another user's number, where this user can give files away.
    private var stranger: Int? { geteuid() == 0 ? 12_345 : nil }

    private func inHome(_ text: String, _ host: ScriptHost) throws {
        #expect(try shell(text, in: host.scratch.path).status == 0)
    }

    @Test(
        "a folder of another user, a link or one that others write to is not believed",
        arguments: ScriptHost.allShells)
    func planted(_ shell: String) throws {
        let rows = [
            ("mkdir -p .blackstart/receipts/r1; chmod 777 .blackstart/receipts/r1", "other users can write to"),
            ("mkdir .blackstart elsewhere; ln -s ../elsewhere .blackstart/receipts", "is a link"),
            ("mkdir -p .blackstart/receipts; chmod 1777 .blackstart/receipts", "other users can write to"),
            ("mkdir .blackstart; chmod 777 .", "other users can write to"),
            ("touch .blackstart", "is not a folder"),
        ]
        for (text, why) in rows {
            let host = try ScriptHost(shell: shell)
            try inHome("umask 022; \(text)", host)
            #expect(refusal(try host.play(.arrive(Arrival(run: "r1")))).contains(why), "\(text)")
            let submitted = try host.play(.submit(ScriptHost.submission(), deadline: .seconds(60)))
            #expect(refusal(submitted).contains(why), "\(text)")
            #expect(refusal(try host.play(.inspect(ScriptHost.receipt))).contains(why), "\(text)")
            #expect(refusal(try host.play(.heads(run: "r1"))).contains(why), "\(text)")
            #expect(host.runs == 0)
            try inHome("chmod 755 .", host)
        }
        guard let stranger else { return }
        for folder in [".blackstart", ".blackstart/receipts", ".blackstart/receipts/r1"] {
            let host = try ScriptHost(shell: shell)
            try inHome("mkdir -p .blackstart/receipts/r1; chown \(stranger) \(folder)", host)
            let why = refusal(try host.play(.arrive(Arrival(run: "r1"))))
            #expect(why.contains("belongs to another user (uid \(stranger))"), "\(why)")
            #expect(why.contains("mv \(host.scratch.path)/\(folder) "), "\(why)")
        }
    }

    @Test("what lies in a new receipt's folder already is neither run nor waited for", arguments: ScriptHost.allShells)
    func left(_ shell: String) throws {
        for file in ["run", "env", "out", "head"] {
            let host = try ScriptHost(shell: shell)
            try host.arrive()
            let folder = ".blackstart/receipts/\(ScriptHost.receipt.path)"
            try inHome("umask 077; mkdir -p \(folder); mkfifo \(folder)/\(file)", host)
            let said = try host.play(.submit(ScriptHost.submission(), deadline: .seconds(60)))
            #expect(refusal(said).contains("/\(file) was there before its receipt"), "\(said)")
            #expect(host.runs == 0)
        }
    }

    @Test("a default ACL on the home opens nothing that is made there", arguments: ScriptHost.allShells)
    func list(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        guard AccessList.give(5003, .default, host.scratch.path) else { return }
        let said = try host.play(.submit(ScriptHost.submission(), deadline: .seconds(60)))
        #expect(said.status?.end == .exit(0), "\(said)")
        let found = try TestTools.shell(
            "stat -c %a .blackstart .blackstart/receipts .blackstart/receipts/*", in: host.scratch.path)
        #expect(Set(found.output.split(separator: "\n")) == ["700"], "\(found.output)")
    }

    @Test("a question is written only where nobody else can change it", arguments: ScriptHost.allShells)
    func question(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        try inHome("mkdir shared; chmod 777 shared", host)
        let probe = HostRequest.Operation.probe(
            ProbeRequest(.run(command: "echo \"$0\"", environment: []), privilege: nil, timeout: .seconds(20)))
        try host.scratch.write("script", Array("TMPDIR=$HOME/shared\n\(try host.text(probe))".utf8))
        try host.feed(try host.scratch.read("script"))
        let said = try host.reply("out")
        #expect(said.ending == .probe(status: 0), "\(said)")
        #expect(said.text.contains("/.blackstart/blackstart."), "\(said.text)")
    }

    @Test(
        "what is to be typed stands on one line, whatever the shell makes of signs in it",
        arguments: ScriptHost.allShells)
    func signs(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        try inHome("mkdir 'a\\nb\\c it'; chmod 777 'a\\nb\\c it'", host)
        let text = try host.text(.arrive(Arrival(run: "r1")))
        try host.feed(Array("BLACKSTART_RECEIPTS=$HOME/'a\\nb\\c it/r'\n\(text)".utf8))
        let why = refusal(try host.reply("out"))
        #expect(why.hasSuffix("type there: chmod go-w '\(host.scratch.path)/a\\nb\\c it'"), "\(why)")
    }

    @Test("that it was told to stop is in its receipt, whoever asks later", arguments: ScriptHost.allShells)
    func told(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        _ = try host.submitAndLeave("trap 'exit 0' TERM; touch \"$HOME/set\"; while :; do sleep 0.05; done")
        let isSet = try TestTools.shell(
            "timeout 60 sh -c 'until test -e set; do sleep 0.05; done'", in: host.scratch.path)
        #expect(isSet.status == 0)
        #expect(try host.play(.kill(ScriptHost.receipt, nil)).status?.wasStopped == true)
        for again in [HostRequest.Operation.inspect(ScriptHost.receipt), .kill(ScriptHost.receipt, nil)] {
            let status = try host.play(again).status
            #expect(status?.end == .exit(0) && status?.wasStopped == true, "\(status as Any)")
        }
    }

    @Test("a process of receipt 10 is not counted for receipt 1")
    func neighbour() throws {
        let host = try ScriptHost()
        try host.arrive()
        let folder = "\(host.scratch.path)/.blackstart/receipts/\(ScriptHost.receipt.path)"
        let child = try shell(
            "BLACKSTART_RECEIPT='\(folder)0' setsid sleep 1000 >/dev/null 2>&1 & echo $!", in: host.scratch.path)
        let pid = try #require(pid_t(child.output.trimmingCharacters(in: .newlines)))
        defer { kill(pid, SIGKILL) }
        _ = try host.play(.submit(ScriptHost.submission(), deadline: .seconds(60)))
        #expect(try host.play(.kill(ScriptHost.receipt, nil)).status?.leftRunning == 0)
    }

    @Test("output for which the disk had no room is told apart from whole output", .enabled(if: Rights.canMount))
    func cut() throws {
        let host = try ScriptHost()
        let mount = "unshare -m sh -c 'mkdir -p tiny; mount -t tmpfs -o size=512k tiny tiny"
        for (command, cut) in [("head -c 40000 /dev/zero", false), ("head -c 900000 /dev/zero; exit 0", true)] {
            try host.scratch.write(
                "script",
                Array(try host.text(.submit(ScriptHost.submission("\(command)"), deadline: .seconds(60))).utf8))
            _ = try shell(
                "\(mount) && HOME=$PWD/tiny TMPDIR=$PWD/tiny \(host.shellPath) -s <script >out 2>err'",
                in: host.scratch.path, environment: host.variables)
            let status = try host.reply("out").status
            #expect(status?.end == .exit(0) && status?.isOutputCut == cut, "\(status as Any)")
        }
    }
}
