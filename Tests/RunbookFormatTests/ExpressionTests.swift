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
        "sh -c 'echo \\' ${{ run.id }}", "sh -c 'echo \"$1\"' sh ${{ run.id }}", "sh ${{ run.id }}",
        "awk -v a=${{ run.id }} '{ print a }'", "awk '{ print }' ${{ run.id }}", "sed -n 1p ${{ run.id }}",
        "sed -f a.sed ${{ run.id }}", "sed -ne p ${{ run.id }}", "python3 -c 'import sys' ${{ run.id }}",
        "perl -pe 's/a/b/' ${{ run.id }}", "ssh -p 22 ${{ run.id }} uptime", "echo 'eval' # eval\necho ${{ run.id }}",
        "find ${{ run.id }} -exec sh -c 'echo \"$1\"' sh {} +", "echo ${{ run.id }} | grep a; sh b.sh",
        "tar c ${{ run.id }} | ssh a.example tar x", "x=${{ run.id }}; sh -c 'echo a'", "sh <<EOF\n$y\nEOF",
        "psql -v a=${{ run.id }} -f a.sql", "echo a | sh; echo ${{ run.id }}", "grep -e ${{ run.id }} a",
        "echo ${{run.id}}${{  run.by\t}}",
    ]

    private static let arithmetic = "an expression can't stand in arithmetic: some shells run what a value holds there"
    private static let inWord = "an expression can't stand in a word with `( )`: shells differ about it"
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
        (
            "PS4=${{ run.id }} sh -x a",
            "an expression can't be given to `PS4=`: programs run what it holds, or what it names"
        ),
        ("echo $'it\\'s' ${{ run.id }}", after("`$'`")),
        ("echo $\\\né${{ run.id }}", after("`$` at the end of a continued line")),
        ("f${{ run.id }}() { w; }", Self.inWord), ("x=$(f${{ run.id }} () { w; })", Self.inWord),
        ("cat <<${{ run.id }}\na", "an expression can't name the end of a here-document"),
        ("echo ${{ run.id", "`${{` is never closed"), ("echo ${{ run.id\n}}", "`${{` is never closed"),
        ("echo ${{ ru.id }}", "unknown value `ru.id`"), ("echo ${{ run.ids }}", "unknown value `run.ids`"),
        ("echo ${{ run.id.x }}", "`run.id.x` names no value"),
        ("echo ${{ run..id }}", "`run..id` is no name of a value"),
        ("echo ${{\t}}", "the expression is empty"),
    ]

    static let secondReaders: [(String, String)] = [
        ("\\eval echo ${{ run.id }}", "an expression can't stand in what `eval` reads as a program"),
        ("'eval' echo ${{ run.id }}", "an expression can't stand in what `eval` reads as a program"),
        ("e\"va\"l echo ${{ run.id }}", "an expression can't stand in what `eval` reads as a program"),
        ("command eval ${{ run.id }}", "an expression can't be given to `eval`, which runs it"),
        ("sh -c ${{ run.id }}", "an expression can't stand in what `sh -c` reads as a program"),
        ("sh -ec 'echo '${{ run.id }}", "an expression can't stand in what `sh -c` reads as a program"),
        ("sudo /bin/bash -c \"echo a\"${{ run.id }}", "an expression can't stand in what `bash -c` reads as a program"),
        ("bash -o pipefail -c 'a '${{ run.id }}", "an expression can't stand in what `bash -c` reads as a program"),
        ("find / -exec sh -c 'rm '${{ run.id }} +", "an expression can't stand in what `sh -c` reads as a program"),
        ("echo a | xargs sh -c ${{ run.id }}", "an expression can't stand in what `sh -c` reads as a program"),
        ("ssh a.example reboot ${{ run.id }}", "an expression can't stand in what `ssh` reads as a program"),
        ("ssh -p 22 -i k a.example 'rm '${{ run.id }}", "an expression can't stand in what `ssh` reads as a program"),
        ("ssh a.example \"$(basename ${{ run.id }})\"", "an expression can't stand in what `ssh` reads as a program"),
        (
            "ssh -o ProxyCommand=${{ run.id }} a.example",
            "an expression can't stand in what `ProxyCommand=` reads as a program"
        ),
        ("su - postgres -c 'psql '${{ run.id }}", "an expression can't stand in what `su -c` reads as a program"),
        ("python3 -c 'print('${{ run.id }}')'", "an expression can't stand in what `python3` reads as a program"),
        ("perl -ne 'print if '${{ run.id }} a", "an expression can't stand in what `perl` reads as a program"),
        ("awk -F: '/'${{ run.id }}'/' a", "an expression can't stand in what `awk` reads as a program"),
        ("sed -n ${{ run.id }}p a", "an expression can't stand in what `sed` reads as a program"),
        ("sed -e s/a/${{ run.id }}/ a", "an expression can't stand in what `sed` reads as a program"),
        ("tar xf a --to-command=${{ run.id }}", "an expression can't stand in what `--to-command=` reads as a program"),
        ("echo ${{ run.id }} | sh", "an expression can't stand in what `sh` reads as a program"),
        ("printf '%s\\n' ${{ run.id }} | sudo bash -s", "an expression can't stand in what `bash` reads as a program"),
        ("psql -c 'select '${{ run.id }}", "an expression can't stand in what `psql` reads as a program"),
        (
            "x=${{ run.id }}; ssh a.example rm $x",
            "`$x` holds the value of an expression, and can't stand in what `ssh` reads as a program"
        ),
    ]

    /// With values that another step has left: what they become, and the word for it.
    static let foreign: [(String, String)] = [
        ("export ${{ steps.q.outputs.v }}", "can't stand where `export` takes the name of a variable"),
        ("readonly ${{ steps.q.outputs.v }}=1", "can't stand where `readonly` takes the name of a variable"),
        ("declare -x ${{ steps.q.outputs.v }}", "can't stand where `declare` takes the name of a variable"),
        ("read ${{ steps.q.outputs.v }}", "can't stand where `read` takes the name of a variable"),
        ("v=${{ steps.q.outputs.v }}; export $v", "can't stand where `export` takes the name of a variable"),
        ("export HOME=${{ steps.q.outputs.v }}", "can't be given to `HOME`"),
        ("HOME=${{ steps.q.outputs.v }} git status", "can't be given to `HOME`"),
        ("env KUBECONFIG=${{ steps.q.outputs.v }} kubectl get pods", "can't be given to `KUBECONFIG`"),
        ("sudo -u git GIT_DIR=${{ steps.q.outputs.v }} git gc", "can't be given to `GIT_DIR`"),
        ("https_proxy=${{ steps.q.outputs.v }} curl x", "can't be given to `https_proxy`"),
        ("env ${{ steps.q.outputs.v }} ls", "can't be the command that `env` runs"),
        ("env -u A -- ${{ steps.q.outputs.v }} ls", "can't be the command that `env` runs"),
        ("sudo ${{ steps.q.outputs.v }}", "can't be the command that `sudo` runs"),
        ("sudo -u root env ${{ steps.q.outputs.v }}", "can't be the command that `env` runs"),
        ("kubectl exec pod -- ${{ steps.q.outputs.v }}", "can't be the command that `kubectl` runs"),
        ("${{ steps.q.outputs.v }} now", "can't be the command"),
        ("if true; then ${{ steps.q.outputs.v }}; fi", "can't be the command"),
        ("echo \"$(${{ steps.q.outputs.v }})\"", "can't be the command"),
    ]

    static let environments: [(String, String)] = [
        (
            "sh -c \"echo $V\"",
            "`$V` holds the value of an expression, and can't stand in what `sh -c` reads as a program"
        ),
        ("eval $V", "`$V` holds the value of an expression, and can't stand in what `eval` reads as a program"),
        (
            "ssh a.example \"rm $V\"",
            "`$V` holds the value of an expression, and can't stand in what `ssh` reads as a program"
        ),
        (
            "sh <<EOF\nrm $V\nEOF",
            "`$V` holds the value of an expression, and can't stand in what `sh` reads as a program"
        ),
        (
            "ssh a.example <<E\n${V}\nE",
            "`$V` holds the value of an expression, and can't stand in what `ssh` reads as a program"
        ),
        ("echo $V | sh", "`$V` holds the value of an expression, and can't stand in what `sh` reads as a program"),
        ("w=$V; sh -c $w", "`$w` holds the value of an expression, and can't stand in what `sh -c` reads as a program"),
        (
            "for i in a $V; do ssh b.example rm $i; done",
            "`$i` holds the value of an expression, and can't stand in what `ssh` reads as a program"
        ),
    ]

    private func said(_ command: String, env: String? = nil) throws -> [String] {
        let lines = command.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
        let text =
            "version: 1\nname: A\ninventory: i\nsteps:\n- id: a\n  name: A\n  hosts: san1\n\(env.map { "  env: { \($0) }\n" } ?? "")  run: |\n\(lines)"
        return try Corpus.diagnostics(.runbook, Array(text.utf8), path: "a.yaml").map(\.message)
    }

    @Test("an expression in the open is one word", arguments: allowed)
    func open(command: String) throws { #expect(try said(command) == []) }

    @Test("an expression anywhere else is refused", arguments: refused)
    func elsewhere(command: String, message: String) throws { #expect(try said(command) == [message]) }

    @Test("an expression in what another interpreter reads after the shell is refused", arguments: secondReaders)
    func secondReader(command: String, message: String) throws { #expect(try said(command) == [message]) }

    @Test(
        "what a host chose is no name of a variable, no variable that programs obey, and no command", arguments: foreign
    )
    func foreignValue(_ command: String, _ message: String) throws {
        let told = try foreignSaid(command)
        #expect(told.count == 1 && told[0].contains(message), "\(told)")
        // The author's own value may be one.
        #expect(try !said(command.replacing("steps.q.outputs.v", with: "vars.v")).contains { $0.contains(message) })
    }

    @Test(
        "in a variable with a name of the author's own it stands, and as an argument",
        arguments: [
            "my_home=${{ steps.q.outputs.v }} run-it", "export vmId=${{ steps.q.outputs.v }}",
            "sudo -u ${{ steps.q.outputs.v }} ls",
            "env -u A ls ${{ steps.q.outputs.v }}", "timeout ${{ steps.q.outputs.v }} ls",
            "make VERSION=${{ steps.q.outputs.v }}",
            "kubectl exec ${{ steps.q.outputs.v }} -- ls", "nice -n ${{ steps.q.outputs.v }} ls",
        ])
    func own(_ command: String) throws { #expect(try foreignSaid(command) == []) }

    /// The step whose value it is does not exist here.
    private func foreignSaid(_ command: String, env: String? = nil) throws -> [String] {
        try said(command, env: env).filter { !$0.hasPrefix("unknown value") }
    }

    @Test(
        "`env` gives it to names with a small letter alone",
        arguments: ["HOME", "KUBECONFIG", "N", "http_proxy", "GOFLAGS"])
    func environmentName(_ name: String) throws {
        let told = try foreignSaid("true", env: "\(name): \"${{ steps.q.outputs.v }}\"")
        #expect(told.count == 1 && told[0].contains("can't be given to `\(name)`"), "\(told)")
        #expect(try foreignSaid("true", env: "my_value: \"${{ steps.q.outputs.v }}\"") == [])
    }

    @Test("so is a variable of `env` that has an expression; a constant and a secret are not", arguments: environments)
    func environment(command: String, message: String) throws {
        #expect(try said(command, env: "V: \"${{ run.id }}\"") == [message])
        #expect(try said(command, env: "V: a") == [])
        #expect(try said(command.replacing("\"", with: "'"), env: "V: \"${{ run.id }}\"").count <= 1)
    }

    @Test("single quotes keep it from the shell: the other interpreter reads the variable itself")
    func singleQuotes() throws {
        #expect(try said("sh -c 'echo \"$V\"'; sh <<'EOF'\necho \"$V\"\nEOF", env: "V: \"${{ run.id }}\"") == [])
    }

    @Test(
        "variables whose values programs run or load take no expression; what the author writes there may stay",
        arguments: [
            "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "IFS", "PS4", "PROMPT_COMMAND", "SHELLOPTS",
            "BASHOPTS", "BASH_FUNC_x", "PERL5OPT", "PERL5LIB", "PYTHONSTARTUP", "PYTHONPATH", "GIT_SSH_COMMAND",
            "NODE_OPTIONS", "RUBYOPT", "EDITOR", "PAGER", "SSH_ASKPASS", "RSYNC_RSH", "GIT_CONFIG_COUNT",
        ])
    func codeVariable(_ name: String) throws {
        #expect(try said("true", env: "\(name): a") == [])
        #expect(
            try said("true", env: "\(name): \"a${{ run.id }}\"") == [
                "an expression can't be given to `\(name)`: programs run what it holds, or what it names"
            ])
        #expect(
            try said("\(name)=${{ run.id }} true") == [
                "an expression can't be given to `\(name)=`: programs run what it holds, or what it names"
            ])
    }
}
