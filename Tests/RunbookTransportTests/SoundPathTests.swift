import Foundation
import RunbookTransport
import TestTools
import Testing

/// The look at a way, alone, under every shell that hosts have.
@Suite("A way that others can change is told, with a line that is safe to type")
struct SoundPathTests {
    private static let shells = ["dash", "bash", "mksh", "busybox ash", "ksh93", "yash"]

    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        let look = "bs_way \"$1\" \"$2\"; echo \"$? ${w:-}\"; [ -z \"$bs_hint\" ] || printf '%s\\n' \"$bs_hint\" >hint"
        try scratch.write("look", Array("\(SoundPath.functions)\nw=\n\(look)\n".utf8), mode: 0o755)
    }

    @Test("a name with signs of the shell in it is one word of the line to type", arguments: shells)
    func quoted(_ sh: String) throws {
        for (index, name) in ["my data", "x; touch owned #", "$(touch owned)", "it's `touch owned`", "a\\\"*"]
            .enumerated()
        {
            let path = "\(scratch.path)/\(index)/\(name)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            chmod(path, 0o777)
            let word = "'\(path.replacing("'", with: "'\\''"))'"
            let said = try shell("\(sh) ./look \(word)/ ''", in: scratch.path).output
            #expect(said == "1 other users can write to \(path)\n", "\(said)")
            #expect(try scratch.text("hint") == "chmod go-w \(word)\n")
            // Typed as it stands, it mends that folder and does nothing else.
            #expect(try shell("\(sh) ./hint", in: scratch.path).status == 0)
            #expect(try shell("\(sh) ./look \(word)/ ''", in: scratch.path).output == "0 \n")
            #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/owned"))
            try FileManager.default.createDirectory(atPath: "\(path)/own", withIntermediateDirectories: true)
            chmod("\(path)/own", 0o777)
            #expect(try shell("\(sh) ./look \(word) own && \(sh) ./hint", in: scratch.path).status == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["own.old"])
        }
    }

    /// Plays the look as user 5001, on a host with these users and groups, at a folder of group 5001 that may write.
    private func look(_ sh: String, users: String, groups: String) throws -> String? {
        try scratch.write(
            "passwd", Array("root:x:0:0::/:/bin/sh\nme:x:5001:5001::/:/bin/sh\n\(users)".utf8), mode: 0o644)
        try scratch.write("group", Array("root:x:0:\n\(groups)".utf8), mode: 0o644)
        let host = "mount --bind passwd /etc/passwd && mount --bind group /etc/group"
        guard geteuid() == 0, try shell("unshare -m sh -c '\(host)'", in: scratch.path).status == 0 else { return nil }
        return try shell(
            """
            chown 5001:5001 .; chmod 755 .; mkdir -p home; chown 5001:5001 home; chmod g+w home
            unshare -m sh -c '\(host) && exec setpriv --reuid 5001 --regid 5001 --clear-groups \(sh) ./look "$PWD/home" ""' 2>&1
            """, in: scratch.path
        ).output
    }

    @Test("a group that may write is private only if it is known that nobody else is in it", arguments: shells)
    func group(_ sh: String) throws {
        let mine = "me:x:5001:\n"
        let rows = [
            ("", mine, true), ("", "me:x:5001:me\n", true), ("twin:x:5001:5001::/:/bin/sh\n", mine, true),
            ("other:x:5002:5001::/:/bin/sh\n", mine, false), ("", "me:x:5001:other\n", false),
            ("", "me:x:5001:me,other\n", false), ("", "\(mine)again:x:5001:other\n", false),
            ("", "team:x:5001:\n", false),
            ("", "", false),
        ]
        for (users, groups, isPrivate) in rows {
            guard let said = try look(sh, users: users, groups: groups) else { return }
            let path = "\(scratch.path)/home"
            #expect(said == (isPrivate ? "0 \n" : "1 group 5001 can write to \(path)\n"), "\(users)\(groups): \(said)")
            if !isPrivate { #expect(try scratch.text("hint") == "chmod g-w \(path)\n") }
        }
        // What shows as the group's is what the list lets its users do.
        guard AccessList.give(5003, .access, "\(scratch.path)/home") else { return }
        let said = try look(sh, users: "", groups: mine)
        #expect(said == "1 group 5001, or whom its ACL names, can write to \(scratch.path)/home\n")
    }

    @Test("where `ls` shows no list, a group that may write is refused", arguments: shells)
    func blind(_ sh: String) throws {
        try scratch.write("ls", Array("#!/bin/sh\nexec busybox ls \"$@\"\n".utf8), mode: 0o755)
        let blind = "env PATH=\(scratch.path):/usr/bin:/bin \(sh)"
        guard let said = try look(blind, users: "", groups: "me:x:5001:\n") else { return }
        #expect(said == "1 group 5001 can write to \(scratch.path)/home\n")
    }
}
