import Glibc

/// TCP on the addresses of a lab, which are all IPv4 loopback.
enum Sockets {
    private static func withAddress<Result>(
        _ address: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result? {
        var place = sockaddr_in()
        guard let number = in_port_t(exactly: port), inet_pton(AF_INET, address, &place.sin_addr) == 1 else {
            return nil
        }
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = number.bigEndian
        return withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func open() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    /// The first words of what listens there, within a second; nil where nothing does.
    static func greeting(_ address: String, _ port: Int) -> String? {
        let descriptor = open()
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        guard withAddress(address, port, { connect(descriptor, $0, $1) }) == 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 255)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// A listening socket; -1 where the port is taken.
    static func listen(_ address: String, _ port: Int) -> Int32 {
        let descriptor = open()
        guard descriptor >= 0 else { return -1 }
        // A server that has just ended leaves connections in TIME_WAIT, which must not hold the port.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        if withAddress(address, port, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0 {
            return descriptor
        }
        close(descriptor)
        return -1
    }

    static func isFree(_ address: String, _ port: Int) -> Bool {
        let descriptor = listen(address, port)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }
}
