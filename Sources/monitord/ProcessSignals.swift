import Dispatch

/// Takes signals over from their default action, for as long as it lives.
///
/// The queue of Dispatch hears them outside of any signal handler, so what is done about one may lock and allocate.
/// Several of the same that come at once may be heard as one, as with any signal.
struct ProcessSignals {
    private let sources: [any DispatchSourceSignal]

    /// Takes the signals over; on return none of them ends the process any more.
    ///
    /// - Parameters:
    ///   - numbers: such as `SIGTERM`; nobody else may have taken them over.
    ///   - handle: gets the number of each signal that comes, one after the other.
    init(_ numbers: [Int32], handle: @escaping @Sendable (Int32) -> Void) async {
        let queue = DispatchQueue(label: "monitord.signals")
        var sources: [any DispatchSourceSignal] = []
        for number in numbers {
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handle(number) }
            // Until it is registered the default action would end the process.
            await withCheckedContinuation { registered in
                source.setRegistrationHandler { registered.resume() }
                source.resume()
            }
            sources.append(source)
        }
        self.sources = sources
    }
}
