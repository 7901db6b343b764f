import RunbookJournal
import Testing

@Suite("Who runs this program")
struct LocalUserTests {
    private static let file = Array(
        "root:x:0:0:root:/root:/bin/bash\n# no entry\nbroken:x:7:7:/home/broken\n:x:8:8::/home/none:/bin/sh\nops:x:1000:1000:Ops, 2nd floor:/home/ops:/bin/sh\nbare:x:9:9:::\nagain:x:0:0::/again:"
            .utf8)

    @Test(
        "is told by the entry of the number, the first one where there are several",
        arguments: [
            (0, LocalUser(name: "root", home: "/root")), (1000, LocalUser(name: "ops", home: "/home/ops")),
            (9, LocalUser(name: "bare", home: "/")), (7, nil), (8, nil), (5, nil),
        ] as [(Int, LocalUser?)])
    func entry(user: Int, found: LocalUser?) { #expect(LocalUser.find(user, in: Self.file) == found) }
}
