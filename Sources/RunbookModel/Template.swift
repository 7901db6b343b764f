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

    /// The text as a shell command: each value arrives as one quoted shell word.
    package func command(_ value: (Reference) -> String) -> String { text { ShellWord.quote(value($0)) } }
}

/// POSIX shell quoting.
package enum ShellWord {
    /// `text` as exactly one word of a POSIX shell.
    package static func quote(_ text: String) -> String {
        let plain = text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x40, 0x5F: true
            default: false
            }
        }
        if plain, !text.isEmpty { return text }
        var quoted = "'"
        for scalar in text.unicodeScalars {
            if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
        }
        return quoted + "'"
    }
}
