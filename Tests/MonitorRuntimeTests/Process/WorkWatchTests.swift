import Ingest
import Testing

@testable import MonitorRuntime

@Suite struct WorkWatchTests {
    @Test func `a stage that has had the same work in hand for two looks hangs`() {
        let watch = WorkWatch()
        watch.begin("a")
        #expect(watch.look().isEmpty, "it may have begun just now")
        #expect(watch.look() == ["a"])
        watch.end("a")
        #expect(watch.look().isEmpty)
    }

    @Test func `a stage that moves between two looks is alive, and one without work is idle for ever`() {
        let watch = WorkWatch()
        for _ in 0..<5 {
            watch.begin("a")
            #expect(watch.look().isEmpty)
            watch.end("a")
        }
        for _ in 0..<5 { #expect(watch.look().isEmpty) }
    }

    @Test func `one stage that moves does not hide another that hangs`() {
        let watch = WorkWatch()
        watch.begin("hangs")
        for _ in 0..<3 {
            watch.begin("moves")
            _ = watch.look()
            watch.end("moves")
        }
        #expect(watch.look() == ["hangs"])
    }

    @Test func `a reader that waits is idle, one that works without a turn hangs`() {
        let watch = WorkWatch()
        let activity = ReadingActivity()
        watch.watch("reader", activity)
        for _ in 0..<3 { #expect(watch.look().isEmpty, "it has not begun") }
        activity.work()
        #expect(watch.look().isEmpty)
        #expect(watch.look() == ["reader"])
        activity.rest()
        for _ in 0..<3 { #expect(watch.look().isEmpty) }
        activity.work()
        _ = watch.look()
        activity.rest()
        activity.work()
        #expect(watch.look().isEmpty, "it has turned")
        activity.turn()
        #expect(watch.look().isEmpty, "it has gone on to a wait with an end")
        #expect(watch.look() == ["reader"], "which does not end")
    }
}
