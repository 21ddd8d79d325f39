import CKernels
import Glibc

/// Which multiply-add a machine computes with; results are bit-equal within a class and differ between the two.
public enum ArithmeticClass: String, Sendable {
    /// One rounding for a·b + c: AVX-512, AVX2, NEON.
    case fused
    /// Two roundings: x86-64 without FMA.
    case unfused
}

/// One build of the numeric kernels, chosen once and passed to whoever computes.
///
/// Safe although it holds a pointer: only tables of the C target get in, and they are constants.
///
/// `MONITORD_KERNELS` names another than the fastest (`avx512`, `avx2`, `baseline`, and for tests `avx512-unfused`,
/// `avx2-unfused`, `exact`); a name that this machine cannot run is ignored and reported by ``refusedRequest``.
@safe public struct Kernels: Sendable {
    // The table is a constant of the C target: never written, never freed.
    nonisolated(unsafe) let table: UnsafePointer<mk_kernels>

    private init(table: UnsafePointer<mk_kernels>) { unsafe self.table = table }

    /// The build's name.
    public var name: String { unsafe String(cString: table.pointee.name) }

    /// The arithmetic class of its results.
    public var arithmeticClass: ArithmeticClass { unsafe table.pointee.fused != 0 ? .fused : .unfused }

    /// The build of a name; `nil` when there is none or this machine cannot run it.
    public static func named(_ name: String) -> Kernels? {
        guard let table = unsafe mk_kernels_named(name) else { return nil }
        return unsafe Kernels(table: table)
    }

    /// All builds that this machine can run, the fastest first.
    public static var available: [Kernels] {
        ["avx512", "avx2", "baseline", "avx512-unfused", "avx2-unfused", "exact"].compactMap(named)
    }

    /// What `MONITORD_KERNELS` asks for.
    private static let request: String? = {
        // The environment is read once, before any thread could change it.
        guard let value = unsafe getenv("MONITORD_KERNELS") else { return nil }
        return unsafe String(cString: value)
    }()

    /// The name in `MONITORD_KERNELS` when it could not be honoured.
    public static let refusedRequest: String? = request.flatMap { named($0) == nil ? $0 : nil }

    /// The fastest build, or the one that `MONITORD_KERNELS` names.
    public static let best: Kernels = {
        if let request, let kernels = named(request) { return kernels }
        // The C side always has a baseline build.
        return unsafe Kernels(table: mk_kernels_best())
    }()
}
