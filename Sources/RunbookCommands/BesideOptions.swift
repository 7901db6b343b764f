package import ArgumentParser
internal import RunbookEngine
internal import RunbookJournal
internal import RunbookModel

/// A person's word that a run may act where other runs are not over.
package struct BesideOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Act although this other run on the same hosts is not over, or is known to be dead. May be given again.",
            valueName: "run"))
    package var beside: [String] = []

    @Option(help: "Why that is right: two words or more, for the journal.")
    package var reason: String?

    package init() {}

    /// nil where nothing was said.
    func word() throws(CommandFailure) -> Beside? {
        guard !beside.isEmpty else {
            if reason == nil { return nil }
            throw CommandFailure(
                .usage, "`--reason` goes with `--beside`", hint: "`--beside RUN --reason \"two words or more\"`")
        }
        if let name = beside.first(where: { !Principal.isRunName($0) }) {
            throw CommandFailure(
                .usage, "invalid run name `\(TerminalText.shown(name))`", hint: "`blackstart runs` lists them")
        }
        let example = "`--beside \(beside[0]) --reason \"two words or more\"`"
        guard let reason else { throw CommandFailure(.usage, "`--beside` wants a reason", hint: example) }
        do { return Beside(runs: beside, reason: try TypedText.reason(reason)) } catch {
            throw CommandFailure(.usage, "invalid `--reason`: \(error.message.dropLast())", hint: example)
        }
    }
}
