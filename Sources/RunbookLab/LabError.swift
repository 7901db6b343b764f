/// What can go wrong with a lab.
package enum LabError: Error, Hashable, Sendable {
    case folderInUse(String)
    case folderOwner(String)
    case folderName(String)
    case hostName(String)
    case noHosts
    case tooManyHosts(Int, limit: Int)
    case speed(Int)
    case lifetime
    case noServer
    case noClient
    case noProgram(String)
    case notALab(String)
    case damaged(path: String, line: Int)
    case system(action: String, path: String, reason: String)
    case toolFailed(tool: String, status: Int32)
    case noFreePort
    case didNotStart(host: String, log: String)
    case noLogin(user: String, log: String)
    case unknownHost(String)
}

extension LabError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .folderInUse(let path): "the folder \(path) is not empty; a lab wants a folder of its own"
        case .folderOwner(let path): "\(path) is not a folder of yours; a lab wants one that no one else can write to"
        case .folderName(let path):
            "the folder name \(path) has characters that sshd_config can't hold; use letters, digits and . _ + , @ / -"
        case .hostName(let name): "the host name `\(name)` can't name a folder; use letters, digits and . _ -"
        case .noHosts: "the inventory has no hosts"
        case .tooManyHosts(let count, let limit): "the inventory has \(count) hosts; a lab holds \(limit)"
        case .speed(let speed): "a lab can't run at speed \(speed); use 1 to 1000"
        case .lifetime: "a lab lives between 1 second and 7 days"
        case .noServer: "no sshd found; install the package openssh-server"
        case .noClient: "no ssh and ssh-keygen found; install the package openssh-client"
        case .noProgram(let path): "\(path) is not a program that can be run"
        case .notALab(let path): "\(path) is not the folder of a lab"
        case .damaged(let path, let line): "\(path):\(line): this line is damaged"
        case .system(let action, let path, let reason): "can't \(action) \(path): \(reason)"
        case .toolFailed(let tool, let status): "\(tool) ended with status \(status)"
        case .noFreePort: "no port from 2222 to 2321 is free on all addresses of the lab"
        case .didNotStart(let host, let log):
            "the SSH server of \(host) did not start\(log.isEmpty ? "" : ": \(log)")"
        case .noLogin(let user, let log):
            "the SSH servers run, but `\(user)` can't log in\(log.isEmpty ? "" : ": \(log)")"
        case .unknownHost(let name): "the lab has no host `\(name)`"
        }
    }
}
