/// Floats on a 64-byte border, zero at first: what the kernels work on.
///
/// It owns its memory and never grows; taking `base` is unsafe, the rest checks its indices. Its length is rounded up to whole vectors of 16, so that a kernel may read and
/// write the last vector whole.
@safe struct AlignedBuffer: ~Copyable {
    /// Number of floats, rounded up to a multiple of 16.
    let count: Int
    @unsafe let base: UnsafeMutablePointer<Float>

    init(count: Int) {
        precondition(count >= 0, "a buffer of \(count) floats")
        self.count = roundedUp(max(count, 1))
        let memory = UnsafeMutableRawPointer.allocate(byteCount: self.count * 4, alignment: 64)
        // Bound once, for the life of the buffer, and initialised whole.
        unsafe base = memory.bindMemory(to: Float.self, capacity: self.count)
        unsafe base.initialize(repeating: 0, count: self.count)
    }

    deinit { unsafe base.deallocate() }

    subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "float \(index) of \(count)")
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count, "float \(index) of \(count)")
            unsafe base[index] = newValue
        }
    }

    /// Sets `length` floats from `start` on to zero.
    func clear(from start: Int = 0, count length: Int? = nil) {
        let length = length ?? count - start
        precondition(start >= 0 && length >= 0 && start + length <= count, "\(length) floats at \(start) of \(count)")
        unsafe (base + start).update(repeating: 0, count: length)
    }

    /// Copies all of another buffer of the same length.
    func copy(from other: borrowing AlignedBuffer) {
        precondition(count == other.count, "\(other.count) floats into \(count)")
        unsafe base.update(from: other.base, count: count)
    }

    /// Gives all floats for the time of a call.
    func withSpan<Result>(_ body: (Span<Float>) -> Result) -> Result {
        // The buffer outlives the call, and the span cannot.
        unsafe body(UnsafeBufferPointer(start: base, count: count).span)
    }

    /// Gives all floats, to be changed, for the time of a call.
    func withMutableSpan<Result>(_ body: (inout MutableSpan<Float>) -> Result) -> Result {
        // As above; nobody else touches a buffer while its owner's call lasts.
        var span = unsafe UnsafeMutableBufferPointer(start: base, count: count).mutableSpan
        return body(&span)
    }

    /// The first `length` floats as an array.
    func array(count length: Int) -> [Float] {
        precondition(length <= count, "\(length) floats of \(count)")
        return unsafe [Float](UnsafeBufferPointer(start: base, count: length))
    }

    /// Overwrites the first floats.
    func assign(_ values: [Float]) {
        precondition(values.count <= count, "\(values.count) floats into \(count)")
        for (index, value) in values.enumerated() { unsafe base[index] = value }
    }
}

/// The next multiple of 16, the logical vector width.
func roundedUp(_ count: Int) -> Int { (count + 15) & ~15 }
