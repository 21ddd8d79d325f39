import Logging

// Sinks that come, change and go while the router runs, and those that hear of open incidents again.
extension AlertRouter {
    /// How long a sink without an interval is left before it is asked for one again.
    private static let idleInterval = Duration.seconds(60)

    /// Says which incidents are told and open, for the sinks that hear of them again; none without it.
    public func setOpenIncidents(_ openIncidents: @escaping @Sendable () async -> [String]) {
        self.openIncidents = openIncidents
    }

    /// Adds a sink, or brings back one of that name that was taken away: then it is the object that was there before.
    ///
    /// The outbox must know it, or it gets what is stored from its beginning on.
    public func add(_ sink: any AlertSink) {
        if let index = lanes.firstIndex(where: { $0.status.name == sink.name }) {
            lanes[index].isRetired = false
        } else {
            lanes.append(Lane(sink))
            employer.yield(.work(lanes.count - 1))
        }
        placeChanged(sink.name)
    }

    /// Takes a sink away from what is shown. Its worker goes on, so that nothing piles up for it: the sink should do nothing.
    public func retire(_ name: String) {
        guard let index = lanes.firstIndex(where: { $0.status.name == name }) else { return }
        lanes[index].isRetired = true
        placeChanged(name)
    }

    /// Says that a sink writes elsewhere or otherwise now: it is tried at once, without the wait of its last failure.
    public func placeChanged(_ name: String) {
        guard let index = lanes.firstIndex(where: { $0.status.name == name }) else { return }
        if lanes[index].sink.repeatInterval != nil {
            lanes[index].isRepeatDue = true
            if !lanes[index].isTimed {
                lanes[index].isTimed = true
                employer.yield(.time(index))
            }
        }
        lanes[index].waker.yield()
        lanes[index].pause?.cancel()
    }

    /// Says when the open incidents are to be told again; until it is cancelled.
    func keepTime(_ index: Int) async {
        let sleep = sleep
        while (try? await sleep(lanes[index].sink.repeatInterval ?? Self.idleInterval)) != nil, !Task.isCancelled {
            guard lanes[index].sink.repeatInterval != nil else { continue }
            lanes[index].isRepeatDue = true
            lanes[index].waker.yield()
        }
    }

    /// Tells a sink again of what is open by the policy and was told to it.
    ///
    /// Both must agree. What the policy has closed is not repeated, although the closing message may not be delivered yet;
    /// what the sink has had the end of is not, although a policy that was set back by a crash holds it open.
    func repeatOpen(_ index: Int) async throws {
        let sink = lanes[index].sink
        let ids = await openIncidents()
        let messages = ids.isEmpty ? [] : try await outbox.latest(ofIncidents: ids, acknowledgedBy: sink.name)
        let records = messages.compactMap { try? AlertRecord(json: $0.payload) }
            .filter { $0.event != .close && sink.wants($0) }
        if !records.isEmpty {
            do {
                try await sink.repeatOpen(records)
            } catch let error as any DeliveryError where error.isFinal {
                // Told already when it is what the first telling met; a new reason is told once.
                if lanes[index].status.lastDeadLetter != "\(error)" {
                    lanes[index].status.lastDeadLetter = "\(error)"
                    logger?.error(Telemetry.repeatRefused, metadata: ["sink": "\(sink.name)", "error": "\(error)"])
                }
            }
            noteSuccess(index)
        }
        lanes[index].isRepeatDue = false
    }
}
