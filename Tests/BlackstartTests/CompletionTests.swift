import Foundation
import TestTools
import Testing

@Suite("What shells complete")
struct CompletionTests {
    @Test("a script for each shell, with the commands and their options", arguments: ["bash", "zsh", "fish"])
    func script(_ shellName: String) throws {
        let program = try Program()
        let said = try program("--generate-completion-script \(shellName)")
        #expect(said.status == 0)
        for word in ["dry-run", "approve", "inventory", "skip-tags", "fixture"] {
            #expect(said.stdout.contains(word), "\(word)")
        }
        try program.scratch.write("script", Array(said.stdout.utf8))
        // The shell that is everywhere reads its own.
        if shellName == "bash" {
            let read = try shell("bash -n script", in: program.scratch.path)
            #expect(read.status == 0, "\(read.output)")
        }
    }

    @Test("bash completes a command and an option")
    func bash() throws {
        let program = try Program()
        try program.scratch.write("script", Array(try program("--generate-completion-script bash").stdout.utf8))
        let name = "blackstart"
        let said = try shell(
            """
            bash -c '. ./script; COMP_WORDS=(\(name) app); COMP_CWORD=1; COMP_LINE="\(name) app"; COMP_POINT=14; COMP_TYPE=9
            f=$(complete -p \(name) | sed "s/.*-F \\([^ ]*\\).*/\\1/"); $f \(name) app \(name); echo "${COMPREPLY[@]}"'
            """, in: program.scratch.path)
        #expect(said.output.contains("approve"), "\(said.output)")
    }
}
