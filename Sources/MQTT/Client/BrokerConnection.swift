import CMosquitto
import Glibc
import Ingest

/// A client of libmosquitto.
///
/// It is driven by whoever calls ``read()``, ``write()`` and ``tick()``, on that thread and no other; the library starts no
/// thread. Only ``connect()`` may block, for as long as a name is looked up and a connection made, and is called on a thread
/// of its own (``ConnectingThread``), while nobody else touches the client.
///
/// What the broker says comes to ``handler`` from within ``read()``.
@safe final class BrokerConnection: @unchecked Sendable {
    // Sendable because it is used by one thread at a time: the one that drives it hands it to the connecting thread, and has it
    // back when that says so through a pipe, which orders what both have written.

    /// What the broker says.
    protocol Handler: AnyObject {
        /// The broker has answered; `refusal` is `nil` when it lets us in. `isResumed` when it had kept our session.
        func connected(refusal: String?, isResumed: Bool)
        /// It has answered a subscription, a quality for each topic; 128 for one that it refuses.
        func subscribed(_ granted: [Int32])
        /// A message has come; `isRetained` when the broker had kept it for whoever subscribes.
        func received(
            _ topic: Span<UInt8>, _ payload: Span<UInt8>, number: Int32, quality: Int32, isRetained: Bool)
        /// A message that was published has been acknowledged.
        func acknowledged(_ number: Int32)
    }

    let access: BrokerAccess
    let library: MosquittoLibrary
    weak var handler: (any Handler)?
    private let client: OpaquePointer
    private let keepAlive: Int32

    /// Creates a client that is not connected.
    ///
    /// - Parameters:
    ///   - keepsSession: whether the broker is to keep subscriptions and what we miss while we are away.
    ///   - keepAlive: seconds after which a silent broker is asked whether it lives.
    /// - Throws: ``MQTTError`` when there is no library, a file cannot be read or a setting is refused.
    init(_ access: BrokerAccess, keepsSession: Bool, keepAlive: Int32 = 30) throws(MQTTError) {
        self.access = access
        self.keepAlive = keepAlive
        library = try MosquittoLibrary()
        guard let client = unsafe library.functions.create(access.client, !keepsSession, nil) else {
            throw .refusedSetting(what: "client_id \"\(access.client)\"", reason: MosquittoLibrary.systemReason(errno))
        }
        unsafe self.client = client
        try setUp()
    }

    deinit { unsafe library.functions.destroy(client) }

    private func setUp() throws(MQTTError) {
        let functions = library.functions
        let version = unsafe functions.int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311)
        try check(version, "the protocol's version")
        if let user = access.username {
            let password = try access.password()
            try check(unsafe functions.username_pw_set(client, user, password), "username")
        }
        if access.address.usesTLS {
            try access.checkFiles()
            // Without a file the certificates that the system trusts: OpenSSL finds them in this folder by their hashes.
            let folder = access.caFile == nil ? "/etc/ssl/certs" : nil
            try check(
                unsafe functions.tls_set(client, access.caFile, folder, access.certFile, access.keyFile, nil),
                "certificates")
        }
        setCallbacks()
    }

    private func check(_ code: Int32, _ what: String) throws(MQTTError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw .refusedSetting(what: what, reason: library.reason(code))
    }

    // MARK: Driving

    /// Looks the name up and connects; what the broker answers comes later. Blocks.
    func connect() -> Int32 {
        unsafe library.functions.connect(client, access.address.host, Int32(access.address.port), keepAlive)
    }

    /// The descriptor to wait on; `nil` when there is no connection.
    var descriptor: Int32? {
        let socket = unsafe library.functions.socket(client)
        return socket >= 0 ? socket : nil
    }

    /// Whether something waits to be written.
    var wantsToWrite: Bool { unsafe library.functions.want_write(client) }

    /// Reads what is there, a packet at a time.
    ///
    /// - Returns: the library's code; anything but 0 is the end of the connection.
    func read() -> Int32 { unsafe library.functions.loop_read(client, 1) }

    /// Writes what waits.
    func write() -> Int32 { unsafe library.functions.loop_write(client, 1) }

    /// Lets a second pass: asks a silent broker whether it lives.
    func tick() -> Int32 { unsafe library.functions.loop_misc(client) }

    /// Says good-bye, and waits a moment for the broker to hang up.
    ///
    /// A socket that is closed with something unread in it is reset, and the broker then throws away what it has not read
    /// yet: our last acknowledgements, so that it would send their messages again.
    func disconnect(patience: Int32 = 100) {
        guard let socket = descriptor, unsafe library.functions.disconnect(client) == 0 else { return }
        shutdown(socket, Int32(SHUT_WR))
        var waited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        var scratch = [UInt8](repeating: 0, count: 16 << 10)
        // One descriptor, and an array as long as it says. Each wait ends, and so does what a broker sends that got our good-bye.
        while unsafe poll(&waited, 1, patience) > 0,
            unsafe recv(socket, &scratch, scratch.count, Int32(MSG_DONTWAIT)) > 0
        {}
    }

    /// Subscribes to topics.
    func subscribe(_ topics: [String], quality: Int32) -> Int32 {
        var copies: [UnsafeMutablePointer<CChar>?] = unsafe topics.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        // The library copies the topics into the packet before it returns.
        return unsafe copies.withUnsafeMutableBufferPointer { buffer in
            unsafe library.functions.subscribe_multiple(
                client, nil, Int32(buffer.count), buffer.baseAddress, quality, 0, nil)
        }
    }

    /// Publishes a message.
    ///
    /// - Returns: the library's code, and the number under which the message will be acknowledged.
    func publish(_ topic: String, _ payload: [UInt8], quality: Int32, retained: Bool = false) -> (
        code: Int32, number: Int32
    ) {
        var number: Int32 = 0
        // The library copies topic and payload.
        let code = unsafe payload.withUnsafeBytes { bytes in
            unsafe library.functions.publish(
                client, &number, topic, Int32(bytes.count), bytes.baseAddress, quality, retained)
        }
        return (code, number)
    }

    // MARK: Callbacks

    private func setCallbacks() {
        let functions = library.functions
        // The client does not outlive this object, which destroys it: the object is there whenever the library calls.
        unsafe functions.user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
        unsafe functions.connect_callback_set(client) { _, owner, code, flags in
            guard let connection = unsafe BrokerConnection.from(owner) else { return }
            let refusal = code == 0 ? nil : connection.library.refusal(code)
            connection.handler?.connected(refusal: refusal, isResumed: flags & 1 == 1)
        }
        unsafe functions.subscribe_callback_set(client) { _, owner, _, count, granted in
            guard let connection = unsafe BrokerConnection.from(owner), let granted = unsafe granted else { return }
            // The library gives as many as it says.
            connection.handler?.subscribed((0..<Int(count)).map { unsafe granted[$0] })
        }
        unsafe functions.publish_callback_set(client) { _, owner, number in
            unsafe BrokerConnection.from(owner)?.handler?.acknowledged(number)
        }
        unsafe functions.message_callback_set(client) { _, owner, message in
            guard let connection = unsafe BrokerConnection.from(owner), let message = unsafe message?.pointee,
                let topic = unsafe message.topic
            else { return }
            // Topic and payload are the library's for as long as this call lasts; the topic ends with a zero.
            let name = unsafe UnsafeRawBufferPointer(start: topic, count: strlen(topic))
            let body = unsafe UnsafeRawBufferPointer(
                start: message.payload, count: message.payload == nil ? 0 : Int(message.payloadlen))
            unsafe connection.handler?.received(
                name.assumingMemoryBound(to: UInt8.self).span, body.assumingMemoryBound(to: UInt8.self).span,
                number: message.mid, quality: message.qos, isRetained: message.retain)
        }
    }

    private static func from(_ owner: UnsafeMutableRawPointer?) -> BrokerConnection? {
        // The owner was set by `setCallbacks` and lives for as long as the client does.
        unsafe owner.map { unsafe Unmanaged<BrokerConnection>.fromOpaque($0).takeUnretainedValue() }
    }
}
