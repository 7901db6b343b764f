/// Text with `${{ … }}` in it, already split: the reader has checked syntax, the planner checks names.
package struct Template: Hashable, Sendable {
    package enum Segment: Hashable, Sendable {
        case literal(String)
        case reference(Reference)
    }

    /// `vars.pool`, `host.address`: a dotted path and where it stands.
    package struct Reference: Hashable, Sendable {
        package var path: [String]
        package var place: SourcePlace

        package init(path: [String], place: SourcePlace) {
            self.path = path
            self.place = place
        }

        package var name: String { path.joined(separator: ".") }

        /// `vars.NAME`: known before a run begins.
        package var isVariable: Bool { path.count == 2 && path[0] == "vars" }
    }

    package var segments: [Segment]
    package var place: SourcePlace

    package init(_ segments: [Segment], at place: SourcePlace) {
        self.segments = segments
        self.place = place
    }

    package init(literal: String, at place: SourcePlace) { self.init([.literal(literal)], at: place) }

    package var references: [Reference] {
        segments.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
    }

    /// The text as written.
    package var source: String {
        segments.map {
            switch $0 {
            case .literal(let text): text
            case .reference(let reference): "${{ \(reference.name) }}"
            }
        }.joined()
    }

    /// Why its values can't be part of a path on a host; nil where they can: a value must not lead out of the folder that
    /// the text names.
    package func pathFault(_ value: (Reference) -> String) -> String? {
        guard !references.isEmpty else { return nil }
        var before = ""
        for segment in segments {
            switch segment {
            case .literal(let text): before += text
            case .reference(let reference):
                let text = value(reference)
                let shown = "\(reference.name) is \"\(TerminalText.shown(String(text.prefix(200))))\""
                if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                    return "\(shown), and a path can't have control characters"
                }
                if !before.isEmpty, text.hasPrefix("/") { return "\(shown), an absolute path inside of another" }
                before += text
            }
        }
        let shown = TerminalText.shown(String(before.prefix(200)))
        if !before.hasPrefix("/") { return "with its values the path is \"\(shown)\", which is not absolute" }
        if before.split(separator: "/").contains("..") {
            return "with its values the path is \"\(shown)\", and `..` is not allowed in it"
        }
        return nil
    }

    /// The text with each value in place of its reference, as it is.
    package func text(_ value: (Reference) -> String) -> String {
        segments.map {
            switch $0 {
            case .literal(let text): text
            case .reference(let reference): value(reference)
            }
        }.joined()
    }
}
