import RunbookModel
import TestTools
import Testing

/// Real shells calculate with hostile values, compare them and take them for names; what runs there is never given to one.
@Suite("What shells run of a value")
struct ShellValuesTests {
    private static let shells = [["bash"], ["dash"], ["mksh"], ["busybox", "sh"], ["ksh93"]]

    /// Where shells evaluate what a variable holds.
    private static let places = [
        ": $((V))", ": $(( $V ))", ": $((a[V]))", ": $((a[$V]))", "[ \"$V\" -gt 5 ]", "test 1 -eq \"$V\"",
        "[[ $V -gt 5 ]]", "[[ -v $V ]]", "a[$V]=1", "let \"$V\"", "((V))", "read \"$V\" </dev/null", "unset \"$V\"",
        "typeset -i z=\"$V\"", "declare \"$V=1\"", ": ${!V}", "y=abc; : ${y:$V}", "printf -v \"$V\" x",
        "f() { local -i z=\"$V\"; }; f", "ulimit -n \"$V\"", "exit \"$V\"", "set -- \"$V\"; : $(($1))", "umask \"$V\"",
    ]

    private static let values = [
        "a[$(pwn)]", "a[`pwn`]", "$(pwn)", "`pwn`", "a[${x:-$(pwn)}]", "a[${ pwn;}]", "a[$[b[`pwn`]]]",
        "a[$\\\n(pwn)]", "a[$\\\n{ pwn;}]", "x=1,a[$(pwn)]", "a[<(pwn)]", "a[>(pwn)]", "a[1];pwn", "1\npwn\n", "1;pwn",
        "a[(pwn)]", "a[$\n(pwn)]", "$[pwn]", "|pwn", "&pwn&", "a[@]", "{pwn,pwn}", "a[=(pwn)]", "'pwn'", "\"pwn\"",
    ]

    /// Those that some shell ran, of texts in which `V` is made of several values.
    private func ran(_ texts: [[String]]) throws -> Set<Int> {
        let scratch = try Scratch()
        var script = "pwn() { echo \"$NUMBER\" >>'\(scratch.path)/ran'; }\n"
        for (number, parts) in texts.enumerated() {
            for place in Self.places {
                script +=
                    "NUMBER=\(number); V=\(ShellWord.quote(parts.joined())); (eval \(ShellWord.quote(place))) >/dev/null 2>&1 </dev/null\n"
            }
        }
        try scratch.write("script", Array(script.utf8))
        for shell in Self.shells {
            _ = try said(by: ["/usr/bin/env"] + shell + ["\(scratch.path)/script"], in: scratch.path)
        }
        return Set((try? scratch.text("ran"))?.split(separator: "\n").compactMap { Int($0) } ?? [])
    }

    @Test("a value that some shell runs while it calculates, compares or looks for a name is not given to one")
    func alone() throws {
        let ran = try ran(Self.values.map { [$0] })
        #expect(ran.count >= 8, "the places are not such that anything runs")
        for number in ran {
            let fault = ShellSubstitution.fault([NamedValue(name: "vars.x", value: Self.values[number])])
            #expect(fault != nil, "\(Self.values[number].debugDescription)")
        }
    }

    @Test("nor are two values that make such a one side by side, in either order")
    func pairs() throws {
        let texts = Self.values.flatMap { value in
            value.unicodeScalars.indices.dropFirst().map { at in
                [String(value.unicodeScalars[..<at]), String(value.unicodeScalars[at...])]
            }
        }
        let ran = try ran(texts)
        #expect(ran.count >= 20)
        for number in ran {
            let (one, other) = (texts[number][0], texts[number][1])
            for pair in [[one, other], [other, one]] {
                let values = pair.map { NamedValue(name: "vars.x", value: $0) }
                #expect(ShellSubstitution.fault(values) != nil, "\(pair)")
            }
        }
    }

    @Test(
        "ordinary values are given, together too",
        arguments: [
            "tank01", "", "5", "-3", "[\"a\", {\"b\": [1, 2]}]", "{\"cost\": \"$5\"}", "<none>", "(none)", "it's",
            "a | b; c && d", "100 %", "#1", "$HOME", "US$", "x[3]", "\\\\server\\share", "line\nline",
        ])
    func ordinary(_ value: String) {
        let others = ["tank", "[1]", "<none>"].map { NamedValue(name: "vars.y", value: $0) }
        #expect(ShellSubstitution.fault([NamedValue(name: "vars.x", value: value)] + others) == nil)
    }

    private func fault(_ before: String, _ value: String, _ after: String = "") -> String? {
        let place = SourcePlace(path: "a.yaml", line: 1, column: 1)
        let reference = Template.Reference(path: ["vars", "x"], place: place)
        let template = Template([.literal(before), .reference(reference), .literal(after)], at: place)
        return template.fault(inShell: true) { _ in value }?.what
    }

    @Test(
        "a value that its command would take for an option is not given to it",
        arguments: [
            "rm ", "ls -l ", "true && tar xf a ", "if true; then grep a ", "(cat ", "a=1 rm ", "rm \\\n",
            "sudo rm 'a' ", "rm -- a ", "env -- prog ", "sudo -- rm ", "kubectl exec pod -- rm ", "printf ",
            "kill -TERM -- ",
        ])
    func option(_ before: String) {
        for value in ["-rf", "--all", "-oProxyCommand=x", "-1x", "-inf", "-1", "-7777", "-0x1p3", "-1e5"] {
            #expect(
                fault(before, value) == "vars.x is \"\(value)\", which its command may take for an option", "\(before)")
        }
        for value in ["-", "5", "0.5", "a-b", "", "- a list"] { #expect(fault(before, value) == nil, "\(value)") }
    }

    @Test(
        "where it can be none, it is given",
        arguments: [
            "rm -- ", "echo ", "printf '%s' ", "x=", "rm a", "[ ", "case ", "for i in ", "cat <<< ", "echo a > ",
            "--x=",
            "",
            "rm '' a -- ",
        ])
    func noOption(_ before: String) { #expect(fault(before, "-rf") == nil, "\(before)") }
}
