import Foundation
import RunbookTransport
import TestTools
import Testing

@Suite("Files of secrets that others can read or replace")
struct FilePrivacyTests {
    @Test(
        "what others may read or replace is objected to, with what closes it",
        arguments: [
            (0o600, 0o755, nil), (0o600, 0o1777, nil), (0o400, 0o775, nil),
            (0o644, 0o755, "can be read by others (mode 0644); `chmod 600 DIR/key` closes it"),
            (0o640, 0o755, "can be read by others (mode 0640); `chmod 600 DIR/key` closes it"),
            (0o600, 0o777, "can be replaced by everybody; `chmod o-w DIR` closes its folder"),
        ] as [(mode_t, mode_t, String?)])
    func objection(_ file: mode_t, _ folder: mode_t, _ words: String?) throws {
        let scratch = try Scratch()
        let place = "\(scratch.path)/keys"
        mkdir(place, 0o755)
        try scratch.write("keys/key", [1], mode: file)
        chmod("\(place)/key", file)
        chmod(place, folder)
        let wanted = words.map { "\(place)/key \($0.replacing("DIR", with: place))" }
        #expect(FilePrivacy.objection("\(place)/key") == wanted)
    }

    @Test("a path with signs of the shell in it is one word of what closes it")
    func signs() throws {
        let scratch = try Scratch()
        try scratch.write("k; touch owned", [1], mode: 0o644)
        chmod("\(scratch.path)/k; touch owned", 0o644)
        let remedy = FilePrivacy.remedy("\(scratch.path)/k; touch owned")
        #expect(remedy == "chmod 600 '\(scratch.path)/k; touch owned'")
        #expect(try shell(remedy, in: scratch.path).status == 0)
        #expect(try shell("ls", in: scratch.path).output == "k; touch owned\n")
        #expect(FilePrivacy.objection("\(scratch.path)/k; touch owned") == nil)
    }
}
