import Foundation
import RunbookModel
import RunbookTransport
import TestTools
import Testing

@Suite("A host is claimed by one run at a time")
struct SiteClaimTests {
    private func claim(_ run: String, mark: String = "m") -> SiteClaim {
        SiteClaim(run: run, mark: mark, by: "Ops Üser", from: "laptop7", since: 1_768_446_000)
    }

    /// The other runs of which the host tells; nil where it gave another answer.
    private func arrive(
        _ claim: SiteClaim, _ host: ScriptHost, nonce: String = "n1", beside: [String] = [], over: [String] = []
    ) throws -> [SiteClaim]? {
        let arrival = Arrival(run: claim.run ?? "", claim: claim, beside: beside, over: over)
        guard case .facts(_, let home, _, let claims, _) = try host.play(.arrive(arrival), nonce: nonce).ending else {
            return nil
        }
        #expect(!home.isEmpty)
        return claims
    }

    private func links(_ host: ScriptHost) throws -> [String] {
        let folder = "\(host.scratch.path)/.blackstart/receipts/.claims"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test("the second run hears who, from where and since when, and leaves no claim", arguments: ScriptHost.allShells)
    func second(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        #expect(try arrive(claim("r1"), host) == [])
        #expect(try arrive(claim("r2"), host, nonce: "n2") == [claim("r1")])
        // Nor does one of the same name that is another run.
        #expect(try arrive(claim("r1", mark: "m2"), host, nonce: "n3") == [claim("r1")])
        #expect(try links(host) == ["r1~m~n1"])
        // The run itself, resumed or copied, is at home there.
        #expect(try arrive(claim("r1"), host, nonce: "n4") == [])
        #expect(try links(host) == ["r1~m~n1"])
    }

    @Test("beside another run it holds a claim of its own, which a third one meets", arguments: ScriptHost.allShells)
    func beside(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        _ = try arrive(claim("r1"), host)
        #expect(try arrive(claim("r2"), host, nonce: "n2", beside: ["r1", "r0"]) == [])
        #expect(try arrive(claim("r3"), host, nonce: "n3", beside: ["r1"])?.map(\.run) == ["r2"])
        #expect(try arrive(claim("r1"), host, nonce: "n4") == [])
    }

    @Test("the end of a run takes away its own claim, and no other", arguments: ScriptHost.allShells)
    func ended(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        _ = try arrive(claim("r1"), host)
        _ = try arrive(claim("r10"), host, nonce: "n2", beside: ["r1"])
        #expect(try host.play(.tidy([], leaving: claim("r1"))).ending == .tidied)
        #expect(try links(host) == ["r10~m~n2"])
        // A rollback after the end claims it anew.
        #expect(try arrive(claim("r1"), host, nonce: "n3")?.map(\.run) == ["r10"])
        // A run that is known to be over leaves its place.
        #expect(try arrive(claim("r1"), host, nonce: "n4", over: ["r10~m"]) == [])
        #expect(try links(host) == ["r1~m~n4"])
    }

    @Test("of two runs that come at once one goes on", arguments: ScriptHost.allShells)
    func race(_ shell: String) throws {
        let host = try ScriptHost(shell: shell)
        let runs = ["r1", "r2", "r3"]
        for run in runs {
            let arrival = Arrival(run: run, claim: claim(run))
            try host.scratch.write("in-\(run)", Array(try host.text(.arrive(arrival), nonce: run).utf8))
        }
        let words = runs.map { "\(host.shellPath) -s <in-\($0) >out-\($0) 2>&1 &" }.joined(separator: " ")
        _ = try TestTools.shell("\(words) wait", in: host.scratch.path, environment: host.variables)
        let claims = try runs.map { run -> [SiteClaim] in
            guard case .facts(_, _, _, let claims, _) = try host.reply("out-\(run)", nonce: run).ending else {
                return []
            }
            return claims
        }
        #expect(claims.count { $0.isEmpty } == 1, "\(claims)")
        #expect(try links(host).count == 1)
    }

    @Test(
        "a claim that nobody of us wrote is one all the same, is short, and holds nothing that a terminal obeys",
        arguments: [
            "ln -s x \"$c/odd name\"", "mkdir \"$c/r9~m~n\"", "head -c 3000000 /dev/zero >\"$c/r9~m~n\"",
            "mkfifo \"$c/r9~m~n\"", "ln -s /dev/zero \"$c/r9~m~n\"",
            #"ln -s "$(printf '1 \033]0;x\007 %%1b%%5b2J')" "$c/$(printf 'r9\033[2J~m~n')""#,
            #"ln -s "$(printf '1768446000 %%zz%%1b[31m laptop\nS forged')" "$c/r9~m~n""#,
            #"ln -s "$(head -c 4000 /dev/zero | tr '\0' a)" "$c/r9~m~n""#,
            "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do ln -s x \"$c/r$i~m~n\"; done",
        ], ScriptHost.allShells)
    func forged(_ making: String, shell: String) throws {
        let host = try ScriptHost(shell: shell)
        _ = try TestTools.shell(
            "c=.blackstart/receipts/.claims; mkdir -p $c; \(making)", in: host.scratch.path, environment: host.variables
        )
        let claims = try #require(try arrive(claim("r1"), host))
        #expect((1...8).contains(claims.count), "\(claims)")
        for claim in claims {
            #expect(claim.by.utf8.count <= 600 && claim.from.utf8.count <= 600)
            #expect(claim.run.map { $0.allSatisfy { $0.isLetter || $0.isNumber } } ?? true)
        }
        guard case .survey(let survey, _) = try host.play(.survey(nil)).ending else {
            Issue.record("no survey")
            return
        }
        #expect(!survey.facts.claims.isEmpty)
    }

    @Test("a first contact that claims starts one look and one link more, later ones nothing")
    func processes() throws {
        func tools(_ arrivals: [Arrival]) throws -> [[String]] {
            let host = try ScriptHost()
            let folder = "\(host.scratch.path)/tools"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            for tool in ["ln", "mkdir", "rm", "readlink", "head", "tr", "sleep", "sed", "ls"] {
                let text = "#!/bin/sh\necho \(tool) >>\"$HOME/asked\"\nPATH=/usr/bin:/bin exec \(tool) \"$@\"\n"
                try host.scratch.write("tools/\(tool)", Array(text.utf8))
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(tool)")
            }
            return try arrivals.map { arrival in
                try host.scratch.write("asked", [])
                try host.play(.arrive(arrival), path: folder)
                return try host.scratch.text("asked").split(separator: "\n").map(String.init).sorted()
            }
        }
        let bare = try tools([Arrival(run: "r1"), Arrival(run: "r1")])
        let claiming = try tools([Arrival(run: "r1", claim: claim("r1")), Arrival(run: "r1", claim: claim("r1"))])
        // The folder of claims is made once on a host.
        #expect(bare == [["ln", "ls", "ls", "mkdir", "mkdir", "mkdir"], ["ls"]], "\(bare)")
        #expect(
            claiming == [["ln", "ln", "ls", "ls", "ls", "mkdir", "mkdir", "mkdir", "mkdir"], ["ls"]], "\(claiming)")
    }
}
