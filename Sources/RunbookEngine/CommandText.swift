internal import Crypto
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
