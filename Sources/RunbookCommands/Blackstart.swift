package import ArgumentParser
internal import Glibc

/// The program: one command line, one exit code.
package struct Blackstart: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "blackstart",
        abstract: "Bring a dark virtualised data centre back, in the right order.",
        discussion: """
            A runbook lists the steps of a restart and what each waits for. blackstart carries them out over SSH in that \
            order, writes everything it does into a signed journal, and can be killed and resumed at any moment.

            Begin with:  blackstart plan RUNBOOK, then blackstart run RUNBOOK.
            """,
        version: "0.3.0",
        subcommands: [
            InitCommand.self, CheckCommand.self, PlanCommand.self, ReadyCommand.self, DryRunCommand.self,
            RunCommand.self,
            ResumeCommand.self, RollbackCommand.self, ApproveCommand.self, StatusCommand.self, RunsCommand.self,
            JournalCommand.self,
            WitnessCommand.self, InventoryCommand.self, ImpactCommand.self, DrillsCommand.self,
            SnapshotCommand.self, LabCommand.self,
            PackCommand.self,
            SchemaCommand.self,
        ])

    package init() {}

    /// Runs what the command line asks for and ends the process.
    package static func start() async -> Never {
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        // The hosts of a lab ask this for every command: it must not wait for a command line to be parsed.
        if arguments.first == LabAnswerEntry.word { LabAnswerEntry.run(Array(arguments.dropFirst())) }
        do {
            var command = try parseAsRoot(arguments)
            try Places().checkHome()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Glibc.exit(0)
        } catch let failure as CommandFailure {
            Terminal.message(failure.rendered(columns: Terminal.messageColumns))
            Glibc.exit(failure.code.rawValue)
        } catch {
            // A slip of the pen must not lead to the switch that asks nobody.
            let text = fullMessage(for: error)
            let safe = text.replacing(#/ Did you mean '(--yes|--forward|--beside)'\?/#, with: "")
            guard safe != text else { exit(withError: error) }
            Terminal.message(safe + "\n")
            Glibc.exit(exitCode(for: error).rawValue)
        }
    }
}
