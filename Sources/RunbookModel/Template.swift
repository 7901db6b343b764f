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
