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

/// Shell text with expressions in it, of three kinds: as a person writes it, the same with slips, and any soup of what is
/// special to a shell. `w` prints its words, each in brackets.
struct TemplateMaker {
    static let first = "${{ vars.one }}"
    static let second = "${{ vars.two }}"

    var draws: Draws
    private var budget = 0

    init(_ draws: Draws) { self.draws = draws }

    mutating func template() -> String {
        budget = 10
        var text: String
        switch draws.below(10) {
        case 0..<4: text = commands(0)
        case 4..<8: text = slipped(commands(0))
        default: text = soup()
        }
        if !text.contains("${{") {
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
        ]
        if draws.happens(4) { return "" }
        var text = ""
        repeat { text += draws.one(of: pieces) } while draws.happens(60)
        return text
    }
}
