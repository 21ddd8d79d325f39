import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct FrameTests {
    @Test func `detectors see the sample's place in day and week, and each channel's scale`() {
        var rig = Rig(channels: 2, networks: false)
        var generator = SeededGenerator(seed: 1)
        for step in 0..<100 { _ = rig.observe(wave(step, channels: 2, &generator)) }
        #expect(rig.monitor.frame.phaseOfDay == nil && rig.monitor.frame.phaseOfWeek == nil)
        let place = SampleInput(
            time: Timestamp(nanoseconds: 101_000_000_000), interval: 1, phaseOfDay: 0.25, phaseOfWeek: 0.75)
        let before = rig.monitor.scalers
        _ = rig.monitor.observe(
            place, values: [10.0, 20].span, models: rig.models, scratch: &rig.scratch, log: &rig.log)
        #expect(rig.monitor.frame.phaseOfDay == 0.25 && rig.monitor.frame.phaseOfWeek == 0.75)
        // The scale is the one that the values were scaled with, not the one learned after.
        #expect(rig.monitor.frame.scale == before.map(\.scale))
        let back = Double(rig.monitor.frame.scaled[0]) * rig.monitor.frame.scale[0] + before[0].location
        #expect((back - 10).magnitude < 1e-5)
        _ = rig.observe([10, 20])
        #expect(rig.monitor.frame.phaseOfDay == nil && rig.monitor.frame.phaseOfWeek == nil)
    }
}
