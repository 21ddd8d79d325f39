import TestSupport
import Testing
import TimeSeries

@testable import AnomalyDetection

@Suite struct ForecastHeadTests {
    /// The gain after so many samples whose change is `share` times the predicted one, plus noise.
    private func gain(share: Double, noise: Double, samples: Int = 2_000) -> Double {
        var generator = SeededGenerator(seed: 3)
        var head = ForecastHead()
        for _ in 0..<samples {
            let predicted = normal(&generator)
            head.learn(predicted: predicted, seen: share * predicted + noise * normal(&generator))
        }
        return head.gain
    }

    @Test func `it believes the network at first`() {
        #expect(ForecastHead().gain == 1)
    }

    // Steps of 1/100 wander around the optimum by a few hundredths.
    @Test(arguments: [0.0, 0.3, 0.7, 1.0]) func `it finds the share of the predicted change that is seen`(share: Double)
    {
        let found = gain(share: share, noise: 0.1)
        #expect(abs(found - share) < 0.1, "\(found) for \(share)")
    }

    @Test func `a prediction that is only noise ends as persistence`() {
        #expect(gain(share: 0, noise: 1) < 0.25)
        #expect(gain(share: -1, noise: 0.1) == 0)
    }

    @Test func `a signal that stands still ends as persistence, however small the predictions`() {
        var generator = SeededGenerator(seed: 4)
        var head = ForecastHead()
        for _ in 0..<1_000 { head.learn(predicted: 1e-6 * normal(&generator), seen: 0) }
        #expect(head.gain < 0.01)
    }

    @Test func `single jumps decide nothing`() {
        var generator = SeededGenerator(seed: 5)
        var head = ForecastHead()
        for sample in 0..<4_000 {
            let predicted = 0.1 * normal(&generator)
            head.learn(predicted: predicted, seen: sample % 100 == 0 ? 50 : 0)
        }
        #expect(head.gain < 0.05)
    }

    @Test func `a stored head goes on`() throws {
        var head = ForecastHead()
        for sample in 0..<50 { head.learn(predicted: Double(sample % 5), seen: 1) }
        var writer = StateWriter()
        head.encode(to: &writer)
        var reader = StateReader(writer.bytes)
        #expect(try ForecastHead(from: &reader) == head)
    }
}
