package import ArgumentParser
internal import RunbookFormat

/// `schema runbook|inventory|fixture`: what an editor checks a file by while it is written.
package struct SchemaCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of a runbook, an inventory or a fixture.",
        discussion: """
            Keep it beside your files and begin each with a line that names it:
            # yaml-language-server: $schema=schema/runbook.json
            """)

    @Argument(help: "runbook, inventory or fixture.")
    package var file: SchemaFile

    package init() {}

    package func run() throws { Terminal.out(JSONSchema.text(file.file)) }
}

package enum SchemaFile: String, ExpressibleByArgument, CaseIterable, Sendable {
    case runbook, inventory, fixture

    var file: LanguageReference.File {
        switch self {
        case .runbook: .runbook
        case .inventory: .inventory
        case .fixture: .fixture
        }
    }
}
