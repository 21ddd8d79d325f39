import Glibc

/// What is fuzzed: named by `MONITORD_FUZZED`, since libFuzzer gives its entry nothing but bytes.
///
/// libFuzzer calls the entry from one thread, one call behind the other.
nonisolated(unsafe) private let fuzzed: Fuzzed = {
    // The environment does not change while libFuzzer runs, and the text is copied.
    let name = unsafe getenv("MONITORD_FUZZED").map { unsafe String(cString: $0) } ?? ""
    if name == "export" { return .exports }
    if name == "recognition" { return .recognition(RecognitionFuzzer()) }
    guard let decoder = LineFuzzer(name) else {
        preconditionFailure("MONITORD_FUZZED names no decoder: \(name)")
    }
    return .decoder(decoder)
}()

private enum Fuzzed {
    case decoder(LineFuzzer)
    case recognition(RecognitionFuzzer)
    case exports
}

/// The entry that libFuzzer calls; a trap is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    switch fuzzed {
    case .decoder(let decoder): decoder.test(input)
    case .recognition(let recognition): recognition.test(input)
    case .exports: ExportFuzzer.test(input)
    }
    return 0
}
