import CKafka
import Glibc
import Synchronization

/// librdkafka's functions, found when they are first asked for.
///
/// Debian's 2.0.2 is what they are declared by; any later version of the library keeps them.
///
/// `@unchecked Sendable`: the table is filled once, before the pointer is there, and never changes or goes away; the
/// functions may be called on any thread.
@safe public struct KafkaLibrary: @unchecked Sendable {
    /// The name that the loader looks for.
    public static let defaultPath = "librdkafka.so.1"

    private let table: UnsafePointer<monitord_kafka_functions>
    private static let loaded = Mutex<[String: KafkaLibrary]>([:])

    /// The functions.
    var calls: monitord_kafka_functions {
        @inline(__always) _read { yield unsafe table.pointee }
    }

    /// The library at a path, loaded at the first call for it.
    ///
    /// - Throws: ``KafkaError/noLibrary(path:reason:)``.
    public static func load(_ path: String = defaultPath) throws(KafkaError) -> KafkaLibrary {
        if let known = loaded.withLock({ $0[path] }) { return known }
        var reason = [CChar](repeating: 0, count: 256)
        // The reason is written within the call only.
        guard let table = unsafe monitord_kafka_load(path, &reason, Int32(reason.count)) else {
            throw .noLibrary(path: path, reason: text(reason))
        }
        let library = unsafe KafkaLibrary(table: table)
        loaded.withLock { $0[path] = library }
        return library
    }

    /// The library's version, `2.0.2`.
    public var version: String { unsafe text(calls.rd_kafka_version_str()) }

    /// An error code in words.
    func text(_ code: rd_kafka_resp_err_t) -> String { unsafe text(calls.rd_kafka_err2str(code)) }

    /// A text of the library's.
    func text(_ pointer: UnsafePointer<CChar>?) -> String {
        // The library's texts end with 0 and are there for the call.
        unsafe pointer.map { unsafe String(cString: $0) } ?? ""
    }

    /// A text that the library has written into a buffer.
    static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
