internal import CLibssh

/// The memory of a process that is given secrets: it leaves no core file, and no other process of the same user may read
/// it. Programs that it starts leave no core file either, unless they raise that limit themselves.
package enum ProcessMemory {
    package static func close() { _ = blackstart_close_memory() }
}
