/// What may reach a terminal: an allow-list, so that no escape sequence of a host or a file ever does.
package enum TerminalText {
    /// Whether `scalar` is safe to show: no control, no bidirectional override, no zero-width trick, no line separator.
    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: true
        case 0...0x9F, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB,
            0xE0000...0xE0FFF, 0xE000...0xF8FF, 0xF0000...0x10FFFF:
            false
        // Noncharacters: no XML may hold them.
        case 0xFDD0...0xFDEF: false
        case let value where value & 0xFFFE == 0xFFFE: false
        default: true
        }
    }

    /// `text` with everything that is not printable shown as `\u{..}`; a line end stays when `lines` is true, a tab
    /// becomes a space unless `tabs` is true.
    package static func shown(_ text: String, lines: Bool = false, tabs: Bool = false) -> String {
        func stays(_ scalar: Unicode.Scalar) -> Bool {
            isPrintable(scalar) || (lines && scalar == "\n") || (tabs && scalar == "\t")
        }
        if text.unicodeScalars.allSatisfy(stays) { return text }
        var view = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if stays(scalar) {
                view.append(scalar)
            } else if scalar == "\t" {
                view.append(" ")
            } else {
                view.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            }
        }
        return String(view)
    }

    /// `text` as one line of at most `columns` characters: white space in a row becomes one space, what is not printable
    /// becomes U+FFFD, and what does not fit is cut with `...` in its place.
    package static func line(_ text: String, columns: Int) -> String {
        var view = String.UnicodeScalarView()
        var isSpaced = true
        for scalar in text.unicodeScalars {
            let isSpace = scalar == " " || (0x09...0x0D).contains(scalar.value)
            if isSpace, isSpaced { continue }
            isSpaced = isSpace
            view.append(isSpace ? " " : isPrintable(scalar) ? scalar : "\u{FFFD}")
            // One more than fits tells that something has to be cut.
            if view.count > columns + 1 { break }
        }
        if view.last == " " { view.removeLast() }
        guard view.count > columns else { return String(view) }
        return String(String.UnicodeScalarView(view.prefix(max(0, columns - 3)))) + "..."
    }

    /// Bytes of a host as text that is safe to show: bytes that are not UTF-8 become U+FFFD.
    package static func shown(bytes: some Collection<UInt8>, lines: Bool = false) -> String {
        shown(String(decoding: bytes, as: UTF8.self), lines: lines)
    }
}
