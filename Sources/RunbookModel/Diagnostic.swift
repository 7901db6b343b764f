/// A place in a file that a person wrote: lines and columns count from 1, columns in Unicode scalars.
package struct SourcePlace: Hashable, Sendable {
    package var path: String
    package var line: Int
    package var column: Int

    package init(path: String, line: Int, column: Int) {
        self.path = path
        self.line = line
        self.column = column
    }
}

extension SourcePlace: CustomStringConvertible {
    package var description: String { "\(TerminalText.shown(path)):\(line):\(column)" }
}

/// One thing that is wrong with a file, with the facts needed to show it: where, what, and how to mend it.
package struct Diagnostic: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable { case error, warning }

    package var severity: Severity
    package var place: SourcePlace
    package var message: String
    /// The text of the line at `place`, without its line end; empty where the file has no such line.
    package var sourceLine: String
    package var hint: String?

    package init(
        _ severity: Severity = .error, at place: SourcePlace, _ message: String, sourceLine: String = "",
        hint: String? = nil
    ) {
        self.severity = severity
        self.place = place
        self.message = message
        self.sourceLine = sourceLine
        self.hint = hint
    }
}

extension Diagnostic {
    /// `path:line:col: error: message`, the source line, a caret under the column, and the hint.
    ///
    /// Control characters in the source line are shown as spaces, and a long line is cut around the column.
    package var rendered: String {
        var text = "\(place): \(severity.rawValue): \(message)"
        if !sourceLine.isEmpty {
            let (line, column) = Self.window(sourceLine, column: place.column)
            text += "\n    \(line)\n    \(String(repeating: " ", count: max(0, column - 1)))^"
        }
        if let hint { text += "\n    hint: \(hint)" }
        return text
    }

    /// The part of `line` that fits 100 columns around `column`, and the column in that part.
    private static func window(_ line: String, column: Int) -> (String, Int) {
        let scalars = line.unicodeScalars.map { TerminalText.isPrintable($0) ? $0 : " " }
        let width = 100
        guard scalars.count > width else { return (text(scalars[...]), min(column, scalars.count + 1)) }
        let start = max(0, min(column - 1 - width / 2, scalars.count - width))
        return (text(scalars[start..<min(scalars.count, start + width)]), column - start)
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

/// The files of one command could not be read as what they should be: every error found, in file order.
package struct InvalidFiles: Error, Sendable {
    package var diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}
