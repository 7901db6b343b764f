import RunbookModel
import RunbookTransport
import Testing

/// A host may print anything at all: what is no reply ends the reading, and nothing more.
@Suite("What a host replies")
struct ReceiptReplyTests {
    private static let good =
        "BS1 n1\nO 3\nab\nE 2\nx\0H\nS claim=1 id=d1 go=run:12:b1 end=exit:0 alive=0 boot=b1 out=3 err=2 refused=\n"

    private func read(_ bytes: [UInt8], piece: Int = .max) -> (ending: ReceiptReply.Ending?, output: Int) {
        var reply = ReceiptReply(nonce: "n1")
        var output = 0
        var rest = bytes[...]
        while !rest.isEmpty {
            reply.take(Array(rest.prefix(piece))) { output += $0.bytes.count }
            rest = rest.dropFirst(piece)
        }
        return (reply.ending, output)
    }

    private static func status(_ line: String) -> [UInt8] { Array("BS1 n1\nS \(line)\n".utf8) }

    private static let expected = ReceiptReply.Ending.status(
        ReceiptStatus(
            claimed: true, digest: "d1", go: .run(boot: "b1"), end: .exit(0), boot: "b1", stdoutBytes: 3,
            stderrBytes: 2))

    @Test("a reply is read the same in pieces of any size", arguments: [1, 2, 3, 5, 7, 64, 1_000])
    func pieces(size: Int) {
        let (ending, output) = read(Array(Self.good.utf8), piece: size)
        #expect(ending == Self.expected)
        #expect(output == 5)
    }

    @Test(
        "what a login prints is passed over",
        arguments: [
            "Welcome!\n", "no line end ", "BS1 n2\n", "\u{1B}[2J\n", String(repeating: "x", count: 100_000) + "\n",
        ])
    func noise(_ noise: String) {
        #expect(read(Array((noise + Self.good).utf8)).ending == Self.expected)
    }

    @Test("noise without an end is no reply")
    func endlessNoise() {
        #expect(read(Array(repeating: 0x78, count: 1 << 20), piece: 4_096).ending == .garbage)
        #expect(read(Array(repeating: 0x0A, count: 1 << 20), piece: 4_096).ending == .garbage)
    }

    @Test(
        "what does not fit is garbage",
        arguments: [
            "O", "O 0", "O -1", "O 1048577", "O 99999999999999999999", "O x", "O 1 2", "E", "E 0", "H 1", "X", "X 256",
            "X -1", "X a", "Z", "", "O  ", "F", "F now=1", "S",
            "S claim=1 go= end= alive=0 out=0 err=0", "S claim=1 go=walk end= alive=0 boot=b out=0 err=0",
            "S claim=1 go=run:1 end= alive=0 boot=b out=0 err=0",
            "S claim=1 go= end=exit:256 alive=0 boot=b out=0 err=0",
            "S claim=1 go= end=exit: alive=0 boot=b out=0 err=0", "S claim=1 go= end=gone alive=0 boot=b out=0 err=0",
            "S claim=1 go= end= alive=0 boot=b out=-1 err=0", "S claim=1 go= end= alive=0 boot=b out=0 err=1e9",
            "S claim=1 go= end= alive=0 boot=b out=0 err=0 refused=maybe", String(repeating: "H", count: 5_000),
        ])
    func garbage(_ line: String) {
        #expect(read(Array("BS1 n1\n\(line)\n".utf8)).ending == .garbage)
    }

    @Test("after the end nothing more is read")
    func over() {
        let (ending, output) = read(Array((Self.good + "O 3\nabc").utf8))
        #expect(ending == Self.expected)
        #expect(output == 5)
    }

    @Test("a reply that is cut anywhere has no ending")
    func cut() {
        let bytes = Array(Self.good.utf8)
        for length in bytes.indices { #expect(read(Array(bytes[..<length])).ending == nil, "\(length)") }
    }

    @Test("a reply with bytes changed at random never hands out more than came", arguments: 0..<8 as Range<UInt64>)
    func changed(seed: UInt64) {
        var random = SplitMix(state: seed)
        let bytes = Array(Self.good.utf8)
        for _ in 0..<2_000 {
            var changed = bytes
            for _ in 0...Int(random.next() % 4) {
                let place = Int(random.next() % UInt64(changed.count))
                switch random.next() % 3 {
                case 0: changed[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: changed.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                default: changed.remove(at: place)
                }
            }
            let whole = read(changed)
            #expect(whole.output <= changed.count)
            let pieces = read(changed, piece: 3)
            #expect(pieces.ending == whole.ending)
            #expect(pieces.output == whole.output)
        }
    }
}

/// Numbers by chance that are the same in every run.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
