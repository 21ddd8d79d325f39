import CMosquitto
import Glibc

/// libmosquitto as it was loaded.
@safe struct MosquittoLibrary: @unchecked Sendable {
    // The table is filled once, before anybody has its address, and never changes: any thread may read it.
    private let table: UnsafePointer<monitord_mosquitto>

    /// Its functions.
    var functions: monitord_mosquitto { unsafe table.pointee }

    /// Loads the library, if that was not done yet.
    ///
    /// - Throws: ``MQTTError/noLibrary(reason:)``.
    init() throws(MQTTError) {
        guard let table = unsafe monitord_mosquitto() else {
            // A text that stays for as long as the program.
            throw .noLibrary(reason: unsafe String(cString: monitord_mosquitto_problem()))
        }
        unsafe self.table = table
    }

    /// What a code of the library means, beginning in lower case; of `MOSQ_ERR_ERRNO` what the system says.
    func reason(_ code: Int32) -> String {
        if code == MOSQ_ERR_ERRNO.rawValue { return Self.systemReason(errno) }
        guard let text = unsafe functions.strerror(code).map({ unsafe String(cString: $0) }) else {
            return "error \(code)"
        }
        return Self.sentence(text)
    }

    /// Why a broker does not let a client in.
    func refusal(_ code: Int32) -> String {
        guard let text = unsafe functions.connack_string(code).map({ unsafe String(cString: $0) }) else {
            return "refusal \(code)"
        }
        return Self.sentence(text)
    }

    static func systemReason(_ code: Int32) -> String {
        unsafe strerror(code).map { sentence(unsafe String(cString: $0)) } ?? "error \(code)"
    }

    private static func sentence(_ text: String) -> String {
        let bare = text.last == "." ? text.dropLast() : text[...]
        return bare.prefix(1).lowercased() + bare.dropFirst()
    }
}
