import Foundation
import RunbookModel

struct Case: Sendable {
    var template: String
    var command: ShellCommand
    /// The step's `env`.
    var environment: [NamedValue]
    /// The text with each value in quotes in place of its expression: right where an expression may stand, and nowhere else.
    var quoted: String
    var values: [String]

    /// The same text with other values.
    func with(_ values: [String]) -> Case? {
        if case .accepted(let one) = Reading(template, values) { one } else { nil }
    }

    /// Whether what it prints comes in order: nothing runs in the background, and no shell ends where it can't calculate.
    var isOrderly: Bool {
        if template.contains(TemplateMaker.sunk) { return false }
        var text = template
        for whole in ["&&", "2>&1"] { text = text.replacing(whole, with: "") }
        return !text.contains("&")
    }
}

struct Unfinished: Error { var what: String }

/// Runs accepted texts by a shell, many in one process.
struct ShellRuns: Sendable {
    let folder: String

    /// `w` prints its words; `pwn` says that a value runs. What `printf` and `print` do is told by the shell itself.
    func script(_ cases: [Case], _ evidence: String) -> String {
        var text = """
            case ${KSH_VERSION:-} in *MIRBSD*) w() { print -rn -- "[$#]"; for _a; do print -rn -- "[$_a]"; done; print; };;
            *) w() { printf '[%s]' "$#" "$@"; echo; };; esac
            pwn() { echo "$N" >>\(evidence); }

            """
        for (number, one) in cases.enumerated() {
            let exports = (one.command.variables + one.environment).map {
                "\($0.name)=\(ShellWord.quote($0.value)); export \($0.name)"
            }
            text += "unset V1 V2; N=quoted\n\(exports.joined(separator: "; "))\n"
            text += "echo; echo '@@ \(number) quoted'; (ulimit -t 3; eval \(ShellWord.quote(one.quoted)))\n"
            text +=
                "N=\(number)\necho; echo '@@ \(number) value'; (ulimit -t 3; eval \(ShellWord.quote(one.command.text)))\n"
        }
        return text + "echo; echo '@@ end'\n"
    }

    /// What a shell printed for each case, with the quoted words and with the values.
    func run(_ cases: [Case], _ shell: [String], _ name: String) throws -> (
        outputs: [(quoted: [UInt8], value: [UInt8])], ran: Set<Int>
    ) {
        let path = "\(folder)/\(name)"
        let room = "\(path).room"
        try? FileManager.default.removeItem(atPath: room)
        try FileManager.default.createDirectory(atPath: room, withIntermediateDirectories: true)
        let evidence = "\(path).ran"
        try Data().write(to: URL(filePath: evidence))
        try Data(script(cases, evidence).utf8).write(to: URL(filePath: "\(path).sh"))
        try Data().write(to: URL(filePath: "\(path).out"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["300"] + shell + ["\(path).sh"]
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": room]
        process.currentDirectoryURL = URL(filePath: room)
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: "\(path).out")
        try process.run()
        process.waitUntilExit()
        let printed = [UInt8](try Data(contentsOf: URL(filePath: "\(path).out")))
        var outputs = [(quoted: [UInt8], value: [UInt8])](repeating: ([], []), count: cases.count)
        var (number, isQuoted) = (-1, true)
        var isWhole = false
        for line in printed.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if line.starts(with: "@@ ".utf8) {
                let words = String(decoding: line, as: UTF8.self).split(separator: " ")
                isWhole = words[1] == "end"
                if isWhole { break }
                if words.count == 3, let next = Int(words[1]), next < cases.count {
                    (number, isQuoted) = (next, words[2] == "quoted")
                    continue
                }
            }
            guard number >= 0 else { continue }
            if isQuoted { outputs[number].quoted += line + [0x0A] } else { outputs[number].value += line + [0x0A] }
        }
        guard isWhole else {
            throw Unfinished(what: "\(shell.joined(separator: " ")) did not come to the end of \(path).sh")
        }
        let ran = try String(contentsOfFile: evidence, encoding: .utf8).split(separator: "\n").compactMap { Int($0) }
        return (outputs, Set(ran))
    }

    /// The cases that are not as promised.
    func broken(_ cases: [Case], _ shell: [String], _ name: String) throws -> [(Case, String)] {
        let (outputs, ran) = try run(cases, shell, name)
        return cases.enumerated().compactMap { number, one in
            if ran.contains(number) { return (one, "ran") }
            if !one.isOrderly { return nil }
            // A shell that takes the text for none runs nothing of it.
            if outputs[number].value.allSatisfy({ $0 == 0x0A }) { return nil }
            let wanted = outputs[number].quoted
            if wanted == outputs[number].value { return nil }
            return (
                one,
                "did not arrive: wanted \(String(decoding: wanted, as: UTF8.self).debugDescription), got \(String(decoding: outputs[number].value, as: UTF8.self).debugDescription)"
            )
        }
    }

    /// What is still broken when it is looked at by itself: something may have printed when it liked, or have spoilt the
    /// folder for the next. And a hostile text in quotes is more than some shells can read: then the value has to arrive as
    /// a plain word does.
    func confirmed(_ one: Case, _ shell: [String], _ name: String) throws -> String? {
        guard let (_, what) = try broken([one], shell, name).first else { return nil }
        if what == "ran" { return what }
        // What an expansion without quotes gives is split and its braces are expanded; one shell looks at the whole word.
        if one.template.replacing("${{", with: "").contains("$"), one.values.contains(where: { $0.contains("{") }),
            let bare = one.with(one.values.map { $0.replacing("{", with: "").replacing("}", with: "") })
        {
            return try confirmed(bare, shell, name)
        }
        let words = ["Zq7k1", "Zq7k2"]
        guard let plain = one.with(words) else { return what }
        let (marked, _) = try run([plain], shell, name)
        let (outputs, _) = try run([one], shell, name)
        guard marked[0].quoted == marked[0].value else { return what }
        // The shell could not read the value in quotes at all, and what was given in a variable may have been split since.
        if outputs[0].quoted.allSatisfy({ $0 == 0x0A }) { return nil }
        var rest = marked[0].value[...]
        var wanted: [UInt8] = []
        while let byte = rest.first {
            let mark = words.indices.first { rest.starts(with: words[$0].utf8) }
            wanted += mark.map { Array(one.values[$0].utf8) } ?? [byte]
            rest = rest.dropFirst(mark.map { words[$0].utf8.count } ?? 1)
        }
        return wanted == outputs[0].value ? nil : what
    }
}
