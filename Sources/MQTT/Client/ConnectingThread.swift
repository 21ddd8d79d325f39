import Glibc
import Synchronization

/// Makes a connection on a thread of its own, because looking a name up and connecting may block for minutes, and nobody could
/// stop the daemon meanwhile.
///
/// Whoever gives up waiting leaves the thread alone with the client; both go when the call returns.
final class ConnectingThread: Sendable {
    private let connection: BrokerConnection
    private let result = Mutex<String?>(nil)
    private let ends: (reading: Int32, writing: Int32)

    /// Becomes readable when the call has returned.
    var descriptor: Int32 { ends.reading }
    /// Why it failed, once ``descriptor`` is readable; `nil` when it did not.
    var failure: String? { result.withLock { $0 } }

    /// Starts connecting.
    ///
    /// - Throws: ``MQTTError/cannotConnect(address:reason:)`` when the system has no more descriptors or threads.
    init(_ connection: BrokerConnection) throws(MQTTError) {
        self.connection = connection
        var pair: [Int32] = [-1, -1]
        // The array holds the two descriptors that the call writes.
        guard unsafe pipe(&pair) == 0 else { throw Self.failure(connection, errno) }
        for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        ends = (pair[0], pair[1])
        try start()
    }

    deinit {
        close(ends.reading)
        close(ends.writing)
    }

    private func start() throws(MQTTError) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe _ = pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        // The thread takes this reference over and gives it up when it has run.
        let reference = unsafe Unmanaged.passRetained(self)
        let code = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                // Signals belong to the threads that wait for them.
                var all = sigset_t()
                unsafe sigfillset(&all)
                unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
                if let argument = unsafe argument {
                    unsafe Unmanaged<ConnectingThread>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, unsafe reference.toOpaque())
        guard code == 0 else {
            unsafe reference.release()
            throw Self.failure(connection, code)
        }
    }

    private func run() {
        let code = connection.connect()
        // What the system says of it is this thread's alone.
        let failure = code == 0 ? nil : connection.library.reason(code)
        result.withLock { $0 = failure }
        var byte: UInt8 = 1
        // A pipe with room for thousands; the reader closes it only after this object is gone.
        _ = unsafe write(ends.writing, &byte, 1)
    }

    private static func failure(_ connection: BrokerConnection, _ code: Int32) -> MQTTError {
        .cannotConnect(address: connection.access.text, reason: MosquittoLibrary.systemReason(code))
    }
}
