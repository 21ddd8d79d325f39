import Logging

// What the worker of a sink does.
extension AlertRouter {
    func work(_ index: Int) async {
        var wakes = lanes[index].wake.makeAsyncIterator()
        while !Task.isCancelled {
            do {
                let hadSome = try await deliverBatch(index)
                // Here, where nothing is on its way: what closes later is told later.
                if lanes[index].isRepeatDue { try await repeatOpen(index) }
                if hadSome { continue }
                // The iterator of a stream is not shared: this worker is its only reader.
                guard await wakes.next(isolation: self) != nil else { return }
            } catch is CancellationError {
                return
            } catch {
                guard await pause(index, after: error) else { return }
            }
        }
    }

    /// Delivers what is waiting, up to a batch.
    ///
    /// - Returns: whether there was anything.
    private func deliverBatch(_ index: Int) async throws -> Bool {
        let sink = lanes[index].sink
        let seen = generation
        let messages = try await outbox.pending(sink: sink.name, limit: Self.batch)
        guard !messages.isEmpty else {
            try await deliverAhead(index)
            if seen == generation { markCaughtUp(index) }
            return seen != generation
        }
        var refusal: Unacknowledged?
        for message in messages {
            try Task.checkCancellation()
            // One that could not be acknowledged is not written again.
            if message.number > lanes[index].deliveredUpTo {
                try await deliver(message, index)
                lanes[index].deliveredUpTo = message.number
                noteDropped(message.droppedBefore, index)
            }
            guard refusal == nil else { continue }
            do { try await outbox.acknowledge(sink: sink.name, upTo: message.number) } catch {
                refusal = Unacknowledged(cause: error)
            }
        }
        if let refusal {
            try await deliverAhead(index)
            throw refusal
        }
        noteSuccess(index)
        return true
    }

    /// The sink has taken what it was given; told where its failure was.
    func noteSuccess(_ index: Int) {
        let failures = lanes[index].status.failuresInARow
        lanes[index].status.failuresInARow = 0
        lanes[index].status.lastError = nil
        guard lanes[index].isFailureTold else { return }
        lanes[index].isFailureTold = false
        logger?.notice(
            Telemetry.sinkWorks, metadata: ["sink": "\(lanes[index].status.name)", "sink.failures": "\(failures)"])
    }

    /// Delivers what the outbox has refused.
    private func deliverAhead(_ index: Int) async throws {
        while let record = lanes[index].ahead.first {
            try Task.checkCancellation()
            let name = Self.name(record)
            try await hand(record, index)
            // It may have been stored meanwhile: then it is not there any more, and comes by the outbox.
            lanes[index].ahead.removeAll { Self.name($0) == name }
            lanes[index].toldAhead.insert(name)
        }
    }

    /// Gives a sink a record, or passes over it when the sink does not want it or will never take it.
    private func hand(_ record: AlertRecord, _ index: Int) async throws {
        let sink = lanes[index].sink
        guard sink.wants(record) else { return }
        do {
            try await sink.deliver(record)
            lanes[index].status.delivered += 1
        } catch let error as any DeliveryError where error.isFinal {
            noteDeadLetter(record, "\(error)", index)
        }
    }

    private func noteDeadLetter(_ record: AlertRecord, _ reason: String, _ index: Int) {
        let isNew = lanes[index].status.lastDeadLetter != reason
        lanes[index].status.deadLetters += 1
        lanes[index].status.lastDeadLetter = reason
        let count = lanes[index].status.deadLetters
        // A place that refuses everything must not fill the journal: the first, the second, the fourth, and so on.
        guard isNew || count & (count - 1) == 0 else { return }
        logger?.error(
            Telemetry.refused,
            metadata: [
                "sink": "\(lanes[index].status.name)", "alert.id": "\(record.id)", "alert.seq": "\(record.seq)",
                "error": "\(reason)", "alerts.refused": "\(count)",
            ])
    }

    /// Tells of what a sink has missed, once it is back.
    private func noteDropped(_ count: UInt64, _ index: Int) {
        guard count > 0 else { return }
        lanes[index].status.dropped += count
        logger?.error(
            Telemetry.dropped, metadata: ["sink": "\(lanes[index].status.name)", "alerts.dropped": "\(count)"])
    }

    private func deliver(_ message: OutboxMessage, _ index: Int) async throws {
        let record: AlertRecord
        do {
            record = try AlertRecord(json: message.payload)
        } catch {
            // It will not become readable by waiting, and the later ones must not wait for it.
            lanes[index].status.unreadable += 1
            logger?.error(Telemetry.unreadable, metadata: ["alert.id": "\(message.id)", "error": "\(error)"])
            return
        }
        if lanes[index].toldAhead.remove(Self.name(record)) != nil { return }
        try await hand(record, index)
    }

    private func markCaughtUp(_ index: Int) {
        lanes[index].status.isCaughtUp = true
        guard isCaughtUp else { return }
        for ticket in flushes.keys.sorted() { finishFlush(ticket, true) }
    }

    private func pause(_ index: Int, after error: any Error) async -> Bool {
        lanes[index].status.failures += 1
        lanes[index].status.failuresInARow += 1
        lanes[index].status.lastError = "\(error)"
        let failures = lanes[index].status.failuresInARow
        // A place that is not there was told at the start, and looking for it costs nothing.
        let isReachable = lanes[index].sink.isReachable
        // Told once a run of failures; the count and the reason are in the status.
        if failures == 1, isReachable {
            lanes[index].isFailureTold = true
            logger?.warning(
                Telemetry.sinkFailed, metadata: ["sink": "\(lanes[index].sink.name)", "error": "\(error)"])
        }
        let longest: Duration? =
            error is Unacknowledged ? Self.longestToAcknowledge : isReachable ? nil : Self.longestSearch
        var wait = (lanes[index].sink.backOff ?? backOff).wait(afterFailures: failures)
        if let longest { wait = min(wait, longest) }
        if let asked = (error as? any DeliveryError)?.retryAfter { wait = max(wait, min(asked, Self.longestAsked)) }
        return await rest(for: wait, index)
    }

    /// Waits, or less when somebody changes the sink meanwhile.
    ///
    /// - Returns: false when the router is to end.
    private func rest(for wait: Duration, _ index: Int) async -> Bool {
        let sleep = sleep
        let pause = Task { try await sleep(wait) }
        lanes[index].pause = pause
        await withTaskCancellationHandler {
            _ = await pause.result
        } onCancel: {
            pause.cancel()
        }
        lanes[index].pause = nil
        return !Task.isCancelled
    }
}
