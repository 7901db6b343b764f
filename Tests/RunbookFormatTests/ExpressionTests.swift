import RunbookFormat
import RunbookModel
import Testing

/// Where in a command an expression may stand: its value arrives as one quoted shell word, which is one word in the open.
@Suite struct ExpressionTests {
    static let allowed = [
        "echo ${{ run.id }}", "${{ run.id }}", "echo a${{ run.id }}b", "echo 'a'${{ run.id }}\"b\"",
        "echo \"$(cat ${{ run.id }})\"", "echo it\\'s ${{ run.id }}", "echo '#' ${{ run.id }}",
        "echo a#b ${{ run.id }}",
        "echo a # it's\necho ${{ run.id }}", "cat <<EOF\nit's \"\nEOF\necho ${{ run.id }}",
        "cat <<-'EOF' | grep ${{ run.id }}\n\tx\n\tEOF\necho ${{ run.id }}",
        "cat <<< ${{ run.id }}\necho ${{ run.id }}",
        "echo $((1<<2))\necho ${{ run.id }}", "a <b\necho ${{ run.id }}", "echo \"a\\\"b\" ${{ run.id }}",
        "for n in 1 2; do echo $((n + 1)) \"${x:-a}\" ${{ run.id }}; done", "case a in a) echo ${{ run.id }};; esac",
        "(echo a) # it's\necho ${{ run.id }}", "echo $# $$ ${{ run.id }}", "[ -n a ] && echo [a-z]* ${{ run.id }}",
        "cat <<EOF\n$(hostname) ${HOME}\nEOF\necho ${{ run.id }}", "x=$( (echo a); echo b) && echo ${{ run.id }}",
        "sh -c 'echo \\' ${{ run.id }}", "echo ${{run.id}}${{  run.by\t}}",
    ]

    private static let arithmetic = "an expression can't stand in arithmetic: some shells run what a value holds there"
    private static func after(_ what: String) -> String {
        "an expression can't stand after \(what): shells differ about it"
    }

    static let refused: [(String, String)] = [
        ("echo \"${{ run.id }}\"", "an expression can't stand inside quotes"),
        ("echo '${{ run.id }}'", "an expression can't stand inside quotes"),
        ("echo \"a 'b' ${{ run.id }}\"", "an expression can't stand inside quotes"),
        ("echo \"$(echo '${{ run.id }}')\"", "an expression can't stand inside quotes"),
        ("echo a # ${{ run.id }}", "an expression can't stand in a comment"),
        ("echo \\${{ run.id }}", "an expression can't follow `\\`"),
        ("echo $${{ run.id }}", "an expression can't follow `$`"),
        ("cat <<EOF\n${{ run.id }}\nEOF", "an expression can't stand in a here-document"),
        ("cat <<-'EOF' | sort\n\tx\n\t${{ run.id }}\n\tEOF", "an expression can't stand in a here-document"),
        // Where a host's output ran as a command, or arrived as something else than one word.
        ("echo $((1 + ${{ run.id }}))", arithmetic), ("((n = ${{ run.id }}))", arithmetic),
        ("n=$(( (1) + ${{ run.id }} ))", arithmetic),
        ("x=$(cat <<EOF\nit's\nEOF\n)\necho ${{ run.id }}", after("a here-document inside `$( )`")),
        ("cat <<A <<B\na\nA\n${{ run.id }}\nB", after("two here-documents in one line")),
        ("cat <<EOF\n\tEOF\n${{ run.id }}\nEOF", "an expression can't stand in a here-document"),
        ("echo \"$(case a in a) echo \" ${{ run.id }} \";; esac)\"", after("`case` in `$( )`")),
        ("echo ${X:-${{ run.id }}}", "an expression can't stand inside `${ }`"),
        ("echo \"${X:-\"a\"}\" ${{ run.id }}", after("`${ }` with `\"` in it")),
        ("(# it's\necho '${{ run.id }}')", "an expression can't stand inside quotes"),
        ("true &# it's\necho '${{ run.id }}'", "an expression can't stand inside quotes"),
        ("echo `echo ${{ run.id }}`", after("a backquote")), ("echo `date` ${{ run.id }}", after("a backquote")),
        ("a[${{ run.id }}]=1", "an expression can't stand in `[ ]` of a word: shells calculate there"),
        ("eval echo ${{ run.id }}", "an expression can't be given to `eval`, which runs it"),
        ("trap ${{ run.id }} EXIT", "an expression can't be given to `trap`, which runs it"),
        ("PS4=${{ run.id }} sh -x a", "an expression can't be given to `PS4=`: shells run what it holds"),
        ("echo $'it\\'s' ${{ run.id }}", after("`$'`")),
        ("cat <<${{ run.id }}\na", "an expression can't name the end of a here-document"),
        ("echo ${{ run.id", "`${{` is never closed"), ("echo ${{ run.id\n}}", "`${{` is never closed"),
        ("echo ${{ ru.id }}", "unknown value `ru.id`"), ("echo ${{ run.ids }}", "unknown value `run.ids`"),
        ("echo ${{ run.id.x }}", "`run.id.x` names no value"),
        ("echo ${{ run..id }}", "`run..id` is no name of a value"),
        ("echo ${{\t}}", "the expression is empty"),
    ]

    private func said(_ command: String) throws -> [String] {
        let lines = command.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
        let text = "version: 1\nname: A\ninventory: i\nsteps:\n- id: a\n  name: A\n  hosts: san1\n  run: |\n\(lines)"
        return try Corpus.diagnostics(.runbook, Array(text.utf8), path: "a.yaml").map(\.message)
    }

    @Test("an expression in the open is one word", arguments: allowed)
    func open(command: String) throws { #expect(try said(command) == []) }

    @Test("an expression anywhere else is refused", arguments: refused)
    func elsewhere(command: String, message: String) throws { #expect(try said(command) == [message]) }
}
