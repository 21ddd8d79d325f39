import StatusServer

/// What who has the page open is told as it happens: how the daemon stands, each second, and alerts, which the desk's
/// output tells to the same hub.
///
/// Nothing is gathered while nobody listens, and with ten thousand series, whose order takes its time, it is gathered less
/// often: for at most a twentieth of the time.
struct LiveEvents: Sendable {
    /// Series in an event.
    static let series = 50
    private static let interval = 1.0
    private static let mostShare = 0.05

    let hub: EventHub
    let keeper: StatusKeeper

    /// Tells how the daemon stands until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            var pause = Self.interval
            if hub.listenerCount > 0 {
                let begin = ProcessUsage.now().seconds
                hub.tell(await status())
                pause = max(pause, (ProcessUsage.now().seconds - begin) / Self.mostShare)
            }
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    /// The events from now on, the first of them at once.
    func response(to request: HTTPRequest) async -> HTTPResponse {
        let type = "text/event-stream"
        if request.method == "HEAD" { return HTTPResponse(contentType: type, body: .bytes([])) }
        // A connection that is lost is made again after so many milliseconds.
        guard let events = hub.listen(first: ["retry: 1000\n\n", await status()]) else {
            return OperatorAPI.failure("too many listen already", status: 503)
        }
        return HTTPResponse(contentType: type, body: .stream(events))
    }

    private func status() async -> String {
        let status = await keeper.status(mostSeries: Self.series, at: ProcessUsage.now().seconds)
        return EventHub.event("status", OperatorAPI.text(status.json))
    }
}
