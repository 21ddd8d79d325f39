import Testing

@testable import StatusServer

@Suite struct EventHubTests {
    @Test func `all who listen are told, in order, and the first thing at once`() async throws {
        let hub = EventHub()
        let listeners = [try #require(hub.listen(first: ["hello"])), try #require(hub.listen(first: ["hello"]))]
        hub.tell("one")
        hub.tell("two")
        for events in listeners {
            var heard: [String] = []
            for await text in events {
                heard.append(text)
                if heard.count == 3 { break }
            }
            #expect(heard == ["hello", "one", "two"])
        }
    }

    @Test func `one who does not keep up is let go, and the others go on`() async throws {
        let hub = EventHub(mostWaiting: 4)
        let slow = try #require(hub.listen())
        let quick = try #require(hub.listen())
        var turns = quick.makeAsyncIterator()
        for number in 0..<100 {
            hub.tell("\(number)")
            #expect(await turns.next() == "\(number)")
        }
        #expect(hub.listenerCount == 1)
        var heard: [String] = []
        for await text in slow { heard.append(text) }
        // What waited is all there ever was of it.
        #expect(heard == ["0", "1", "2", "3"])
    }

    @Test func `more than may listen are refused until one has gone`() async throws {
        let hub = EventHub(mostListeners: 2)
        let kept = hub.listen()
        do {
            let gone = try #require(hub.listen())
            #expect(hub.listen() == nil)
            // A task that is cancelled lets its stream go.
            let task = Task { for await _ in gone {} }
            task.cancel()
            await task.value
        }
        #expect(hub.listenerCount == 1 && kept != nil)
        #expect(hub.listen() != nil)
    }

    @Test func `an event is a name and one line of data`() {
        #expect(EventHub.event("alert", "{}") == "event: alert\ndata: {}\n\n")
    }
}
