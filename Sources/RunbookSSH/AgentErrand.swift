internal import CLibssh
internal import Glibc

/// A login through an agent, on a thread of its own. The session is that thread's until it is done, and for good where
/// it is not done in time.
final class AgentErrand: Sendable {
    private enum State {
        case underWay
        case done(Int32)
        /// Nobody waits any more: the thread frees the session.
        case abandoned
    }

    private let state = LoopLock(State.underWay)
    private let bell: Int32
    private let session: LentSession
    private let deadline: UInt64

    init?(_ session: ssh_session, _ deadline: UInt64) {
        self.session = LentSession(session: session)
        self.deadline = deadline
        bell = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        if bell < 0 { return nil }
        var thread = pthread_t()
        let held = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<AgentErrand>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, held.toOpaque())
        if code != 0 {
            held.release()
            return nil
        }
        pthread_detach(thread)
    }

    deinit { if bell >= 0 { close(bell) } }

    /// What libssh says, `SSH_AUTH_AGAIN` where the host was too slow; nil where the agent was.
    func outcome(_ loop: EventLoop, isolation: isolated (any Actor) = #isolation) async -> Int32? {
        // The thread ends by the deadline unless the agent holds it.
        _ = await loop.wait(bell, .reading, deadline: deadline + 1_000_000_000, isolation: isolation)
        loop.forget(bell)
        return state.withLock { state in
            if case .done(let code) = state { return code }
            state = .abandoned
            return nil
        }
    }

    private func run() {
        var code = SSH_AUTH_AGAIN.rawValue
        var look = pollfd(fd: ssh_get_fd(session.session), events: Int16(POLLIN), revents: 0)
        while EventLoop.now() < deadline {
            code = ssh_userauth_agent(session.session, nil)
            guard code == SSH_AUTH_AGAIN.rawValue else { break }
            poll(&look, 1, 100)
        }
        let isWanted = state.withLock { state in
            if case .abandoned = state { return false }
            state = .done(code)
            return true
        }
        guard isWanted else { return ssh_free(session.session) }
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }
}

/// Sendable: one thread has it at a time; who lends it does not touch it before it is back.
private struct LentSession: @unchecked Sendable {
    let session: ssh_session
}
