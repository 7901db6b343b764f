/// Draws, by a seed.
struct Draws {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    mutating func one(of texts: [String]) -> String { texts[below(texts.count)] }
    mutating func happens(_ percent: Int) -> Bool { below(100) < percent }
}

/// Shell text with expressions in it, of four kinds: plain, as a person writes it; with everything that a shell can do; the
/// same with slips; and any soup of what is special to a shell. `w` prints its words, each in brackets.
///
/// Values come as expressions, and as the variables `V1` and `V2` of the step's `env`; they are also calculated with,
/// compared, and used as names of variables: there shells evaluate what they hold.
struct TemplateMaker {
    static let first = "${{ vars.one }}"
    static let second = "${{ vars.two }}"

    var draws: Draws
    private var budget = 0
    /// Nothing that is refused on purpose.
    private var isPlain = false

    init(_ draws: Draws) { self.draws = draws }

    mutating func template() -> String {
        budget = 10
        var text: String
        let kind = draws.below(10)
        isPlain = kind < 5
        switch kind {
        case 0..<7: text = commands(0)
        case 7..<9: text = slipped(commands(0))
        default: text = soup()
        }
        if !text.contains("${{"), !text.contains("V1") {
            if isPlain { return "\(text)\nw \(expression())" }
            let scalars = Array(text.unicodeScalars)
            let at = draws.below(scalars.count + 1)
            text = string(scalars[..<at]) + expression() + string(scalars[at...])
        }
        return text
    }

    private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private mutating func expression() -> String { draws.happens(80) ? Self.first : Self.second }

    private mutating func commands(_ depth: Int) -> String {
        var text = command(depth)
        while draws.happens(55), budget > 0 {
            text += draws.one(of: [
                "\n", "; ", "\n", " && ", " || ", " | cat\n", "\n\n", " # it's a \"comment\"\n", ";#'\n",
            ])
            text += command(depth)
        }
        return text
    }

    private mutating func command(_ depth: Int) -> String {
        budget -= 1
        guard depth < 4, budget > 0 else { return simple(depth) }
        if draws.happens(20) { return sink() }
        if isPlain { return plainCommand(depth) }
        switch draws.below(26) {
        case 0: return "if [ \(word(depth)) = a ]; then \(commands(depth + 1)); else w no; fi"
        case 1: return "for i in \(word(depth)) b; do \(commands(depth + 1)); w \"$i\"; done"
        case 2: return "case \(word(depth)) in a) \(simple(depth));; \(word(depth))) w two;; *) \(simple(depth));; esac"
        case 3: return "(\(commands(depth + 1)))"
        case 4: return "{ \(commands(depth + 1)); }"
        case 5: return "x=\(word(depth)); w \"$x\""
        case 6: return "w $(( \(arithmetic(depth)) ))"
        case 7: return "((\(arithmetic(depth))))"
        case 8: return "f() { w \"$@\"; }; f \(words(depth))"
        case 9: return "a[\(arithmetic(depth))]=\(word(depth))"
        case 10...13: return heredoc(depth)
        case 14: return "w '\(draws.one(of: ["a b", "#", "\"", "$(", "`", ""]))' \(words(depth))"
        case 15: return ": &# it's\nw \(words(depth))"
        case 16: return "(# a \" comment\nw \(words(depth)))"
        case 17: return "w \\ # \(word(depth)) it's\nw \(words(depth))"
        case 18: return "x=`\(commands(depth + 1))`; w \"$x\""
        case 19: return "x=\"$(\(commands(depth + 1)))\"; w \"$x\""
        case 20: return "w \"$(case a in a) \(commands(depth + 1));; esac)\""
        case 21: return "cat <<< \(word(depth))\nw \(words(depth))"
        case 22: return "[[ \(word(depth)) == a ]] || w \(words(depth))"
        case 23: return "x=(\(words(depth))); w \"${x[1]}\" \(words(depth))"
        default: return simple(depth)
        }
    }

    private mutating func plainCommand(_ depth: Int) -> String {
        switch draws.below(12) {
        case 0: return "if [ \(word(depth)) = a ]; then \(commands(depth + 1)); else w no; fi"
        case 1: return "for i in \(word(depth)) b; do \(commands(depth + 1)); w \"$i\"; done"
        case 2 where depth == 0:
            return "case \(word(depth)) in a) \(simple(depth));; b) w two;; *) \(simple(depth));; esac"
        case 3: return "(\(commands(depth + 1)))"
        case 4: return "{ \(commands(depth + 1)); }"
        case 5: return "x=\(word(depth)); w \"$x\""
        case 6: return "w $(( \(draws.one(of: ["1+2", "(1+2)*3", "1<<2", "y + 1"])) ))"
        case 7: return "f() { w \"$@\"; }; f \(words(depth))"
        case 8 where depth == 0: return "cat <<EOF\n$V1 it's $y\nEOF\nw \(words(depth))"
        case 9 where depth == 0: return "cat <<'EOF' | cat\na \" $(\nEOF\nw \(words(depth))"
        case 10: return "x=\"$(\(commands(depth + 1)))\"; w \"$x\""
        default: return simple(depth)
        }
    }

    /// Begins where a shell calculates: it may end there, and each at another place.
    static let sunk = ": sunk;"

    /// Where shells calculate with what a variable holds, or take it for a name.
    private mutating func sink() -> String {
        let own = draws.one(of: ["V1", "V1", "V2", "x", "1"])
        let value = draws.one(of: ["$\(own)", "$\(own)", "$V1$V2", "a[$\(own)]", "a[$V2$V1"])
        let name = own == "1" ? "y" : own
        let use = draws.one(of: [
            "w $((\(name)))", "w $(( \(value) ))", "w $((a[\(value)]))", "[ \"\(value)\" -gt 5 ] || w no",
            "test \"\(value)\" -eq \"$V2\" || w no", "[[ \(value) -gt 5 ]]", "[[ -v \(value) ]]", "((\(name)))",
            "let \"\(value)\"", "read \"\(value)\" </dev/null", "unset \"\(value)\"", "typeset -i z=\"\(value)\"",
            "g() { local -i z=\"\(value)\"; }; g", "printf -v \"\(value)\" x", ": ${!\(name)}", ": \"${y:$\(name)}\"",
            "a[\(value)]=1", ": ${a[\(value)]}", "(ulimit -n \"\(value)\")", "(export \"\(value)\")",
            "(exit \"\(value)\")", "declare \"\(value)=1\"", "for ((i = \(name); i < 1; i++)); do :; done",
            "z=\"\(value)\"; w $((z))", "(shift \"\(value)\")", "g() { w $(($1)); [ \"$1\" -gt 2 ]; }; g \"\(value)\"",
            "sh -c 'w() { :; }; : $((V1)); [ \"$V2\" -gt 1 ]'", "w \"\(value)\"",
        ])
        switch own {
        case "x": return "\(Self.sunk) x=\(expression()); \(use)"
        case "1": return "\(Self.sunk) set -- \(expression()) \(expression()); \(use)"
        default: return "\(Self.sunk) \(use)"
        }
    }

    private mutating func simple(_ depth: Int) -> String { "w \(words(depth))" }

    private mutating func words(_ depth: Int) -> String {
        var text = word(depth)
        while draws.happens(50) { text += draws.one(of: [" ", "  ", "\t", " \\\n"]) + word(depth) }
        return text
    }

    private mutating func word(_ depth: Int) -> String {
        var text = part(depth)
        while draws.happens(35) { text += part(depth) }
        return text
    }

    private mutating func part(_ depth: Int) -> String {
        if isPlain {
            switch draws.below(12) {
            case 0..<5: return expression()
            case 5: return draws.one(of: ["'a b'", "'\"'", "'$('", "\"it's\"", "\"a $y\"", "\"$V1\"", "'#'", "''"])
            case 6: return draws.one(of: ["\\'", "\\\"", "\\ ", "\\\\", "\\#"])
            case 7: return draws.one(of: ["$y", "${y}", "$#", "${y:-a}", "\"$V2\"", "${V1}"])
            case 8 where depth < 2: return "$(\(simple(depth + 1)))"
            default: return draws.one(of: ["a", "b1", "-x", "a.b", "/a/b", "a#b", "x=", "é", "12"])
            }
        }
        switch draws.below(30) {
        case 0..<5: return expression()
        case 5..<13: return draws.one(of: ["a", "b1", "-x", "a.b", "/a/b", "#", "a#b", "x=", "%"])
        case 13: return "'\(draws.one(of: ["a", "a b", "\"", "\\", "$(", "`", "#", "\n", "<<EOF\n"]))'"
        case 14: return "\"\(draws.one(of: ["a", "a b", "'", "\\\"", "\\\\", "#", "\n", "$y", "$$y", ""]))\""
        case 15: return draws.one(of: ["\\'", "\\\"", "\\ ", "\\\\", "\\#", "\\$", "\\\n", "\\`", "\\("])
        case 16:
            return draws.one(of: [
                "$y", "${y}", "$#", "$?", "${y:-a}", "${y:-a b}", "${y#a}", "${#y}", "$'a'", "$\"a\"", "$",
            ])
        case 17: return draws.happens(30) ? "\"\(expression())\"" : "\"a\""
        case 18: return draws.happens(30) ? "'\(expression())'" : "'b'"
        case 19: return "${y:-\(draws.happens(20) ? "\"\(expression())\"" : draws.happens(20) ? expression() : "a")}"
        case 20: return "\"${y:-\(draws.one(of: ["'", "\"a\"", expression(), "}"]))}\""
        case 21 where depth < 3, 22 where depth < 3: return "$(\(command(depth + 1)))"
        case 23 where depth < 3, 24 where depth < 3: return "\"$(\(command(depth + 1)))\""
        case 25: return "$((\(arithmetic(depth))))"
        case 26 where draws.happens(30): return "`w \(expression())`"
        case 27: return draws.one(of: ["[a]", "[ab]*", "[", "]", "?", "*", "~", "{a,b}", "!", "a[1]"])
        default: return draws.one(of: ["a", "b", "é", "c-d", "12"])
        }
    }

    private mutating func arithmetic(_ depth: Int) -> String {
        switch draws.below(20) {
        case 0: expression()
        case 1: "1<<2"
        case 2: "(1+2)*3"
        case 3: "y + \(expression())"
        case 4: "a[\(expression())]"
        case 5: "1 + \"2\""
        default: "1+2"
        }
    }

    private mutating func heredoc(_ depth: Int) -> String {
        let name = draws.one(of: ["EOF", "E", "END_1", "EOF"])
        let operation = draws.one(of: ["<<", "<<-", "<< ", "<<'", "<<\"", "<<\\", "<<-'"])
        let quote = operation.hasSuffix("'") ? "'" : operation.hasSuffix("\"") ? "\"" : ""
        var text = "cat \(operation)\(name)\(quote)"
        text += draws.one(of: ["", "", "", " | cat", "; w \(expression())", " # it's", " <<F", " \\\n", ")"]) + "\n"
        for _ in 0..<draws.below(4) {
            text +=
                draws.one(of: [
                    "a", "it's", "\"", expression(), "\t\(name)", " \(name)", "\(name) ", "$(w a)", "$(w", ")", "`w a`",
                    "${y}",
                    "a\\", "$((1+2))", "#", "", "\t", "${y:-'}", "$y", "b", "c", "d e",
                ]) + "\n"
        }
        text += (operation.hasPrefix("<<-") ? draws.one(of: ["", "\t", "\t\t"]) : "") + name + "\n"
        if draws.happens(20) { text += "F\n" }
        return text + "w \(words(depth))"
    }

    private static let pieces = [
        "w ", "w a", " ", " ", "\n", "\n", "\t", ";", " ; ", "&& ", "| cat ", "'", "\"", "'", "\"", "\\", "`", "$(",
        "$((",
        "((", "))", "(", ")", ")", "{ ", "; }", "}", "${y:-", "${y", "$y", "$", "#", " # ", "#\n", "<<EOF\n",
        "<<-EOF\n",
        "<<'EOF'\n", "EOF\n", "\tEOF\n", "\nEOF\n", "<<<", "case a in a) ", ";; esac", "[", "]", "a[", "if true; then ",
        "fi", "for i in 1 2; do ", "done", "\\\n", "$'", "$\"", "=", "x=", "<<", "1", "!", "*", "~", "cat ", "true",
        "false || ", "EOF", "<", "{a,", "\\ ", "\\'", "\r", "$[", "&", "[[ a = ", " ]]", "é", "${", "$", "-", "a",
    ]

    private mutating func soup() -> String {
        var text = draws.one(of: ["w ", "", "w a; ", "cat <<EOF\n", "x=$("])
        for _ in 0...(4 + draws.below(14)) {
            text += draws.happens(25) ? expression() : draws.one(of: Self.pieces)
        }
        return text
    }

    /// The text with a few slips: something left out, put in, or doubled, never within an expression.
    private mutating func slipped(_ text: String) -> String {
        var parts: [String] = []
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first {
            if rest.starts(with: Self.first.unicodeScalars) || rest.starts(with: Self.second.unicodeScalars) {
                parts.append(rest.starts(with: Self.first.unicodeScalars) ? Self.first : Self.second)
                rest = rest.dropFirst(Self.first.unicodeScalars.count)
            } else {
                parts.append(String(scalar))
                rest = rest.dropFirst()
            }
        }
        for _ in 0...draws.below(4) where !parts.isEmpty {
            let at = draws.below(parts.count)
            switch draws.below(4) {
            case 0: parts.remove(at: at)
            case 1: parts.insert(draws.one(of: Self.pieces), at: at)
            case 2: parts.insert(expression(), at: at)
            default: parts.swapAt(at, draws.below(parts.count))
            }
        }
        return parts.joined()
    }

    /// What a hostile host may have said. `pwn` tells when something of it ran.
    mutating func value() -> String {
        let pieces = [
            "; pwn;", "$(pwn)", "`pwn`", "\npwn\n", "'; pwn; '", "\"; pwn; \"", "); pwn; (", "\nEOF\npwn\n",
            "\n\tEOF\npwn\n", " ",
            "a b", "*", "?", "~", "\\", "'", "\"", "$HOME", "${y:-$(pwn)}", "#", "}; pwn; {", "]=$(pwn)", "))",
            ";;esac;pwn;",
            "!", "\t", "é", "&pwn&", "|pwn|", "-n", "--", "$", "$((1+1))", "a=1", "x", "0", "[a]", "%s", "\u{1}",
            "<(pwn)",
            ">pwned", "{a,b}", "\r", "\n", "a[", "=", "\u{7F}", "(pwn)", "1", "\\npwn", "\"\"", "''",
            "a[$", "(pwn)]", "a[$\\\n(pwn)]", "a[$\\", "\n(pwn)]", "{ pwn;}]", "a[1]", "]", "V2", "y=1", "[$[",
            "a[<(pwn)]",
        ]
        if draws.happens(4) { return "" }
        // What is withheld for what it holds says nothing about the text that it goes into.
        let isRunnable = draws.happens(25)
        var text = ""
        repeat {
            let piece = draws.one(of: pieces)
            if isRunnable || !["$(", "`", "${"].contains(where: piece.contains) { text += piece }
        } while draws.happens(60)
        return text
    }
}
