import Glibc
import Ingest

/// Where a broker is, and who we are to it.
public struct BrokerAccess: Equatable, Sendable {
    /// As it was written, for messages.
    public let text: String
    let address: BrokerAddress
    /// The name under which the broker knows the client and keeps what it has missed.
    public var client: String
    /// `username`.
    public var username: String?
    /// A file whose first line is the password.
    public var passwordFile: String?
    /// The certificates that the broker's may be signed by; `nil` for those of the system.
    public var caFile: String?
    /// The certificate that is shown to the broker.
    public var certFile: String?
    /// Its key.
    public var keyFile: String?

    /// Creates the access to a broker without a password or certificate.
    ///
    /// - Parameter address: `mqtt://HOST:PORT` or `mqtts://HOST:PORT`.
    /// - Throws: ``MQTTError/notABroker(_:)``.
    public init(_ address: String, client: String) throws(MQTTError) {
        guard let parsed = BrokerAddress(address) else { throw .notABroker(address) }
        text = address
        self.address = parsed
        self.client = client
    }

    /// Takes user, password and certificates out of a source's settings.
    mutating func take(_ settings: MQTTSettings) {
        username = settings.username
        passwordFile = settings.passwordFile
        caFile = settings.caFile
        certFile = settings.certFile
        keyFile = settings.keyFile
    }

    /// The password, read anew each time: it may have been changed since.
    func password() throws(MQTTError) -> String? {
        guard let path = passwordFile else { return nil }
        let text = try SmallFile.text(path)
        return text.split(separator: "\n", omittingEmptySubsequences: false).first.map {
            $0.last == "\r" ? String($0.dropLast()) : String($0)
        }
    }

    /// Refuses files that cannot be read, by name: the library would only say that TLS failed.
    func checkFiles() throws(MQTTError) {
        for path in [caFile, certFile, keyFile].compactMap({ $0 }) { _ = try SmallFile.text(path) }
    }
}

/// Files of a few lines.
enum SmallFile {
    private static let longest = 1 << 20

    /// What a file holds, up to a megabyte.
    static func text(_ path: String) throws(MQTTError) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unusableFile(path: path, reason: MosquittoLibrary.systemReason(errno)) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < longest {
            // The array is as long as it says.
            let count = unsafe read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unusableFile(path: path, reason: MosquittoLibrary.systemReason(errno)) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
