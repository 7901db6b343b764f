/// What runs a script: the words of its first line, `/bin/sh` where it names nothing.
struct ScriptInterpreter {
    let words: [String]

    init(_ content: [UInt8]) {
        guard content.starts(with: "#!".utf8) else {
            words = ["/bin/sh"]
            return
        }
        let line = String(decoding: content.dropFirst(2).prefix { $0 != 0x0A }, as: UTF8.self)
        let found = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map(String.init)
        words = found.isEmpty ? ["/bin/sh"] : found
    }

    private static let others = ["python", "perl", "ruby", "node", "php", "lua"]

    /// Whether a shell may read it; so may whatever is not known to be none.
    var isShell: Bool {
        var names = words.map { String($0.split(separator: "/").last ?? "") }
        if names.first == "env" { names = names.dropFirst().filter { !$0.hasPrefix("-") && !$0.contains("=") } }
        return !Self.others.contains { names.first?.hasPrefix($0) == true }
    }
}
