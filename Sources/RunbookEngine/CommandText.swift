internal import Crypto
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan

/// What a host is given to do.
struct CommandText {
    /// Shell text.
    var text: String
    /// The same for people, for journals and for fixtures, where the text itself says nothing to them.
    var label: String?

    init(_ text: String, label: String? = nil) {
        self.text = text
        self.label = label
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
    /// nothing: a folder whose files can't be executed does no harm.
    var run: CommandText {
        let words = arguments.map(ShellWord.quote)
        let end = "BS_END_\(RunbookPlan.Hex.text(SHA256.hash(data: content).prefix(8)))"
        let body = String(decoding: content, as: UTF8.self)
        let text = """
            f=${TMPDIR:-/tmp}/blackstart.$$; (umask 077; set -C; : >"$f") || exit 126
            trap 'rm -f "$f"' EXIT
            cat >"$f" <<'\(end)'
            \(body)\(body.hasSuffix("\n") ? "" : "\n")\(end)
            \((interpreter + ["\"$f\""] + words).joined(separator: " "))

            """
        return CommandText(text, label: (["script", path] + words).joined(separator: " "))
    }

    private var interpreter: [String] {
        guard content.starts(with: "#!".utf8) else { return ["/bin/sh"] }
        let line = String(decoding: content.dropFirst(2).prefix { $0 != 0x0A }, as: UTF8.self)
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map { ShellWord.quote(String($0)) }
        return words.isEmpty ? ["/bin/sh"] : words
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

    /// Tools of many kinds of host under one name.
    private var tools: String {
        """
        t=\(ShellWord.quote(target)); h=\(RunbookPlan.Hex.text(SHA256.hash(data: content))); m=\(mode ?? "")
        t=$(readlink -f "$t" 2>/dev/null || printf %s "$t")
        sum() { { sha256sum <"$1" || shasum -a 256 <"$1" || sha256 <"$1" || openssl dgst -sha256 -r <"$1"; } 2>/dev/null | cut -c1-64; }
        perm() { stat -c %a "$1" 2>/dev/null || stat -f %Lp "$1"; }

        """
    }

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

    /// The new file is made beside its place, compared, and put into it in one move; the former one is kept.
    func copy(_ run: String, _ task: TaskID) -> CommandText {
        let lines = base64Lines
        let text =
            tools + former(run, task) + """
                umask 077; n=$t.blackstart.$$; trap 'rm -f "$n"' EXIT
                un64() { if command -v base64 >/dev/null 2>&1; then base64 -d; else openssl base64 -d; fi; }
                un64 >"$n" <<'BS_END' || { echo "can't write $n" >&2; exit 1; }
                \(lines)BS_END
                [ "$(sum "$n")" = "$h" ] || { echo "what arrived is not what was sent (or no tool for SHA-256 is there)" >&2; exit 1; }
                mkdir -p "${k%/*}" || exit 1
                if [ -e "$t" ]; then
                  [ -f "$t" ] || { echo "$t is there, and is no file" >&2; exit 1; }
                  [ -e "$k.file" ] || [ -e "$k.none" ] || { cp -p "$t" "$k.part" && mv "$k.part" "$k.file"; } || exit 1
                  chown "$(stat -c %u:%g "$t" 2>/dev/null || stat -f %u:%g "$t")" "$n" 2>/dev/null
                  m=${m:-$(perm "$t")}
                else [ -e "$k.file" ] || : >"$k.none"; fi
                chmod "${m:-0644}" "$n" && mv -f "$n" "$t" || exit 1
                sync "$t" 2>/dev/null || sync

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
            tools + former(run, task) + """
                if [ -e "$k.file" ]; then n=$t.blackstart.$$; cp -p "$k.file" "$n" && mv -f "$n" "$t"
                elif [ -e "$k.none" ]; then rm -f "$t"
                else echo "the former $t was not kept" >&2; exit 1; fi

                """, label: "restore \(target)")
    }
}
