/// A runbook: what to start, in which order, and what to do when it fails. File order is reading order; `needs` alone
/// gives the order of execution.
package struct Runbook: Hashable, Sendable {
    package var path: String
    package var name: String
    /// The inventory's path as written, relative to the runbook's folder.
    package var inventory: String
    package var document = DocumentFields()
    /// The recovery time objective of the whole runbook.
    package var rto: Duration?
    package var maxParallel = Limits.tasksAtOnce
    package var variables: [Variable] = []
    package var secrets: [Secret] = []
    /// What has to be there before it begins.
    package var assumes: [String] = []
    package var steps: [Step] = []
    /// The runbooks that it includes, each once, in the order in which they are first named.
    package var included: [IncludedRunbook] = []
    /// By the id of a step that included a runbook: the steps that whoever waits for it waits for.
    package var ends: [String: [String]] = [:]

    package init(path: String, name: String, inventory: String) {
        self.path = path
        self.name = name
        self.inventory = inventory
    }
}

extension Runbook {
    /// The names of its checkpoints, in file order.
    package var checkpoints: [String] {
        steps.compactMap { if case .checkpoint(let name) = $0.action { name } else { nil } }
    }

    /// Those of its ``attachments`` that are scripts.
    package var scripts: Set<String> {
        var scripts: Set<String> = []
        for step in steps {
            if case .script(let script) = step.action { scripts.insert(script.path.name) }
            if case .script(let script, _, _) = step.undo { scripts.insert(script.path.name) }
        }
        return scripts
    }

    /// The files beside it that it needs, each once, in file order.
    package var attachments: [Named] {
        var files: [Named] = []
        for step in steps {
            switch step.action {
            case .script(let script): files.append(script.path)
            case .copy(let copy): files.append(copy.source)
            case .run, .reboot, .waitFor, .manual, .approval, .checkpoint: break
            }
            if case .script(let script, _, _) = step.undo { files.append(script.path) }
        }
        var seen: Set<String> = []
        return files.filter { seen.insert($0.name).inserted }
    }
}

/// A runbook that another one includes: what its steps are made from.
package struct IncludedRunbook: Hashable, Sendable {
    /// Where it was read.
    package var path: String
    package var bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// What a reader and an auditor want to know about a runbook; nothing here changes how it runs.
package struct DocumentFields: Hashable, Sendable {
    package var scenario: String?
    package var summary: String?
    package var useWhen: String?
    package var doNotUseWhen: String?
    package var owner: String?
    package var approver: String?
    package var reviewed: String?
    package var plan: String?
    package var classification: String?

    package init() {}
}

/// One of `vars`: a name, a default, and what it stands for.
package struct Variable: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable { case text, number, integer, boolean, duration }

    package var name: String
    /// The value as text; nil means that it has to be given with `-e`.
    package var value: String?
    /// What an including runbook gives for it: text with other variables in it, all declared before it.
    package var given: Template?
    package var kind: Kind
    package var description: String?
    package var place: SourcePlace

    package init(name: String, value: String?, kind: Kind, description: String?, place: SourcePlace) {
        self.name = name
        self.value = value
        self.kind = kind
        self.description = description
        self.place = place
    }
}

extension Variable.Kind {
    /// Whether `text` is a value of this kind.
    package func accepts(_ text: String) -> Bool {
        switch self {
        case .text: true
        case .number: Double(text)?.isFinite ?? false
        case .integer: Int64(text) != nil
        case .boolean: text == "true" || text == "false"
        case .duration: DurationText.parse(text) != nil
        }
    }
}

/// One of `secrets`: a value that is never written down.
package struct Secret: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        /// Typed by a person, at the beginning of each session.
        case prompt
        /// Path as written, relative to the runbook's folder.
        case file(String)
        /// A variable of this program's environment.
        case environment(String)
        /// What a command on this machine prints.
        case command(String)

        package static let names = ["prompt", "file", "env", "command"]
    }

    package var name: String
    package var source: Source
    package var description: String?
    package var place: SourcePlace

    package init(name: String, source: Source, description: String?, place: SourcePlace) {
        self.name = name
        self.source = source
        self.description = description
        self.place = place
    }
}

/// A name that a person wrote, and where.
package struct Named: Hashable, Sendable {
    package var name: String
    package var place: SourcePlace

    package init(_ name: String, at place: SourcePlace) {
        self.name = name
        self.place = place
    }
}

package struct EnvironmentValue: Hashable, Sendable {
    package var name: String
    package var value: Template

    package init(name: String, value: Template) {
        self.name = name
        self.value = value
    }
}
