/// One wrapped copy of the file key.
package struct AgeStanza: Hashable, Sendable {
    package var arguments: [String]
    package var body: [UInt8]

    package init(_ arguments: [String], body: [UInt8]) {
        self.arguments = arguments
        self.body = body
    }

    package var type: String { arguments.first ?? "" }
}

/// The text at the head of an age file. This knows its lines, and nothing of what they mean.
///
/// ```
/// age-encryption.org/v1
/// -> X25519 XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE
/// qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E
/// --- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s
/// ```
package struct AgeHeader: Hashable, Sendable {
    package var stanzas: [AgeStanza]
    /// All up to and with the `---`: what the code at the end is made over.
    package private(set) var coded: [UInt8]
    package private(set) var code: [UInt8] = []

    private static let firstLine = "age-encryption.org/v1"
    private static let columns = 64
    static let codeBytes = 32

    /// A new one, without its code.
    package init(_ stanzas: [AgeStanza]) {
        self.stanzas = stanzas
        coded = Array("\(Self.firstLine)\n".utf8)
        for stanza in stanzas {
            coded += Array("-> \(stanza.arguments.joined(separator: " "))\n".utf8)
            var rest = AgeBase64.encode(stanza.body)[...]
            // A full line is never the last one.
            while rest.count >= Self.columns {
                coded += rest.prefix(Self.columns) + [0x0A]
                rest = rest.dropFirst(Self.columns)
            }
            coded += rest + [0x0A]
        }
        coded += Array("---".utf8)
    }

    /// All of it, with a code.
    package func text(code: [UInt8]) -> [UInt8] { coded + [0x20] + AgeBase64.encode(code) + [0x0A] }

    /// Reads a header, and not a byte more.
    package init(from source: inout some ByteSource) throws(PackFault) {
        var lines = HeaderLines()
        guard try lines.next(&source, limit: Self.firstLine.utf8.count) == Array(Self.firstLine.utf8) else {
            throw .notAge
        }
        stanzas = []
        var line = try lines.next(&source)
        while !line.starts(with: "---".utf8) {
            let arguments = try Self.arguments(line)
            var body: [UInt8] = []
            repeat {
                line = try lines.next(&source)
                guard line.count <= Self.columns else { throw .header("a line is too long") }
                body += line
            } while line.count == Self.columns
            guard let bytes = AgeBase64.decode(body) else { throw .header("a line is not in the base64 of age") }
            stanzas.append(AgeStanza(arguments, body: bytes))
            line = try lines.next(&source)
        }
        guard !stanzas.isEmpty else { throw .header("it names no recipient") }
        guard line.starts(with: "--- ".utf8), let code = AgeBase64.decode(line.dropFirst(4)),
            code.count == Self.codeBytes
        else { throw .header("the code at its end is malformed") }
        self.code = code
        coded = Array(lines.read.dropLast(line.count + 1)) + Array("---".utf8)
    }

    private static func arguments(_ line: [UInt8]) throws(PackFault) -> [String] {
        guard line.starts(with: "-> ".utf8) else { throw .header("a recipient does not begin with `-> `") }
        let words = line.dropFirst(3).split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (0x21...0x7E).contains($0) } }) else {
            throw .header("the words of a recipient are malformed")
        }
        return words.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The lines of a header, without their ends, and all that was read of it.
private struct HeaderLines {
    private(set) var read: [UInt8] = []

    mutating func next(
        _ source: inout some ByteSource, limit: Int = PackLimits.headerLineBytes
    ) throws(PackFault) -> [UInt8] {
        let begin = read.count
        while true {
            // Byte by byte: what follows the header is not ours to take.
            guard let byte = try source.read(1).first else {
                throw begin == 0 ? .notAge : .cutOff
            }
            if byte == 0x0A {
                defer { read.append(byte) }
                return Array(read[begin...])
            }
            read.append(byte)
            guard read.count - begin <= limit else { throw begin == 0 ? .notAge : .header("a line is too long") }
            guard read.count <= PackLimits.headerBytes else { throw .header("it is too long") }
        }
    }
}
