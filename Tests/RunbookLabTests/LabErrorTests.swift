import RunbookLab
import RunbookModel
import Testing

@Suite("Errors of the lab")
struct LabErrorTests {
    @Test(
        "each says what is wrong",
        arguments: [
            (LabError.folderInUse("/l"), "the folder /l is not empty; a lab wants a folder of its own"),
            (.folderOwner("/l"), "/l is not a folder of yours; a lab wants one that no one else can write to"),
            (
                .folderName("/a b"),
                "the folder name /a b has characters that sshd_config can't hold; use letters, digits and . _ + , @ / -"
            ),
            (.hostName("a b"), "the host name `a b` can't name a folder; use letters, digits and . _ -"),
            (.noHosts, "the inventory has no hosts"),
            (.tooManyHosts(201, limit: 200), "the inventory has 201 hosts; a lab holds 200"),
            (.speed(0), "a lab can't run at speed 0; use 1 to 1000"),
            (.lifetime, "a lab lives between 1 second and 7 days"),
            (.noServer, "no sshd found; install the package openssh-server"),
            (.noClient, "no ssh and ssh-keygen found; install the package openssh-client"),
            (.noProgram("/p"), "/p is not a program that can be run"),
            (.notALab("/l"), "/l is not the folder of a lab"),
            (.damaged(path: "/l/state", line: 3), "/l/state:3: this line is damaged"),
            (
                .system(action: "make", path: "/l", reason: "No space left on device"),
                "can't make /l: No space left on device"
            ),
            (.toolFailed(tool: "/usr/bin/ssh-keygen", status: 1), "/usr/bin/ssh-keygen ended with status 1"),
            (.noFreePort, "no port from 2222 to 2321 is free on all addresses of the lab"),
            (.didNotStart(host: "h", log: ""), "the SSH server of h did not start"),
            (.didNotStart(host: "h", log: "bad"), "the SSH server of h did not start: bad"),
            (.noLogin(user: "u", log: "denied"), "the SSH servers run, but `u` can't log in: denied"),
            (.unknownHost("x"), "the lab has no host `x`"),
        ])
    func sentences(error: LabError, sentence: String) {
        #expect("\(error)" == sentence)
    }

    @Test("what no lab can be made of is refused before a folder is made")
    func refused() throws {
        let folder = TestLab.freshFolder()
        func up(
            _ hosts: [String] = ["a"], folder: String = folder, speed: Int = 1, program: String = TestLab.program,
            lifetime: Duration = .seconds(60)
        ) -> LabError? {
            var inventory = Inventory(path: "i", name: "i")
            inventory.hosts = hosts.map { Host(name: $0, address: "10.0.0.1", at: place) }
            do {
                _ = try Lab.up(
                    fixture: labFixture(), inventory: inventory, folder: folder, speed: speed, program: program,
                    lifetime: lifetime)
                return nil
            } catch {
                return error
            }
        }
        #expect(up([]) == .noHosts)
        #expect(up(Array(repeating: "a", count: 201)) == .tooManyHosts(201, limit: 200))
        for name in ["", "..", "-a", "a/b", "a b", "local"] { #expect(up([name]) == .hostName(name)) }
        for speed in [Int.min, 0, 1_001] { #expect(up(speed: speed) == .speed(speed)) }
        for lifetime in [Duration.zero, .seconds(604_801)] { #expect(up(lifetime: lifetime) == .lifetime) }
        #expect(up(folder: "/nowhere/a b") == .folderName("/nowhere/a b"))
        #expect(up(folder: "/etc/passwd") == .folderOwner("/etc/passwd"))
        #expect(up(program: "/etc/passwd") == .noProgram("/etc/passwd"))
        #expect(throws: LabError.notALab(folder)) { try Lab.down(folder: folder) }
        #expect(throws: LabError.notALab(folder)) { try Lab.status(folder: folder) }
    }
}
