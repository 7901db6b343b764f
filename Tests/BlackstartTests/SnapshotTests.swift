import Foundation
import TestTools
import Testing

@Suite("Snapshots of system configuration", .serialized)
struct SnapshotTests {
    private let server: TestServer
    private let program: Program

    /// A machine whose pool answers from files, one that is this machine, and one that is dark.
    init() throws {
        server = try TestServer(login: #"PATH="DIR/bin:$PATH"; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND""#)
        let dark = try TestServer.freePort()
        let made = try shell(
            """
            mkdir bin
            for name in zpool zfs; do
                printf '#!/bin/sh\\ncat "%s/$(basename "$0")"\\n' "$PWD" >bin/$name
                chmod +x bin/$name
            done
            printf 'tank\\tguid\\t17\\n' >zpool
            printf 'tank\\torg:password\\thunter2\\nPasswordAuthentication no\\nsecretKey = "hunter2"\\n<auth password=hunter2>\\ntank\\tmountpoint\\t/tank\\n' >zfs
            """, in: server.scratch.path)
        try #require(made.status == 0, "\(made.output)")
        let reach = "address: 127.0.0.1, port: \(server.port)"
        program = try Program([
            "site.yaml": """
            version: 1
            name: North
            defaults: { identity_file: \(server.scratch.path)/client_key, known_hosts: \(server.scratch.path)/known_hosts }
            hosts:
              san: { \(reach), snapshot: { platform: zfs } }
              box: { \(reach), snapshot: { platform: [linux, libvirt], every: 7d } }
              dark: { address: 127.0.0.1, port: \(dark), snapshot: { platform: linux } }
              other: { \(reach) }

            """,
            "runbook.yaml": """
            version: 1
            name: Start
            inventory: site.yaml
            steps: [{ id: s, name: S, hosts: [san, box], run: "true", undo: none, why: w, if_it_fails: f }]

            """,
        ])
    }

    private func newest(_ host: String) throws -> String {
        let folder = "\(program.scratch.path)/snapshots/\(host)"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        return "\(folder)/\(try #require(names.last))"
    }

    /// Moves the newest one back in time.
    private func age(_ host: String, to stamp: String) throws {
        let old = try newest(host)
        let parent = (old as NSString).deletingLastPathComponent
        try FileManager.default.moveItem(atPath: old, toPath: "\(parent)/\(stamp)")
    }

    @Test(
        "each answer is a file that only its owner reads and stock sha256sum checks; no host is changed, no secret kept"
    )
    func kept() throws {
        let before = try server.files
        let said = try program("snapshot -i site.yaml")
        #expect(said.status == 4, "\(said)")
        #expect(said.lines.contains("KEPT       san   4 of 4 questions answered; the first one"), "\(said.stdout)")
        #expect(said.stdout.contains("UNREACHED  dark  Connection refused"), "\(said.stdout)")
        #expect(said.stdout.contains("no such command: libvirt-version"), "\(said.stdout)")
        #expect(!said.stdout.contains("other"))
        #expect(try server.files == before)
        let folder = try newest("san")
        let checked = try shell("sha256sum -c SHA256SUMS && stat -c %a . zfs-pools.txt && cat zfs-*.txt", in: folder)
        #expect(checked.status == 0 && checked.output.contains("zfs-pools.txt: OK"), "\(checked.output)")
        #expect(checked.output.contains("\n700\n600\n"), "\(checked.output)")
        #expect(checked.output.contains("mountpoint\t/tank") && checked.output.contains("guid\t17"))
        #expect(checked.output.contains("PasswordAuthentication no\nsecretKey =(left out)\n"), "\(checked.output)")
        #expect(!checked.output.contains("hunter2"), "\(checked.output)")
        let linux = try newest("box")
        #expect(try String(contentsOfFile: "\(linux)/linux-system.txt", encoding: .utf8).contains("PRETTY_NAME="))
    }

    @Test(
        "an unchanged host gives the same again; what was changed is named by the next one, and by ready, line by line")
    func drift() throws {
        #expect(try program("snapshot -i site.yaml -l san,box").status == 0)
        try age("san", to: "2026-01-02T030405Z")
        try age("box", to: "2026-01-02T030405Z")
        let same = try program("snapshot -i site.yaml -l san,box").stdout
        #expect(same.contains("4 of 4 questions answered; as on 2026-01-02"), "\(same)")
        #expect(same.components(separatedBy: "; as on 2026-01-02").count == 3, "\(same)")
        let ready = try program("ready runbook.yaml --no-input")
        #expect(ready.status == 0 && ready.stdout.contains("AS BEFORE  san: as on "), "\(ready)")
        try server.scratch.write("zpool", Array("tank\tguid\t18\u{1B}[2J\n".utf8))
        let told = try program("ready runbook.yaml --no-input").stdout
        #expect(told.contains("DRIFT      san: zfs-pools is not as on "), "\(told)")
        #expect(told.contains("             - tank") && told.contains("guid") && !told.contains("\u{1B}"), "\(told)")
        let json = try program("ready runbook.yaml --no-input --output json").stdout
        #expect(json.contains(#""host":"san","state":"drift""#) && json.contains(#""name":"zfs-pools""#), "\(json)")
        try age("san", to: "2026-01-03T030405Z")
        let next = try program("snapshot -i site.yaml -l san").stdout
        #expect(next.contains("not as on 2026-01-03: zfs-pools, zfs-devices"), "\(next)")
    }

    @Test("a second one within the same second is kept beside the first, and is the newer one")
    func sameSecond() throws {
        // Whatever second it is: there is one of it already.
        let made = try shell(
            """
            now=$(date +%s)
            for i in $(seq 0 120); do
                d=snapshots/san/$(date -u -d @$((now + i)) +%Y-%m-%dT%H%M%SZ)
                mkdir -p $d && touch $d/SHA256SUMS
            done
            """, in: program.scratch.path)
        try #require(made.status == 0, "\(made.output)")
        let said = try program("snapshot -i site.yaml -l san")
        #expect(said.status == 0 && said.stdout.contains("Z-2. Nothing was changed"), "\(said)")
        let list = try program("snapshot -i site.yaml -l san --list").stdout
        #expect(list.contains("Z-2: 4 questions"), "\(list)")
        let again = try program("snapshot -i site.yaml -l san").stdout
        #expect(again.contains("Z-2. ") || again.contains("Z-3. "), "\(again)")
    }

    @Test("a host that floods fills no disk and no memory, and is cut")
    func flood() throws {
        #expect(try program("snapshot -i site.yaml -l san").status == 0)
        try age("san", to: "2026-01-02T030405Z")
        _ = try shell("printf '#!/bin/sh\\nyes word | head -c 50000000\\n' >bin/zpool", in: server.scratch.path)
        #expect(try program("snapshot -i site.yaml -l san").status == 0)
        let size = try shell("cat zfs-pools.txt | wc -c", in: try newest("san")).output.trimmingCharacters(
            in: .whitespacesAndNewlines)
        #expect((1...(1 << 20)).contains(try #require(Int(size))), "\(size)")
        // What was cut off has not gone from the host.
        try age("san", to: "2026-01-03T030405Z")
        _ = try shell("rm -r snapshots/san/2026-01-03T030405Z", in: program.scratch.path)
        let ready = try program("ready runbook.yaml --no-input").stdout
        #expect(ready.contains("no whole answer") && !ready.contains("             - tank"), "\(ready)")
    }

    @Test("a snapshot that was altered is no record: list, ready and check say so")
    func altered() throws {
        let missing = try program("check runbook.yaml").stdout
        #expect(missing.contains("There is no snapshot of the configuration of `san`."), "\(missing)")
        #expect(try program("snapshot -i site.yaml -l san,box").status == 0)
        #expect(!(try program("check runbook.yaml").stdout.contains("of `san`")))
        #expect(try program("snapshot -i site.yaml --list -l san").stdout.hasPrefix("SOUND      san   20"))
        _ = try shell("echo more >>zfs-pools.txt", in: try newest("san"))
        let listed = try program("snapshot -i site.yaml --list").lines
        #expect(
            listed[0].hasPrefix("ALTERED    san ") && listed[2] == "NONE       dark  there is no snapshot", "\(listed)")
        #expect(try program("ready runbook.yaml --no-input").stdout.contains("ALTERED    san: the snapshot 20"))
        let checked = try program("check runbook.yaml").stdout
        #expect(checked.contains("was altered."), "\(checked)")
    }

    @Test("the newest ones are in the emergency pack")
    func packed() throws {
        #expect(try program("snapshot -i site.yaml -l san,box").status == 0)
        let stamp = URL(filePath: try newest("san")).lastPathComponent
        for name in ["one", "two"] {
            _ = try program("pack key -o \(name)")
            _ = try shell("grep -o 'age1[a-z0-9]*' \(name) >>keys", in: program.scratch.path)
        }
        let made = try program("pack make runbook.yaml --recipients-file keys -o site.age")
        try #require(made.status == 0, "\(made)")
        #expect(made.stderr.contains("the pack holds no configuration of dark"), "\(made.stderr)")
        #expect(try program("pack open site.age --identity one -o opened").status == 0)
        let found = try shell("find opened -name zfs-pools.txt", in: program.scratch.path).output
        #expect(found.contains("/snapshots/san/\(stamp)/zfs-pools.txt"), "\(found)")
    }

    @Test("an inventory that wants none is told what to write, and a slip of the keyboard what was meant")
    func refused() throws {
        let none = try program("snapshot -i site.yaml -l other")
        #expect(none.status == 64 && none.stderr.contains("hint: say what it is, as `snapshot: { platform: linux }`"))
        let text = try program.scratch.text("site.yaml").replacing("platform: zfs", with: "platform: libvrt")
        try program.scratch.write("slip.yaml", Array(text.utf8))
        let slip = try program("snapshot -i slip.yaml")
        #expect(slip.status == 65 && slip.stderr.contains("did you mean `libvirt`?"), "\(slip.stderr)")
    }
}
