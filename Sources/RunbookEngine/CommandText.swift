internal import Crypto
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// What a host is given to do.
struct CommandText {
    /// Shell text.
    var text: String
    /// The same for people, for journals and for fixtures, where the text itself says nothing to them.
    var label: String?
    /// The values that the text names.
    var variables: [EnvironmentPair] = []

    init(_ text: String, label: String? = nil) {
        self.text = text
        self.label = label
    }

    init(_ command: ShellCommand) {
        text = command.text
        label = command.label
        variables = command.variables.map { EnvironmentPair(name: $0.name, value: $0.value) }
    }

    /// The command as a read-only question.
    func probe(
        _ environment: [EnvironmentPair], privilege: Privilege?, timeout: Duration
    ) -> ProbeRequest {
        ProbeRequest(
            .run(command: text, environment: environment + variables), label: label, privilege: privilege,
            timeout: timeout)
    }

    /// Returns before the host goes down.
    static let reboot = "systemctl reboot || shutdown -r now || reboot"
}

/// Scripts that lie beside the runbook.
struct ScriptCommand {
    private let path: String
    private let arguments: [String]
    private let content: [UInt8]

    init(_ script: ScriptFile, _ scope: Scope, _ files: [String: [UInt8]]) {
        path = script.path.name
        arguments = script.arguments.map(scope.text)
        content = files[script.path.name] ?? []
    }

    /// The script is written to a file of its own and called by what its first line names, `/bin/sh` where it names
    /// nothing: a folder whose files can't be executed does no harm. The file is in a folder that nobody else can enter,
    /// for others must neither put something in its place nor leave modules beside it. It runs only if it is whole.
    ///
    /// - Parameter keepsReceipts: whether `$0` is the command's file in its receipt.
    func run(keepsReceipts: Bool) -> CommandText {
        let words = arguments.map(ShellWord.quote)
        let end = "BS_END_\(RunbookPlan.Hex.text(SHA256.hash(data: content).prefix(8)))"
        var body = String(decoding: content, as: UTF8.self)
        if !body.hasSuffix("\n") { body += "\n" }
        let place =
            keepsReceipts
            ? "f=${0%/*}/script; trap 'rm -f \"$f\"' EXIT"
            : """
            f=$(umask 077; mktemp -d "${TMPDIR:-/tmp}/blackstart.XXXXXXXXXX") || exit 126
            trap 'rm -rf "$f"' EXIT; trap 'exit 129' HUP; f=$f/script
            """
        let text = """
            \(place)
            (umask 077; set -C; cat >"$f") <<'\(end)' || { echo "can't write $f" >&2; exit 126; }
            \(body)\(end)
            [ "$(($(wc -c <"$f")))" = \(body.utf8.count) ] || { echo "$f is not whole" >&2; exit 126; }
            \((ScriptInterpreter(content).words.map(ShellWord.quote) + ["\"$f\""] + words).joined(separator: " "))

            """
        return CommandText(text, label: (["script", path] + words).joined(separator: " "))
    }
}

/// A file that lies beside the runbook, and its place on a host.
struct FileCommand {
    private let source: String
    private let target: String
    private let mode: String?
    private let content: [UInt8]

    init(_ copy: CopyFile, _ scope: Scope, _ files: [String: [UInt8]]) {
        source = copy.source.name
        target = scope.text(copy.target)
        mode = copy.mode
        content = files[copy.source.name] ?? []
    }

    /// Tools of many kinds of host under one name. A link in the target's place is followed only if it is ours or root's.
    private var tools: String {
        """
        t=\(ShellWord.quote(target)); h=\(RunbookPlan.Hex.text(SHA256.hash(data: content))); m=\(mode ?? "")
        if [ -h "$t" ]; then
          case $(stat -c %u "$t" 2>/dev/null || stat -f %u "$t") in 0 | "$(id -u)") ;;
          *) echo "$t is a link of another user" >&2; exit 1;; esac
        fi
        t=$(readlink -f "$t" 2>/dev/null || printf %s "$t")
        case $t in */*) ;; *) t=./$t;; esac
        sum() { { sha256sum <"$1" || shasum -a 256 <"$1" || sha256 <"$1" || openssl dgst -sha256 -r <"$1"; } 2>/dev/null | cut -c1-64; }
        perm() { stat -c %a "$1" 2>/dev/null || stat -f %Lp "$1"; }

        """
    }

    /// Goes into a new folder inside the target's folder, for the file to be made under its own name `$b`. Names in the
    /// target's folder may be for others to change; names in here are not, and `..` stays what it was.
    private static let enter = """
        enter() {
          b=${t##*/}; cd -P "${t%/*}/" || exit 1
          p=$(umask 077; mktemp -d ./.blackstart.XXXXXXXXXX 2>/dev/null) || { p=./.blackstart.$$; mkdir -m 700 "$p"; } || exit 1
          cd -P "$p" || exit 1
          case $PWD in */"${p#./}") [ -O . ];; *) false;; esac || { echo "$t: another user changed its folder" >&2; exit 1; }
          trap 'rm -f "./$b"; cd ..; rmdir "$p" 2>/dev/null' EXIT; trap 'exit 129' HUP
        }

        """

    /// Lines that every decoder takes.
    private var base64Lines: String {
        let text = Base64.encode(content)
        return stride(from: 0, to: text.count, by: 76).map {
            String(decoding: text[$0..<min(text.count, $0 + 76)], as: UTF8.self) + "\n"
        }.joined()
    }

    private func former(_ run: String, _ task: TaskID) -> String {
        "k=$HOME/.blackstart/former/\(ShellWord.quote("\(run)/\(task.step).\(task.host ?? "-")"))\n"
    }

    /// The new file is made in a folder of its own beside its place, compared, and put into it in one move; the former
    /// one is kept.
    func copy(_ run: String, _ task: TaskID) -> CommandText {
        let lines = base64Lines
        let text =
            tools + Self.enter + former(run, task) + """
                umask 077; enter
                un64() { if command -v base64 >/dev/null 2>&1; then base64 -d; else openssl base64 -d; fi; }
                un64 >"./$b" <<'BS_END' || { echo "can't write in the folder of $t" >&2; exit 1; }
                \(lines)BS_END
                [ "$(sum "./$b")" = "$h" ] || { echo "what arrived is not what was sent (or no tool for SHA-256 is there)" >&2; exit 1; }
                mkdir -p "${k%/*}" || exit 1
                if [ -e "../$b" ]; then
                  [ -f "../$b" ] || { echo "$t is there, and is no file" >&2; exit 1; }
                  [ -e "$k.file" ] || [ -e "$k.none" ] || { cp -p "../$b" "$k.part" && mv "$k.part" "$k.file"; } || exit 1
                  chown "$(stat -c %u:%g "../$b" 2>/dev/null || stat -f %u:%g "../$b")" "./$b" 2>/dev/null
                  m=${m:-$(perm "../$b")}
                else [ -e "$k.file" ] || : >"$k.none" || exit 1; fi
                chmod "${m:-0644}" "./$b" && mv -f "./$b" .. || exit 1
                sync "../$b" 2>/dev/null || sync

                """
        return CommandText(text, label: "copy \(source) to \(target)")
    }

    /// Exit 0 where the file is there, whole and with the permissions that are wanted.
    var compare: CommandText {
        CommandText(
            tools + """
                [ -f "$t" ] && [ "$(sum "$t")" = "$h" ] || exit 1
                [ -z "$m" ] || [ "$(perm "$t")" = "$(echo "$m" | sed 's/^0//')" ]

                """, label: "compare \(source) with \(target)")
    }

    /// What was there before is there again, and nothing where nothing was.
    func restore(_ run: String, _ task: TaskID) -> CommandText {
        CommandText(
            tools + Self.enter + former(run, task) + """
                if [ -e "$k.file" ]; then enter; cp -p "$k.file" "./$b" && mv -f "./$b" .. || exit 1
                elif [ -e "$k.none" ]; then rm -f "$t"
                else echo "the former $t was not kept" >&2; exit 1; fi

                """, label: "restore \(target)")
    }
}
