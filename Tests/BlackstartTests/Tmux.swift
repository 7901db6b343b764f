import Foundation
import TestTools

/// The program in a real terminal: a window of tmux, of a size, whose screen is read as a person sees it.
final class Tmux {
    private let program: Program
    private let socket: String
    private let columns: Int

    /// Starts a shell line in a window; the window stays when it has ended.
    init(_ program: Program, _ words: String, columns: Int, rows: Int, environment: [String: String] = [:]) throws {
        self.program = program
        self.columns = columns
        socket = "\(program.scratch.path)/tmux"
        let variables = program.environment.merging(["TERM": "screen"]) { $1 }.merging(environment) { $1 }
            .sorted { $0.key < $1.key }.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        try program.scratch.write(
            "line",
            Array(
                "trap : INT; cd '\(program.scratch.path)'; env \(variables) '\(Program.executable)' \(words); echo \"[exit $?]\"; exec cat\n"
                    .utf8))
        let made = try shell(
            "tmux -S tmux -f /dev/null new-session -d -x \(columns) -y \(rows) 'sh line'", in: program.scratch.path,
            environment: ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8"])
        guard made.status == 0 else { throw ToolFault(what: "no tmux: \(made.output)") }
    }

    deinit { _ = try? shell("tmux -S tmux kill-server", in: program.scratch.path) }

    private func tmux(_ words: String) throws -> String {
        try shell("tmux -S tmux \(words)", in: program.scratch.path, environment: ["LC_ALL": "C.UTF-8"]).output
    }

    /// The screen, line by line, without blanks at the ends; with colours as escape sequences where they are asked for.
    func screen(colours: Bool = false) throws -> String { try tmux("capture-pane -p\(colours ? " -e" : "")") }

    /// Until it has shown so, so many times; what has left the screen counts.
    func wait(for text: String, times: Int = 1) throws {
        for _ in 0..<3_000 {
            let all = try tmux("capture-pane -p -J -S -")
            if all.components(separatedBy: text).count > times { return }
        }
        throw ToolFault(what: "it never showed \"\(text)\":\n\(try screen())")
    }

    func type(_ text: String) throws { _ = try tmux("send-keys -l '\(text)'") }
    func press(_ key: String) throws { _ = try tmux("send-keys \(key)") }

    func resize(columns: Int, rows: Int) throws { _ = try tmux("resize-window -x \(columns) -y \(rows)") }

    /// The screen with all that differs from run to run made the same: clocks, durations, heads of
    /// journals, and who runs it.
    func settled() throws -> String {
        var text = try screen()
        for pattern in [/[0-9]+:[0-9][0-9]:[0-9][0-9]/, /[0-9]+:[0-9][0-9]/] {
            text = text.replacing(pattern) { match in String(match.output.map { $0 == ":" ? ":" : "0" }) }
        }
        text = text.replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2}/, with: "0000-00-00")
        text = text.replacing(/[0-9]+(-[0-9A-HJKMNP-TV-Z]{4}){4}/, with: "00-CODE-CODE-CODE-CODE")
        text = text.replacing(/took [0-9]+ seconds?\./, with: "took 0 seconds.")
        let user = try said(by: ["/usr/bin/id", "-un"]).stdout.trimmingCharacters(in: .newlines)
        let machine = try said(by: ["/bin/hostname"]).stdout.trimmingCharacters(in: .newlines)
        text = text.replacing("\(user)@\(machine)", with: "USER@HOST").replacing(" as \(user)", with: " as USER")
            .replacing(program.scratch.path, with: "SITE")
        while text.hasSuffix("\n\n") { text.removeLast() }
        return text
    }
}
