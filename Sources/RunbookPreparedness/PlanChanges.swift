package import RunbookPlan
internal import RunbookModel

extension Plan {
    /// What is not as it was in an older plan of the same runbook: steps and machines, in sentences. That lines moved, or
    /// that a file lies elsewhere, is no change.
    package func changes(since old: Plan) -> [String] {
        Self.changes(old.runbook.steps.map { ($0.id, Form.of($0)) }, runbook.steps.map { ($0.id, Form.of($0)) }, "step")
            + Self.changes(
                old.inventory.hosts.map { ($0.name, Form.of($0.withoutFolders)) },
                inventory.hosts.map { ($0.name, Form.of($0.withoutFolders)) }, "machine")
            + Self.changes(
                old.inventory.services.map { ($0.name, Form.of($0)) },
                inventory.services.map { ($0.name, Form.of($0)) }, "service")
            + Self.changes(
                old.inventory.groups.map { ($0.name, Form.of($0)) }, inventory.groups.map { ($0.name, Form.of($0)) },
                "group")
            + Self.changes(old.values, values, "variable")
    }

    private var values: [(String, String)] { variables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }

    private static func changes(
        _ old: [(name: String, form: String)], _ new: [(name: String, form: String)], _ noun: String
    ) -> [String] {
        let before = Dictionary(old.map { ($0.name, $0.form) }, uniquingKeysWith: { one, _ in one })
        let after = Set(new.map(\.name))
        let kinds = [
            ("is new", "are new", new.filter { before[$0.name] == nil }),
            (
                "was changed", "were changed",
                new.filter { one in before[one.name].map { $0 != one.form } ?? false }
            ),
            ("is gone", "are gone", old.filter { !after.contains($0.name) }),
        ]
        return kinds.compactMap { one, several, items in
            guard !items.isEmpty else { return nil }
            return
                "\(ColdStartRules.count(items.count, noun)) \(items.count == 1 ? one : several): \(ColdStartRules.names(items.map(\.name)))"
        }
    }
}

/// A value in words that are the same for equal values, without where in a file it stands.
private enum Form {
    static func of(_ value: Any) -> String {
        switch value {
        case is SourcePlace: return ""
        case let text as String: return "\"\(text)\""
        default: break
        }
        let mirror = Mirror(reflecting: value)
        // Where in the reading order a step stands is no part of it.
        let parts = mirror.children.filter { $0.label != "number" || !(value is Step) }.map { child in
            "\(child.label ?? ""):\(of(child.value))"
        }
        switch mirror.displayStyle {
        case .dictionary, .set: return "[\(parts.sorted().joined(separator: ","))]"
        case .enum: return parts.isEmpty ? "\(value)" : "\(parts.joined(separator: ","))"
        default: return parts.isEmpty ? "\(value)" : "(\(parts.joined(separator: ",")))"
        }
    }
}

extension Host {
    /// With the names of its files alone.
    fileprivate var withoutFolders: Host {
        func name(_ path: String?) -> String? { path.map { $0.split(separator: "/").last.map(String.init) ?? $0 } }
        var host = self
        host.identityFile = name(identityFile)
        host.knownHosts = name(knownHosts)
        host.certificateFile = name(certificateFile)
        if case .file(let path)? = password?.source, let last = name(path) { host.password?.source = .file(last) }
        return host
    }
}
