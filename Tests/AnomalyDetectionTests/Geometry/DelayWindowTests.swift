import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct DelayWindowTests {
    private func frame(_ values: [Float]) -> Frame {
        var frame = Frame(channelCount: values.count)
        frame.scaled = values
        return frame
    }

    @Test func `holds the last samples, oldest first, within ±10`() {
        var window = DelayWindow(channelCount: 2, lags: 3)
        for number in 1...4 {
            #expect(!window.isFull || number > 3)
            window.stage(frame([Float(number), 20]))
            window.stage(frame([Float(number), -20]))
            #expect(window.isFull == (number >= 3))
            window.commit()
        }
        #expect(window.vector == [2, -10, 3, -10, 4, -10])
    }

    @Test func `a restart empties it`() {
        var window = DelayWindow(channelCount: 1, lags: 2)
        for number in 1...3 {
            window.stage(frame([Float(number)]))
            window.commit()
        }
        window.restart()
        window.stage(frame([7]))
        #expect(!window.isFull)
        window.commit()
        window.stage(frame([8]))
        #expect(window.isFull && window.vector == [7, 8])
    }

    @Test func `bytes of another shape or with impossible numbers are refused`() throws {
        var window = DelayWindow(channelCount: 2, lags: 2)
        window.stage(frame([1, 2]))
        window.commit()
        let bytes = StateWriter.bytes { window.encode(to: &$0) }
        var reader = StateReader(bytes)
        let copy = try DelayWindow(from: &reader, channelCount: 2, lags: 2)
        #expect(copy.vector == window.vector)
        #expect(throws: StateCodingError.self) {
            var reader = StateReader(bytes)
            _ = try DelayWindow(from: &reader, channelCount: 3, lags: 2)
        }
        var damaged = bytes
        damaged.replaceSubrange((bytes.count - 4)..., with: [0, 0, 0xc0, 0x7f])
        #expect(throws: StateCodingError.self) {
            var reader = StateReader(damaged)
            _ = try DelayWindow(from: &reader, channelCount: 2, lags: 2)
        }
    }
}
