public import Logging
public import TimeSeries

/// Datagrams that arrive at an address: each holds one line or several, or is an export of network flows.
///
/// A thread of its own receives (recvmmsg) and decodes, and never waits for the pipeline: what is too much waits in the
/// socket's buffer (8 MiB are asked for; what was granted is said), then in batches of rows between thread and pipeline,
/// and past that the oldest rows are dropped and counted. Losses of the socket are read from its own counter
/// (`SO_MEMINFO`), which knows of those after the last datagram too.
///
/// A line ends with its datagram. A datagram that is longer than the room for one is cut: the lines before the cut are
/// used, the half one is dropped.
///
/// Under a service manager the socket may outlive the process: one that was passed in and belongs to the address is used
/// with what waits in it (``PassedSockets``), and one that the source binds itself is offered to be kept. What such a socket
/// had dropped before is told once and not counted: some of it was counted by the process before this one.
public struct UDPSource: RecordSource {
    /// How much is received and held at once.
    public struct Limits: Equatable, Sendable {
        /// Bytes asked of the system for the socket's buffer.
        public var receiveBuffer: Int
        /// Room for one datagram; the default is above the largest there is.
        public var datagramSize: Int
        /// Batches that wait for the pipeline.
        public var batchesWaiting: Int
        /// Rows that wait in them.
        public var rowsWaiting: Int
        /// Most rows of a batch, but for those of the last datagram in it.
        public var rowsPerBatch: Int

        /// Creates limits.
        ///
        /// - Precondition: all are positive.
        public init(
            receiveBuffer: Int = 8 << 20, datagramSize: Int = 1 << 16, batchesWaiting: Int = 512,
            rowsWaiting: Int = 1 << 18, rowsPerBatch: Int = 512
        ) {
            precondition(
                receiveBuffer > 0 && datagramSize > 0 && batchesWaiting > 3 && rowsWaiting > 0 && rowsPerBatch > 0,
                "limits are positive")
            self.receiveBuffer = receiveBuffer
            self.datagramSize = datagramSize
            self.batchesWaiting = batchesWaiting
            self.rowsWaiting = rowsWaiting
            self.rowsPerBatch = rowsPerBatch
        }
    }

    private let configuration: SourceConfiguration
    private let address: SocketAddress
    private let stream: String
    private let resume: DecodingState?
    private let limits: Limits
    private let surroundings: StreamFeed.Surroundings
    private let passed: PassedSockets
    private let keep: (@Sendable (_ descriptor: Int32, _ name: String) -> Void)?
    private let onListening: (@Sendable (_ port: UInt16) -> Void)?

    /// Creates a source; the address is bound when it runs.
    ///
    /// - Parameters:
    ///   - address: `ADDRESS:PORT` in numbers; an IPv6 address in brackets; port 0 for any that is free.
    ///   - stream: the stream's and the series' name.
    ///   - arrival: the wall clock, asked once for the datagrams received at once.
    ///   - admission: when a key that lines name becomes a series.
    ///   - resume: what is known of the stream's series from before; `nil` for nothing.
    ///   - logger: where the buffer, losses, the dialect and unusable lines are told; `nil` only counts them.
    ///   - onSchema: told the stream's name and schema once, on the reading thread, before the first batch.
    ///   - passed: sockets that are bound already; one that belongs to the address is taken over.
    ///   - keep: told a socket that the source has bound itself, and a name by which it is known again; called before
    ///     `onListening`, and the descriptor is open for the call.
    ///   - onListening: told the port once the address is bound.
    /// - Throws: ``IngestError/notAnAddress(_:)``.
    public init(
        address: String, stream: String = "input", configuration: SourceConfiguration,
        arrival: (@Sendable () -> Timestamp)?, limits: Limits = Limits(),
        telemetry: SourceTelemetry = SourceTelemetry(), admission: SeriesAdmission = SeriesAdmission(),
        resume: DecodingState? = nil, logger: Logger? = nil,
        onSchema: (@Sendable (_ stream: String, _ schema: StreamSchema) -> Void)? = nil,
        passed: PassedSockets = PassedSockets(),
        keep: (@Sendable (_ descriptor: Int32, _ name: String) -> Void)? = nil,
        onListening: (@Sendable (_ port: UInt16) -> Void)? = nil
    ) throws(IngestError) {
        guard let parsed = SocketAddress(address) else { throw .notAnAddress(address) }
        self.address = parsed
        self.stream = stream
        self.configuration = configuration
        self.resume = resume
        self.limits = limits
        self.passed = passed
        self.keep = keep
        self.onListening = onListening
        surroundings = StreamFeed.Surroundings(
            limits: ReadingLimits(rowsPerBatch: limits.rowsPerBatch), arrival: arrival, telemetry: telemetry,
            logger: logger, onSchema: onSchema, admission: admission)
    }

    /// Receives until the task is cancelled or `deliver` throws. When it is cancelled, what had arrived by then is
    /// received and delivered first.
    ///
    /// - Throws: ``IngestError/cannotBind(address:reason:)``, and for lines that are ambiguous.
    public func run(deliver: @escaping @Sendable (RecordBatch) async throws -> Void) async throws {
        let socket = try bind()
        let droppedBefore = System.droppedDatagrams(of: socket) ?? 0
        try await ReadingThread.run(
            batches: limits.batchesWaiting, activity: surroundings.telemetry.activity,
            droppingPast: limits.rowsWaiting,
            deliver: deliver
        ) { outlet in
            var receiver = DatagramReceiver(
                socket, address.text, limits, surroundings, droppedBefore: droppedBefore)
            let decoder = try LineDecoder(
                configuration: configuration, seriesName: stream, goingOnFrom: resume,
                admission: surroundings.admission)
            var feed = StreamFeed(stream, decoder, surroundings)
            defer { receiver.readDrops() }
            do {
                while true {
                    // What waits to fill up its batch goes on after a moment in which nothing comes.
                    try outlet.wait(for: [socket], milliseconds: receiver.hasRows ? 2 : 250)
                    try receiver.receive(&feed, outlet)
                    // They are in the socket's buffer for so long: each at once would be a call and a batch for one or two.
                    if receiver.isDense { try outlet.wait(for: [], milliseconds: 1) }
                }
            } catch is ReadingStopped {
                // Nobody can send it again.
                try receiver.receiveRest(&feed, outlet)
                throw ReadingStopped()
            }
        }
    }

    private func bind() throws(IngestError) -> Descriptor {
        do {
            if let socket = passed.claim(address) {
                // Asking again without the right to go past the system's limit would make a large buffer smaller.
                let granted = System.receiveBuffer(of: socket)
                surroundings.telemetry.update { $0.receiveBuffer = granted }
                let port = System.port(of: socket)
                surroundings.logger?.tookOver(
                    address.text, port: port, buffer: granted, dropped: System.droppedDatagrams(of: socket) ?? 0)
                onListening?(port)
                return socket
            }
            let socket = try System.bindDatagramSocket(address)
            let granted = System.askForReceiveBuffer(limits.receiveBuffer, of: socket)
            surroundings.telemetry.update { $0.receiveBuffer = granted }
            let port = System.port(of: socket)
            surroundings.logger?.listening(
                address.text, port: port, granted: granted, asked: limits.receiveBuffer)
            keep?(socket.number, address.descriptorName)
            onListening?(port)
            return socket
        } catch {
            throw .cannotBind(address: address.text, reason: error.reason)
        }
    }
}

/// The thread's side of a UDP source: receives, decodes, and hands on what has come.
private struct DatagramReceiver {
    private static let datagramsAtOnce = 64
    /// Batches that may wait before rows are collected into larger ones.
    private static let eager = 2
    /// Datagrams that come within less of each other are waited for a millisecond.
    private static let densest = Duration.microseconds(100)
    /// Bytes of a socket's buffer that hold those of some milliseconds, whatever the rate: a smaller one is not made to wait.
    private static let leastBufferToWait = 1 << 20
    /// Receptions between two looks at the socket's counter.
    private static let receptionsPerLook: UInt64 = 256

    private let socket: Descriptor
    private let address: String
    private let limits: UDPSource.Limits
    private let surroundings: StreamFeed.Surroundings
    /// What the socket had dropped when it was taken over.
    private let droppedBefore: UInt64
    private var buffer: [UInt8]
    private var lengths = [Int32](repeating: 0, count: DatagramReceiver.datagramsAtOnce)
    private var senders = [UInt8](repeating: 0, count: 16 * DatagramReceiver.datagramsAtOnce)
    private var collected: RecordBatch?
    private var receptions: UInt64 = 0
    private let mayWait: Bool
    private var received = ContinuousClock.now
    /// Whether datagrams come so closely, and all that were there are taken, that a moment's wait gathers several.
    private(set) var isDense = false
    private var dropped = GrowthNotice()
    private var droppedRows = GrowthNotice()
    private var cut = GrowthNotice()

    init(
        _ socket: Descriptor, _ address: String, _ limits: UDPSource.Limits, _ surroundings: StreamFeed.Surroundings,
        droppedBefore: UInt64
    ) {
        self.droppedBefore = droppedBefore
        self.socket = socket
        self.address = address
        self.limits = limits
        self.surroundings = surroundings
        mayWait = surroundings.telemetry.counters.receiveBuffer >= Self.leastBufferToWait
        // Pages that no datagram reaches are never touched.
        buffer = [UInt8](repeating: 0, count: limits.datagramSize * Self.datagramsAtOnce)
    }

    /// Whether rows wait to be handed on.
    var hasRows: Bool { collected != nil }

    /// Receives what is there and hands it on, or collects it while the pipeline is busy.
    mutating func receive(_ feed: inout StreamFeed, _ outlet: BatchOutlet) throws {
        guard let count = try receive() else {
            isDense = false
            readDrops()
            return send(outlet)
        }
        let now = ContinuousClock.now
        isDense = mayWait && count < Self.datagramsAtOnce && now - received <= Self.densest * count
        received = now
        try take(count, &feed, outlet)
        let rows = collected?.rows.count ?? 0
        if rows >= limits.rowsPerBatch || outlet.waitingBatches < Self.eager { send(outlet) }
        receptions += 1
        if receptions % Self.receptionsPerLook == 0 { readDrops() }
    }

    /// Decodes the datagrams in the buffer into the batch that is collected; one that is full is handed on.
    private mutating func take(_ count: Int, _ feed: inout StreamFeed, _ outlet: BatchOutlet) throws {
        var batch = collected ?? RecordBatch()
        collected = nil
        feed.begin(&batch)
        for index in 0..<count {
            let range = usable(index)
            let sender = NetworkAddress(
                high: senders.span.big64(16 * index), low: senders.span.big64(16 * index + 8))
            feed.feedDatagram(buffer.span.extracting(range), from: sender, into: &batch)
            guard batch.rows.count >= limits.rowsPerBatch, index + 1 < count else { continue }
            collected = try feed.end(batch)
            send(outlet)
            batch = RecordBatch()
            feed.begin(&batch)
        }
        surroundings.telemetry.update { $0.datagrams += UInt64(count) }
        if let complete = try feed.end(batch) { collected = complete }
    }

    /// Receives what the socket holds at the stop, and hands on all that waits.
    ///
    /// At most what fits the socket's buffer: an exporter that goes on sending does not hold up the stop.
    mutating func receiveRest(_ feed: inout StreamFeed, _ outlet: BatchOutlet) throws {
        var room = max(surroundings.telemetry.counters.receiveBuffer, limits.datagramSize)
        while room > 0, let count = try receive() {
            room -= lengths[..<count].reduce(0) { $0 + max(1, $1 < 0 ? limits.datagramSize : Int($1)) }
            try take(count, &feed, outlet)
            if (collected?.rows.count ?? 0) >= limits.rowsPerBatch { send(outlet) }
        }
        send(outlet)
        try feed.finish { batch in
            collected = batch
            send(outlet)
        }
    }

    /// The number of datagrams received into the buffer; `nil` when none is there.
    private mutating func receive() throws(SystemCallError) -> Int? {
        do {
            return try System.receive(
                from: socket, into: &buffer, slot: limits.datagramSize, lengths: &lengths, senders: &senders)
        } catch {
            if error.isNothingYet { return nil }
            throw error
        }
    }

    private mutating func send(_ outlet: BatchOutlet) {
        guard let batch = collected else { return }
        collected = nil
        let lost = UInt64(outlet.sendNow(batch))
        guard lost > 0 else { return }
        surroundings.telemetry.update { $0.droppedRows += lost }
        if let count = droppedRows.note(total: surroundings.telemetry.counters.droppedRows) {
            surroundings.logger?.dropped(address, rows: count)
        }
    }

    /// Where a datagram lies in the buffer; of one that was cut, its whole lines.
    private mutating func usable(_ index: Int) -> Range<Int> {
        let start = index * limits.datagramSize
        guard lengths[index] < 0 else { return start..<(start + Int(lengths[index])) }
        noteCut()
        var end = start + limits.datagramSize
        while end > start, buffer[end - 1] != UInt8(ascii: "\n") { end -= 1 }
        return start..<end
    }

    private mutating func noteCut() {
        surroundings.telemetry.update { $0.cutDatagrams += 1 }
        if let count = cut.note(total: surroundings.telemetry.counters.cutDatagrams) {
            surroundings.logger?.cut(address, datagrams: count)
        }
    }

    /// Reads the socket's own counter of what it dropped.
    mutating func readDrops() {
        guard let counter = System.droppedDatagrams(of: socket) else { return }
        // The kernel's counter has 32 bits and goes round.
        let total = counter >= droppedBefore ? counter - droppedBefore : counter
        surroundings.telemetry.update { $0.droppedDatagrams = total }
        if let count = dropped.note(total: total) { surroundings.logger?.dropped(address, datagrams: count) }
    }
}

/// Tells a growing count now and then: when it is first above 0, and each time it is ten times more.
package struct GrowthNotice: Equatable, Sendable {
    private var next: UInt64 = 1

    /// Creates a notice of nothing yet.
    package init() {}

    /// The count when it is to be told.
    package mutating func note(total: UInt64) -> UInt64? {
        guard total >= next else { return nil }
        while next <= total, next < .max / 10 { next *= 10 }
        return total
    }
}
