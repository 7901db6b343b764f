import Foundation
import RunbookPack
import TestTools

/// Encrypts bytes in memory.
func sealed(_ bytes: [UInt8], _ lock: AgeLock) throws -> [UInt8] {
    var encryptor = try AgeEncryptor(lock, to: MemorySink())
    try encryptor.write(bytes[...])
    try encryptor.finish()
    return encryptor.sink.bytes
}

/// Decrypts them again.
func opened(_ file: [UInt8], _ opener: AgeOpener) throws -> [UInt8] {
    var source = MemorySource(file)
    let header = try AgeHeader(from: &source)
    var decryptor = try AgeDecryptor(header, opener, from: source)
    var bytes: [UInt8] = []
    while case let more = try decryptor.read(1 << 20), !more.isEmpty { bytes += more }
    return bytes
}

/// The fault that this ends with.
func fault(_ body: () throws -> Void) -> PackFault? {
    do { try body() } catch { return error as? PackFault }
    return nil
}

func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

/// An archive of blocks that need not be right.
func unpacked(_ archive: [UInt8]) throws -> [(entry: TarEntry, bytes: [UInt8])] {
    var reader = TarReader(from: MemorySource(archive))
    var files: [(entry: TarEntry, bytes: [UInt8])] = []
    while let entry = try reader.next() {
        var bytes: [UInt8] = []
        while case let more = try reader.read(1_000), !more.isEmpty { bytes += more }
        files.append((entry, bytes))
    }
    return files
}

func archived(_ files: [(entry: TarEntry, bytes: [UInt8])]) throws -> [UInt8] {
    var writer = TarWriter(to: MemorySink())
    for file in files {
        try writer.begin(file.entry)
        try writer.write(file.bytes[...])
    }
    try writer.end()
    return writer.sink.bytes
}
