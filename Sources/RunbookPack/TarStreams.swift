/// Writes an archive: a file begins with ``begin(_:)``, its bytes follow, and ``end()`` ends it all.
package struct TarWriter<Sink: ByteSink> {
    package private(set) var sink: Sink
    private var written = 0
    /// Bytes of the open file that are still to come, and what fills its last block.
    private var missing = 0
    private var padding = 0

    package init(to sink: Sink) { self.sink = sink }

    package mutating func begin(_ entry: TarEntry) throws(PackFault) {
        if let fault = ArchiveName.fault(entry.name) { throw .unsuitable(entry.name, fault) }
        guard entry.size >= 0, entry.size <= PackLimits.fileBytes else {
            throw .unsuitable(entry.name, "it is larger than \(PackLimits.fileBytes) bytes")
        }
        try finishFile()
        try put(TarHeader.blocks(entry)[...])
        missing = entry.size
        padding = TarHeader.padding(entry.size)
    }

    package mutating func write(_ bytes: ArraySlice<UInt8>) throws(PackFault) {
        guard bytes.count <= missing else { throw .archive("a file is longer than its header says") }
        missing -= bytes.count
        try put(bytes)
    }

    package mutating func end() throws(PackFault) {
        try finishFile()
        let least = written + 2 * TarHeader.blockBytes
        let rest = (TarHeader.recordBytes - least % TarHeader.recordBytes) % TarHeader.recordBytes
        try put([UInt8](repeating: 0, count: 2 * TarHeader.blockBytes + rest)[...])
    }

    /// The stream that it is written to, once it is whole.
    package mutating func withSink(_ body: (inout Sink) throws(PackFault) -> Void) throws(PackFault) { try body(&sink) }

    private mutating func finishFile() throws(PackFault) {
        guard missing == 0 else { throw .archive("a file is shorter than its header says") }
        try put([UInt8](repeating: 0, count: padding)[...])
        padding = 0
    }

    private mutating func put(_ bytes: ArraySlice<UInt8>) throws(PackFault) {
        // Only its rest by the size of a record counts.
        written = (written + bytes.count) % TarHeader.recordBytes
        try sink.write(bytes)
    }
}

/// Reads an archive of regular files, and takes nothing that could be meant to lead elsewhere.
package struct TarReader<Source: ByteSource> {
    private var source: Source
    private var names: Set<String> = []
    /// Bytes of the open file that are still to be read, and what fills its last block.
    private var missing = 0
    private var padding = 0

    package init(from source: Source) { self.source = source }

    /// The next file; nil at the end, when all that follows was read and found to be zeros.
    package mutating func next() throws(PackFault) -> TarEntry? {
        while missing > 0 { _ = try read(PackLimits.chunkBytes) }
        guard try source.readWhole(padding).allSatisfy({ $0 == 0 }) else {
            throw .archive("something stands between two files")
        }
        padding = 0
        var block = try block()
        if block.allSatisfy({ $0 == 0 }) {
            try finish()
            return nil
        }
        var long: String?
        var (entry, kind) = try TarHeader.read(block)
        if kind == TarHeader.extended {
            guard entry.size <= 2 * PackLimits.nameBytes else { throw .archive("a name is too long") }
            let body = try source.readWhole(entry.size + TarHeader.padding(entry.size))
            guard body.count == entry.size + TarHeader.padding(entry.size),
                body.dropFirst(entry.size).allSatisfy({ $0 == 0 })
            else { throw .archive("an extended header is cut off") }
            long = try TarHeader.path(Array(body.prefix(entry.size)))
            block = try self.block()
            (entry, kind) = try TarHeader.read(block)
            guard kind == TarHeader.file else { throw .archive("an extended header stands before no file") }
        }
        if let long { entry.name = long }
        if let fault = ArchiveName.fault(entry.name) { throw .archive(fault) }
        guard names.count < PackLimits.entries else { throw .archive("it holds more than \(PackLimits.entries) files") }
        guard names.insert(entry.name).inserted else { throw .archive("it holds `\(entry.name)` twice") }
        missing = entry.size
        padding = TarHeader.padding(entry.size)
        return entry
    }

    /// The next bytes of the open file; none at its end.
    package mutating func read(_ limit: Int) throws(PackFault) -> ArraySlice<UInt8> {
        guard missing > 0 else { return [] }
        let bytes = try source.read(min(limit, missing))
        guard !bytes.isEmpty else { throw .archive("a file is cut off") }
        missing -= bytes.count
        return bytes
    }

    private mutating func block() throws(PackFault) -> [UInt8] {
        let block = try source.readWhole(TarHeader.blockBytes)
        guard block.count == TarHeader.blockBytes else { throw .archive("its end is missing") }
        return block
    }

    private mutating func finish() throws(PackFault) {
        guard try block().allSatisfy({ $0 == 0 }) else { throw .archive("its end is malformed") }
        while true {
            let rest = try source.read(PackLimits.chunkBytes)
            if rest.isEmpty { return }
            guard rest.allSatisfy({ $0 == 0 }) else { throw .archive("something stands behind its end") }
        }
    }
}
