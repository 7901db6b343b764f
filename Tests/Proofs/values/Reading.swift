import RunbookFormat
import RunbookModel

/// What `check` and a host make of a text and its values.
enum Reading {
    case refused
    case withheld
    case accepted(Case)

    /// As a YAML text in double quotes.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func value(_ reference: Template.Reference, _ values: [String]) -> String {
        reference.path == ["vars", "one"] ? values[0] : values[1]
    }

    init(_ template: String, _ values: [String]) {
        let usesEnvironment = template.contains("V1") || template.contains("V2")
        let environment =
            usesEnvironment
            ? [NamedValue(name: "V1", value: values[0]), NamedValue(name: "V2", value: values[1])] : []
        let given = usesEnvironment ? "env: { V1: \"${{ vars.one }}\", V2: \"${{ vars.two }}\" }, " : ""
        let text = """
            version: 1
            name: A
            inventory: i
            vars: { one: a, two: b }
            steps:
            - { id: a, name: A, hosts: local, \(given)run: \(Self.quoted(template)) }

            """
        guard
            let runbook = try? RunbookReader.read(
                bytes: Array(text.utf8), path: "a.yaml", include: { _ in .unreadable("") }),
            case .run(let read)? = runbook.steps.first?.action
        else {
            self = .refused
            return
        }
        if read.fault(inShell: true, beside: environment, { Self.value($0, values) }) != nil {
            self = .withheld
            return
        }
        self = .accepted(
            Case(
                template: template, command: read.command { Self.value($0, values) }, environment: environment,
                quoted: read.text { "'\(Self.value($0, values).replacing("'", with: "'\\''"))'" }, values: values))
    }
}
