/// Reading the file in progress, and what is written to those before it.
extension FollowedPath {
    /// Reads once; an empty range of bytes at the end of what there is.
    mutating func readOnce(_ buffer: inout [UInt8], _ emit: (RecordBatch) throws -> Void) throws
        -> OpenFile.Reading
    {
        // Not taken out of its place: that would be a copy for each read.
        guard current?.isFinished == false else { return .bytes(0..<0) }
        let reading: OpenFile.Reading
        do {
            reading = try current?.read(&buffer) ?? .bytes(0..<0)
        } catch {
            throw IngestError.cannotRead(path: path, reason: error.reason)
        }
        guard case .bytes(let bytes) = reading else { return reading }
        if let gzip = current?.gzip {
            try unpack(gzip, buffer.span.extracting(bytes), emit)
        } else if !bytes.isEmpty {
            try feed.feed(buffer.span.extracting(bytes), emit)
        }
        return reading
    }

    /// Unpacks what was read of a gzip file; at its end the stream's last line is a line.
    mutating func unpack(
        _ gzip: GzipStream, _ bytes: Span<UInt8>, _ emit: (RecordBatch) throws -> Void
    ) throws {
        var left = current?.dropped ?? 0
        try gzip.feed(bytes) { unpacked in
            let skipped = Int(min(left, Int64(unpacked.count)))
            left -= Int64(skipped)
            try feed.feed(unpacked.extracting(skipped..<unpacked.count), emit)
        }
        current?.dropped = left
        guard bytes.count == 0 else { return }
        current?.isFinished = true
        gzip.finish()
        if let damage = gzip.damage { surroundings.tellDamage(path, damage, after: current?.offset ?? 0) }
        try feed.finish(emit)
    }

    /// Takes in what was written to rotated files after they had been read to their end: whole lines only.
    ///
    /// They come behind lines of the next file, and a restart goes on in that one; it looks at the rotated files again too.
    mutating func readLate(
        _ buffer: inout [UInt8], at now: Duration, _ emit: (RecordBatch) throws -> Void
    ) throws -> Bool {
        let known = retired.count
        retired.removeAll { now - $0.since > Self.lateWait }
        if retired.count < known { nameRetired() }
        guard !retired.isEmpty, current?.isPacked == false, feed.canFeedLate else { return false }
        var hasRead = false
        for index in retired.indices {
            let before = retired[index].file.offset
            guard let status = try? System.status(retired[index].file.descriptor), status.size > before,
                case .bytes(let bytes)? = try? retired[index].file.read(&buffer)
            else { continue }
            let newline = UInt8(ascii: "\n")
            var first = bytes.lowerBound
            if retired[index].isWithinLine {
                guard let end = buffer[bytes].firstIndex(of: newline) else { continue }
                first = end + 1
                retired[index].isWithinLine = false
            }
            guard let last = buffer[bytes].lastIndex(of: newline) else {
                // A line longer than the buffer is no line of a late writer; half a line is read again.
                if bytes.count < buffer.count - OpenFile.longestContext { retired[index].file.move(to: before) }
                continue
            }
            retired[index].file.move(to: before + Int64(last + 1 - bytes.lowerBound))
            guard first <= last else { continue }
            // Named as read before they are: a crash between two of their batches loses lines rather than read them twice.
            nameRetired()
            let place = feed.offset
            try feed.feedLate(buffer.span.extracting(first..<(last + 1)), emit)
            current?.move(to: place)
            hasRead = true
        }
        return hasRead
    }
}
