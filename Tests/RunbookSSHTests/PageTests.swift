import Foundation
import RunbookModel
import RunbookSSH
import RunbookTransport
import TestTools
import Testing

/// Answers one request with these pieces, then closes.
private final class CannedServer: Sendable {
    let port: Int
    private let listener: Int32

    init(_ pieces: [[UInt8]]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = try TestServer.bound(listener)
        guard listen(listener, 1) == 0 else { throw ToolFault(what: "nobody can listen") }
        self.listener = listener
        Thread.detachNewThread {
            let peer = accept(listener, nil, nil)
            guard peer >= 0 else { return }
            var one: Int32 = 1
            setsockopt(peer, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            var request = [UInt8](repeating: 0, count: 4_096)
            _ = recv(peer, &request, request.count, 0)
            for piece in pieces {
                var rest = piece[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    if count <= 0 { break }
                    rest = rest.dropFirst(count)
                }
            }
            close(peer)
        }
    }

    deinit { close(listener) }
}

@Suite("A page that is asked for from here", .serialized)
struct PageTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var claim: String
        var pieces: [[UInt8]]
        var status: Int?
        var body = ""
        var why = ""
        /// Nothing was learnt of what runs there.
        var isUnreached = false
        /// It is not all of the page.
        var isCut = false

        init(
            _ claim: String, _ pieces: [String], status: Int?, body: String = "", why: String = "",
            isUnreached: Bool = false, isCut: Bool = false
        ) {
            self.isUnreached = isUnreached
            self.isCut = isCut
            self.claim = claim
            self.pieces = pieces.map { Array($0.utf8) }
            (self.status, self.body, self.why) = (status, body, why)
        }

        var testDescription: String { claim }
    }

    private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let whole = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nready"

    private func ask(_ url: String) async -> ProbeAnswer? {
        let transport = SSHTransport(hosts: [], options: SSHOptions(user: NSUserName()))
        let visit = Visit(transport)
        let said = await visit.ask(.probe(ProbeRequest(.http(url: url), timeout: .seconds(60))), host: Host.localName)
        await visit.end()
        if case .probe(let answer) = said.reply { return answer }
        return nil
    }

    @Test(
        "its status and body are read, however it comes",
        arguments: [
            Row("at once", [whole], status: 200, body: "ready"),
            Row("byte by byte", whole.map { String($0) }, status: 200, body: "ready"),
            Row("more than was promised", [whole + "\r\nmore"], status: 200, body: "ready"),
            Row("without a length", ["HTTP/1.0 503 Busy\n\n", "later"], status: 503, body: "later"),
            Row("behind another head", ["HTTP/1.1 100 Continue\r\n\r\n" + whole], status: 200, body: "ready"),
            Row(
                "behind two, in pieces",
                ["HTTP/1.1 100 Continue\r\n\r", "\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", whole],
                status: 200, body: "ready"),
            Row("another protocol", ["HTTP/1.1 101 Switching\r\n\r\n"], status: 101),
            Row("without a body", ["HTTP/1.1 204 No Content\r\n\r\n"], status: 204),
            Row(
                "in chunks", [chunked + "5\r\nready\r\n", "3;x=y\r\n, a\r\n", "0\r\n\r\n"], status: 200,
                body: "ready, a"),
            Row("in chunks without the last", [chunked + "5\r\nready\r\n"], status: 200, body: "ready", isCut: true),
            Row("in chunks, cut in one", [chunked + "ff\r\nready"], status: 200, body: "ready", isCut: true),
            Row(
                "cut before its end", ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nready"], status: 200, body: "ready",
                isCut: true),
            Row(
                "with two lengths", ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nready"],
                status: 200, body: "ready", isCut: true),
            Row(
                "nothing at all", [], status: nil, why: "the connection was closed without an answer", isUnreached: true
            ),
            Row(
                "cut in its head", ["HTTP/1.1 200 OK\r\nServer: x\r\n"], status: nil,
                why: "the page broke off in its head", isUnreached: true),
            Row(
                "something else", ["220 mail ESMTP\r\n"], status: nil, why: "the answer is not HTTP", isUnreached: true),
            Row(
                "an invalid status", ["HTTP/1.1 99999999999999999999 x\r\n\r\n"], status: nil,
                why: "the answer is not HTTP", isUnreached: true),
            Row(
                "an invalid length", ["HTTP/1.1 200 x\r\nContent-Length: 99999999999999999999\r\n\r\nhi"],
                status: 200, body: "hi", isCut: true),
        ])
    func pages(_ row: Row) async throws {
        let server = try CannedServer(row.pieces)
        let answer = try #require(await ask("http://127.0.0.1:\(server.port)/health"))
        let result: ProbeAnswer.Result =
            row.isUnreached ? .unreached(row.why) : .http(status: row.status, row.why)
        #expect(answer == ProbeAnswer(result, stdout: Array(row.body.utf8), isCut: row.isCut))
    }

    @Test("a page without end is cut, and does not take memory or time without end")
    func endless() async throws {
        let server = try CannedServer(
            [Array("HTTP/1.1 200 OK\r\n\r\n".utf8)]
                + Array(repeating: Array(repeating: 0x7A, count: 1 << 20), count: 64))
        let answer = try #require(await ask("http://127.0.0.1:\(server.port)/"))
        #expect(answer.result == .http(status: 200, ""))
        #expect(answer.stdout.count == Limits.checkOutputBytes && answer.isCut)
    }

    @Test(
        "what is no address of a page is said so",
        arguments: ["https://127.0.0.1/", "http://", "http://a:b/", "ftp://a/", "http://a:99999/"])
    func bad(_ url: String) async throws {
        let answer = try #require(await ask(url))
        guard case .unasked(let why) = answer.result else {
            Issue.record("\(answer)")
            return
        }
        #expect(why == (url.hasPrefix("https") ? "https is not supported yet" : "invalid http address \(url)"))
    }
}
