internal import CRE2

/// A regular expression that is matched in a time that grows with the text and no faster, whatever the text: RE2. Hosts decide
/// what stands in the texts, and the engine waits for the answer.
///
/// Look-around and back-references do not exist in it. `\d`, `\w`, `\s` and `\b` are ASCII; the text is UTF-8.
package struct Pattern: ~Copyable {
    /// Of a pattern.
    package static let limitBytes = 1_000
    /// Of a pattern as it is compiled, and of what it keeps while it searches.
    private static let memoryBytes: Int64 = 1 << 20
    private static let instructions: Int32 = 4_000
    /// In the worst case each instruction is looked at for each byte: so many of both are half a second.
    private static let effort = 48 << 20

    private let handle: OpaquePointer
    /// What it can be looked for in: some hundred kilobytes, but for a very large pattern.
    private let textBytes: Int

    /// Throws where `text` is not a regular expression, or is too large for one.
    package init(_ text: String) throws(PatternFault) {
        guard text.utf8.count <= Self.limitBytes else {
            throw PatternFault(why: "it has more than \(Self.limitBytes) bytes")
        }
        var text = text
        var why = [CChar](repeating: 0, count: 200)
        let compiled = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                cre2_compile($0.baseAddress, $0.count, Self.memoryBytes, Self.instructions, &why, why.count)
            }
        }
        guard let compiled else {
            throw PatternFault(
                why: String(decoding: why.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        handle = compiled
        textBytes = Self.effort / max(1, Int(cre2_instructions(compiled)))
    }

    deinit { cre2_free(handle) }

    /// Whether it is found anywhere in `text`.
    package func isFound(in text: String) throws(PatternFault) -> Bool { try holds(text, whole: false) }

    /// Whether it is all of `text`.
    package func isWhole(_ text: String) throws(PatternFault) -> Bool { try holds(text, whole: true) }

    /// What its first group takes of `text`, or all of it that is found where there is no group; nil where it is not
    /// found, or the group takes no part in it.
    package func first(in text: String) throws(PatternFault) -> String? {
        try bound(text)
        var text = text
        return text.withUTF8 { bytes in
            var (begin, end) = (0, 0)
            let isFound = bytes.withMemoryRebound(to: CChar.self) {
                cre2_match(handle, $0.baseAddress, $0.count, false, &begin, &end)
            }
            guard isFound else { return nil }
            // A group that took no part in the match has found nothing.
            guard begin >= 0, begin <= end, end <= bytes.count else { return nil }
            return String(decoding: bytes[begin..<end], as: UTF8.self)
        }
    }

    private func bound(_ text: String) throws(PatternFault) {
        if text.utf8.count <= textBytes { return }
        throw PatternFault(why: "it can be looked for in \(textBytes) bytes, and here are \(text.utf8.count)")
    }

    private func holds(_ text: String, whole: Bool) throws(PatternFault) -> Bool {
        try bound(text)
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cre2_holds(handle, $0.baseAddress, $0.count, whole) }
        }
    }
}

/// Why a text can't be used as a regular expression.
package struct PatternFault: Error, Hashable {
    /// In the words of RE2: lower case, no full stop.
    package var why: String

    /// What to do about it.
    package var hint: String {
        if why.contains("(?") { return "look-around is not supported: match more, and take the part in ( )" }
        if why.contains("escape") { return "back-references are not supported; a plain \\ is written \\\\" }
        if why.contains("too large") || why.contains("repetition") || why.contains("bytes") {
            return "write a shorter one; a repetition is at most {1000}"
        }
        if why.contains("missing") { return "a plain bracket is written `\\(` or `\\[`" }
        return "see https://github.com/google/re2/wiki/Syntax"
    }
}
