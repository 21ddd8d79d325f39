#if Kafka
    import Alerting
    import Glibc
    import Ingest
    import Kafka
    import Logging
    import Persistence
    import TimeSeries

    /// One source of topics: takes the partitions that the group gives this worker, with all that is known of them, and gives
    /// them up again.
    ///
    ///     turn      messages ⇒ the pipelines of their partitions, side by side
    ///     assigned  snapshot ⇒ local state ⇒ pipeline; claim the next epoch; read from where the state stands
    ///     revoked   commit ⇒ snapshot ⇒ released
    ///     lost      what is in hand is dropped: it is another's
    ///
    /// A turn that comes too late, as when the process was stopped, finds its lease run out: then what has come waits until the
    /// group has answered, which it does a member alone, or has revoked the partitions.
    ///
    /// Nothing is scored without a lease (``PartitionLease``), and each snapshot bears the epoch of its writer
    /// (``SnapshotRecords``): of two workers that both believe to have a partition one is silent, and counts for nothing.
    actor KafkaWorker {
        /// What it works with of the daemon.
        struct Surroundings: Sendable {
            let streams: StreamTable
            let life: ServiceLife
            let admission: SeriesAdmission
            let telemetry: SourceTelemetry
            let board: PartitionBoard
            /// The worker's lasting name.
            let worker: String
        }

        /// A partition that is this worker's.
        private struct Held {
            var stream: String
            var epoch: UInt64
            /// Snapshots written in this epoch.
            var generation: UInt64 = 0
            /// When the next one is due, in seconds of the clock.
            var snapshotDue: Double
            /// The offset behind the last message that was scored.
            var next: Int64
            /// Keys of epochs before, which can go with the next snapshot.
            var oldKeys: [String]
        }

        private let input: KafkaInput
        private let source: SourceConfiguration
        private let number: Int
        private let around: Surroundings
        private let logger: Logger
        private let lease: PartitionLease
        private var held: [KafkaPartition: Held] = [:]
        /// When the group was last told how far partitions are read.
        private var lastCommit = 0.0
        /// What has come and waits for the lease, in order.
        private var waiting: [KafkaReading.Turn.Part] = []
        /// When the last turn began.
        private var lastTurn = 0.0
        /// When the lease was asked for last, and since when it is missing.
        private var lastAsked = 0.0
        private var withoutLeaseSince: Double?
        /// When the group is joined again that was left because the lease ran out.
        private var rejoinsAt: Double?
        private var problems = RecurringProblems()
        /// Whether the brokers answer.
        private var isConnected = false
        /// When that was last asked for its own sake.
        private var lastProbe = 0.0
        /// Seconds between two tries to get the lease back.
        private static let secondsBetweenAsking = 0.3
        /// Session time-outs without a lease after which the group is left and joined anew, and turns that may wait for it.
        private static let mostSessionsWithoutLease = 5.0
        private static let mostWaiting = 64
        /// Seconds between two tellings of how far partitions are read.
        private static let secondsBetweenCommits = 5.0
        /// Seconds between two tries to connect anew.
        private static let longestPause = 60.0
        /// Seconds between two questions whether any broker answers.
        private static let secondsBetweenProbes = 5.0

        init(
            _ input: KafkaInput, source: SourceConfiguration, number: Int, around: Surroundings, logger: Logger
        ) {
            self.input = input
            self.source = source
            self.number = number
            self.around = around
            self.logger = logger
            lease = PartitionLease(session: input.sessionTimeout, clock: Self.clock)
        }

        /// Seconds that go on while the process is stopped and while the machine sleeps.
        private static let clock: @Sendable () -> Double = {
            var now = timespec()
            // The call fills a struct of ours and cannot fail with this clock.
            _ = unsafe clock_gettime(CLOCK_BOOTTIME, &now)
            return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
        }

        /// Works until the task is cancelled; a cluster that cannot be reached is tried again.
        ///
        /// - Throws: `KafkaSetupError`, `KafkaError`, `IngestError` for lines that can be read in two ways.
        func run() async throws {
            var pause = 1.0
            try KafkaSetup.check(input)
            around.telemetry.update { $0.broker = BrokerCounters() }
            var isAnnounced = false
            while !Task.isCancelled {
                let clients = try KafkaClients(input, worker: around.worker)
                if !isAnnounced { announce(clients) }
                isAnnounced = true
                do {
                    try await work(with: clients)
                } catch is CancellationError {
                } catch let error as KafkaError {
                    tell("\(error)")
                    await dropAll()
                    try? await Task.sleep(for: .seconds(pause))
                    pause = min(2 * pause, Self.longestPause)
                    continue
                } catch {
                    await leave(clients)
                    throw error
                }
                pause = 1
                // A stop does not stop the giving up in order.
                await Task { await self.leave(clients) }.value
            }
        }

        private func announce(_ clients: KafkaClients) {
            logger.notice(
                """
                joining group \(input.group) as member \(around.worker) at \(input.brokers), \
                topics \(input.topics.joined(separator: ", ")), librdkafka \(clients.version)
                """)
        }

        private func work(with clients: KafkaClients) async throws {
            while true {
                try Task.checkCancellation()
                lease.turn()
                lastTurn = Self.clock()
                let turn = try await clients.read { try $0.turn(milliseconds: 100) }
                around.telemetry.update { $0.broker?.messages += UInt64(turn.messages) }
                waiting += turn.parts.filter { held[$0.partition] != nil }
                if try await hasLease(clients) { try await scoreWaiting(clients) }
                switch turn.event {
                case nil: break
                case .assigned(let partitions): try await takeOver(partitions, clients)
                case .revoked(let partitions, let isLost): try await giveUp(partitions, isLost: isLost, clients)
                case .committed: note(isConnected: true)
                case .problem(let text): tell(text)
                case .unreachable(let text):
                    note(isConnected: false)
                    tell("no broker can be reached: \(text)")
                case .fatal(let text): throw KafkaError.fatal(reason: text)
                }
                try await commitOffsets(clients)
                try await writeDueSnapshots(clients)
                try await probe(clients)
                if let rejoinsAt, Self.clock() >= rejoinsAt {
                    self.rejoinsAt = nil
                    try await clients.read { try $0.consumer.subscribe() }
                }
            }
        }

        // MARK: Messages

        private func scoreWaiting(_ clients: KafkaClients) async throws {
            // Parts of one partition one after another, those of different ones side by side.
            while !waiting.isEmpty {
                var now: [KafkaReading.Turn.Part] = []
                var later: [KafkaReading.Turn.Part] = []
                for part in waiting {
                    if now.contains(where: { $0.partition == part.partition }) {
                        later.append(part)
                    } else {
                        now.append(part)
                    }
                }
                waiting = later
                guard try await score(now, clients) else { return }
            }
        }

        /// Scores a part of each of some partitions.
        ///
        /// - Returns: whether they are this worker's still.
        private func score(_ parts: [KafkaReading.Turn.Part], _ clients: KafkaClients) async throws -> Bool {
            let (streams, source, number, board, lease) = (around.streams, source, number, around.board, lease)
            let isLost = try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for part in parts {
                    let stream = "\(part.partition)"
                    tasks.addTask {
                        let begin = ProcessUsage.now().seconds
                        do {
                            if let batch = part.batch {
                                try await streams.process(batch, of: source, number: number)
                            }
                        } catch is PartitionLost {
                            return true
                        }
                        // Where the lease has run out meanwhile, as when the process was stopped in between, what came of
                        // the batch is dropped, or proves to be in order when the lease is renewed.
                        guard lease.isHeld else {
                            board.count { $0.lateBatches += 1 }
                            return false
                        }
                        board.note(
                            stream, scoredFrom: begin, to: ProcessUsage.now().seconds, next: part.next, of: part.end)
                        await streams.note(stream, isLagging: part.end.map { part.next < $0 } ?? true)
                        return false
                    }
                }
                return try await tasks.reduce(false) { $0 || $1 }
            }
            for part in parts { held[part.partition]?.next = part.next }
            if isLost { try await loseAll(clients) }
            return !isLost
        }

        /// Whether the partitions are this worker's still. A lease that has run out is asked for again: the group answers a
        /// member alone.
        private func hasLease(_ clients: KafkaClients) async throws -> Bool {
            guard !held.isEmpty, rejoinsAt == nil else { return false }
            let now = Self.clock()
            if !lease.isHeld, now - lastAsked >= Self.secondsBetweenAsking {
                lastAsked = now
                try await renewLease(clients)
            }
            if lease.isHeld {
                withoutLeaseSince = nil
                return true
            }
            let since = withoutLeaseSince ?? now
            withoutLeaseSince = since
            if now - since > Self.mostSessionsWithoutLease * input.sessionTimeout || waiting.count > Self.mostWaiting {
                try await loseAll(clients)
            }
            return false
        }

        /// Asks the group whether this is a member of it.
        private func renewLease(_ clients: KafkaClients) async throws {
            let offsets = held.map { ($0.key, offset: $0.value.next) }
            let sent = Self.clock()
            do {
                try await clients.read { try $0.consumer.commitAndWait(offsets) }
                lease.renew(sentAt: sent)
            } catch let error as KafkaError {
                if withoutLeaseSince == nil {
                    tell("the lease of \(held.count) partitions has run out and they wait: \(error)")
                }
            }
        }

        /// Tells the group how far partitions are read, for people who look at its lag.
        private func commitOffsets(_ clients: KafkaClients) async throws {
            let now = Self.clock()
            guard !held.isEmpty, now - lastCommit >= Self.secondsBetweenCommits else { return }
            lastCommit = now
            let offsets = held.map { ($0.key, offset: $0.value.next) }
            try await clients.read { $0.consumer.commit(offsets) }
        }

        // MARK: Partitions come and go

        private func takeOver(_ partitions: [KafkaPartition], _ clients: KafkaClients) async throws {
            let begin = Self.clock()
            note(isConnected: true)
            let wasInTime = lease.isHeld || held.isEmpty && begin - lastTurn < input.sessionTimeout / 2
            var starts: [(KafkaPartition, offset: Int64)] = []
            if !partitions.isEmpty {
                around.board.note(problem: nil)
                let counts = try await clients.partitionCounts(of: Set(partitions.map(\.topic)))
                for (topic, reason) in try await clients.makeSnapshotTopics(for: counts) {
                    tell("the topic of the snapshots \(topic) cannot be made: \(reason)")
                }
                for partition in partitions.sorted() {
                    let share = 1 / Double(max(1, counts[partition.topic] ?? 1))
                    starts.append((partition, try await takeOver(partition, share: share, clients)))
                }
            }
            let offsets = starts
            try await clients.read { try $0.consumer.assign(offsets) }
            guard !partitions.isEmpty else { return }
            // The group has just given them, unless this turn came too late to know.
            if wasInTime { lease.renew(sentAt: Self.clock()) }
            around.board.count {
                $0.takenOver += UInt64(partitions.count)
                $0.takingOverSeconds = Self.clock() - begin
            }
        }

        /// Takes a partition over.
        ///
        /// - Returns: the offset from which it is read.
        private func takeOver(
            _ partition: KafkaPartition, share: Double, _ clients: KafkaClients
        ) async throws -> Int64 {
            let stream = "\(partition)"
            let scope = StoredStream.scope(ofPartition: stream)
            let snapshots = try await clients.snapshots(of: partition)
            let offsets = try await clients.offsets(of: partition)
            let fresh = input.beginning == .earliest ? offsets.lowerBound : offsets.upperBound
            let (start, problems) = PartitionStart.decide(
                local: try await around.life.store.load(scope: scope), snapshots: snapshots, offsets: offsets,
                fresh: fresh)
            for problem in problems { logger.warning("\(stream): \(problem)") }
            try await clients.write(
                [SnapshotRecords.claim(epoch: start.epoch, worker: around.worker, base: start.base)], of: partition)
            var pieces = start.pieces
            pieces[PartitionOwner.piece] = PartitionOwner(epoch: start.epoch, beginning: start.beginning).bytes
            try await around.life.committer.replace(scope: scope, with: pieces)
            let lease = lease
            try await around.streams.adopt(
                stream, source: number, pieces: pieces, share: share, isHeld: { lease.isHeld })
            let decoding = try pieces["stream"].map { _ in try StoredStream(pieces).header.place.decoding }
            let messages = try MessageStream(
                stream, source, resume: decoding,
                identity: FileIdentity(topic: partition.topic, partition: partition.number),
                MessageStream.Surroundings(
                    arrival: nil, telemetry: around.telemetry, admission: around.admission, logger: logger))
            clients.reading.begin(partition, messages, at: start.next)
            held[partition] = Held(
                stream: stream, epoch: start.epoch, snapshotDue: firstSnapshotTime(of: partition), next: start.next,
                oldKeys: snapshots.keys(below: start.epoch))
            around.board.takeOver(stream, epoch: start.epoch, next: start.next, at: ProcessUsage.now().seconds)
            if start.origin == .nothing { around.board.count { $0.begunAnew += 1 } }
            logger.notice(
                "takes over \(stream) from \(start.origin.rawValue)",
                metadata: ["kafka.epoch": "\(start.epoch)", "kafka.offset": "\(start.next)"])
            return start.next
        }

        /// The snapshots of many partitions are not all due at once.
        private func firstSnapshotTime(of partition: KafkaPartition) -> Double {
            Self.clock() + input.snapshotEvery * (0.5 + Double(partition.number % 8) / 16)
        }

        private func giveUp(_ partitions: [KafkaPartition], isLost: Bool, _ clients: KafkaClients) async throws {
            await store(partitions, isLost: isLost, clients)
            try await clients.read { try $0.consumer.release(partitions) }
            if rejoinsAt != nil { rejoinsAt = 0 }
        }

        /// Stores partitions for who comes next, and drops what is known of them here.
        private func store(_ partitions: [KafkaPartition], isLost: Bool, _ clients: KafkaClients) async {
            let begin = Self.clock()
            let own = partitions.filter { held[$0] != nil }
            if !isLost {
                do { try await writeSnapshots(of: own, clients) } catch {
                    tell("\(error); who comes next goes on from the snapshot before")
                }
            }
            for partition in own {
                await drop(partition, isLost: isLost)
                clients.reading.end(partition)
            }
            around.board.count {
                if isLost { $0.lost += UInt64(own.count) } else { $0.givenUp += UInt64(own.count) }
                if !own.isEmpty { $0.givingUpSeconds = Self.clock() - begin }
            }
        }

        /// The lease has run out: another worker may have the partitions.
        private func loseAll(_ clients: KafkaClients) async throws {
            let count = held.count
            for partition in held.keys { clients.reading.end(partition) }
            await dropAll()
            around.board.count { $0.lost += UInt64(count) }
            withoutLeaseSince = nil
            // What the group thinks is not known: it is asked anew.
            rejoinsAt = Self.clock() + 2
            try await clients.read { $0.consumer.leave() }
        }

        private func dropAll() async {
            for partition in held.keys.sorted() { await drop(partition, isLost: true) }
        }

        private func drop(_ partition: KafkaPartition, isLost: Bool) async {
            guard let gone = held.removeValue(forKey: partition) else { return }
            waiting.removeAll { $0.partition == partition }
            await around.life.history.write(await around.streams.takeHistory(all: true))
            await around.streams.release(gone.stream)
            around.board.giveUp(gone.stream, at: ProcessUsage.now().seconds)
            logger.notice(
                "\(isLost ? "has lost" : "gives up") \(gone.stream)",
                metadata: ["kafka.epoch": "\(gone.epoch)", "kafka.offset": "\(gone.next)"])
        }

        /// The end: everything is stored, and given up in order.
        private func leave(_ clients: KafkaClients) async {
            do {
                // What waits for a lease is read again by who comes next. A snapshot that another's has outrun does not count.
                await store(held.keys.sorted(), isLost: false, clients)
                try await clients.read { reading in
                    reading.consumer.leave()
                    // The group hears of it with the next turns of the library.
                    for _ in 0..<5 {
                        if case .revoked(let partitions, _) = try reading.turn(milliseconds: 100).event {
                            try reading.consumer.release(partitions)
                        }
                    }
                }
            } catch {
                logger.warning("the group was not left in order: \(error)")
                await dropAll()
            }
        }

        // MARK: Snapshots

        private func writeDueSnapshots(_ clients: KafkaClients) async throws {
            let now = Self.clock()
            guard lease.isHeld, let due = held.filter({ $0.value.snapshotDue <= now }).keys.min() else { return }
            held[due]?.snapshotDue = now + input.snapshotEvery
            do { try await writeSnapshots(of: [due], clients) } catch let error as KafkaError { tell("\(error)") }
        }

        /// Stores partitions as they are now, here and for other workers.
        private func writeSnapshots(of partitions: [KafkaPartition], _ clients: KafkaClients) async throws {
            let life = around.life
            let names = partitions.compactMap { held[$0]?.stream }
            _ = await life.committer.storeNow(PartitionCommit(streams: around.streams, names: names), with: life.desk)
            for partition in partitions.sorted() {
                guard let own = held[partition] else { continue }
                var pieces = try await life.store.load(scope: StoredStream.scope(ofPartition: own.stream))
                // Before the first lines are understood there is nothing to be stored.
                guard pieces["stream"] != nil else { continue }
                pieces[PartitionOwner.piece] = nil
                let place = SnapshotPlace(
                    epoch: own.epoch, generation: own.generation + 1,
                    next: try StoredStream(pieces).header.place.offset)
                let block = PieceBundle.pack(pieces)
                try await clients.write(
                    SnapshotRecords.snapshot(block, at: place) + SnapshotRecords.removal(of: own.oldKeys),
                    of: partition)
                held[partition]?.generation += 1
                held[partition]?.oldKeys = []
                around.board.count {
                    $0.snapshots += 1
                    $0.snapshotBytes += UInt64(block.count)
                }
            }
        }

        // MARK: What is told

        /// Without partitions nothing comes that shows whether the brokers answer.
        private func probe(_ clients: KafkaClients) async throws {
            let now = Self.clock()
            guard !isConnected, held.isEmpty, now - lastProbe >= Self.secondsBetweenProbes else { return }
            let isAnswered = try await clients.areAnswered()
            lastProbe = Self.clock()
            if isAnswered { note(isConnected: true) }
        }

        private func note(isConnected: Bool) {
            let wasConnected = self.isConnected
            self.isConnected = isConnected
            around.board.note(source: number, isReachable: isConnected)
            guard isConnected != wasConnected else { return }
            if isConnected {
                around.board.note(problem: nil)
                problems.end()
            }
            around.telemetry.update { counters in
                var broker = counters.broker ?? BrokerCounters()
                broker.isConnected = isConnected
                if wasConnected { broker.losses += 1 }
                counters.broker = broker
            }
        }

        private func tell(_ text: String) {
            around.board.note(problem: text)
            guard problems.note(text, at: Self.clock()) else { return }
            logger.warning("kafka \(input.brokers): \(text)")
        }
    }
#endif
