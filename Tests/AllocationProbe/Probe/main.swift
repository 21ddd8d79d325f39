import AllocationCounter
import AnomalyDetection
import NeuralNet
import TimeSeries

//  Counts calls of malloc while a warm series is scored and learned, a line for each set of detectors:
//
//      full 8 observe 0 train 0 snapshot 250
//
//  and whether a monitor that is copied and goes on leaves the copy as it was:
//
//      full 8 copies apart
//
//  `observe` is the scoring of 1,000 samples and the learning of everything a series has of its own, `train` the steps
//  of the networks, `snapshot` the copies of the weights that are handed over between rounds. A process of its own,
//  because the counter stands before the allocator of the whole of it; a release build, because only that is what runs.

let warmUpSamples = 12_000
let countedSamples = 1_000
let samplesOfRound = 8

func count(_ work: () -> Void) -> UInt {
    let before = allocation_count()
    work()
    return allocation_count() - before
}

func bytes(of monitor: SeriesMonitor) -> [UInt8] {
    var writer = StateWriter()
    monitor.encode(to: &writer)
    return writer.bytes
}

for profile in DetectionProfile.allCases {
    for channelCount in [1, 8] {
        let detection = DetectionConfiguration(profile: profile)
        let trainer = GroupTrainer(channelCount: channelCount, configuration: detection, kernels: .best)
        var models = trainer.models()
        var monitor = SeriesMonitor(channelCount: channelCount, configuration: detection, seriesSeed: 1)
        var scratch = ScoringScratch(channelCount: channelCount, configuration: detection, kernels: .best)
        var log = TrainingLog()
        var generator = SeededGenerator(seed: 1)
        var (observed, trained, copied): (UInt, UInt, UInt) = (0, 0, 0)
        var values = [Double](repeating: 0, count: channelCount)
        for tick in 0..<(warmUpSamples + countedSamples) {
            let isCounted = tick >= warmUpSamples
            let sample = SampleInput(time: Timestamp(nanoseconds: Int64(tick) * 1_000_000_000), interval: 1)
            for channel in values.indices { values[channel] = generator.uniform() }
            let calls = count {
                _ = monitor.observe(sample, values: values.span, models: models, scratch: &scratch, log: &log)
            }
            if isCounted { observed += calls }
            guard tick % samplesOfRound == samplesOfRound - 1 else { continue }
            let round = UInt64(tick / samplesOfRound)
            let steps = count {
                trainer.absorb(log, round: round)
                log.removeAll()
                if detection.usesNetworks { trainer.train(round: round) }
            }
            let copies = count { models = trainer.models() }
            if isCounted {
                trained += steps
                copied += copies
            }
        }
        print(profile.rawValue, channelCount, "observe", observed, "train", trained, "snapshot", copied)
    }
}

// New series begin as copies of a fresh one and share its arrays until they write to them. Two mutable spans in a method let an
// optimised build write to what is shared, which no test of a debug build can see.
for profile in DetectionProfile.allCases {
    for channelCount in [1, 8] {
        let detection = DetectionConfiguration(profile: profile)
        let models = GroupTrainer(channelCount: channelCount, configuration: detection, kernels: .best).models()
        var monitor = SeriesMonitor(channelCount: channelCount, configuration: detection, seriesSeed: 1)
        var scratch = ScoringScratch(channelCount: channelCount, configuration: detection, kernels: .best)
        var log = TrainingLog()
        var generator = SeededGenerator(seed: 2)
        var areApart = true
        var copy = monitor
        var known = bytes(of: copy)
        for tick in 0..<1_200 {
            let values = (0..<channelCount).map { _ in generator.uniform() }
            let sample = SampleInput(time: Timestamp(nanoseconds: Int64(tick) * 1_000_000_000), interval: 1)
            _ = monitor.observe(sample, values: values.span, models: models, scratch: &scratch, log: &log)
            // After few samples and after many: what is written to differs.
            guard [0, 1, 40, 240, 1_199].contains(tick) else { continue }
            areApart = areApart && bytes(of: copy) == known
            copy = monitor
            known = bytes(of: copy)
        }
        print(profile.rawValue, channelCount, "copies", areApart ? "apart" : "share")
    }
}

// That the counter counts at all: a probe that sees nothing would find nothing.
var heap: [[UInt8]] = []
let reference = count { for size in 1...100 { heap.append([UInt8](repeating: 0, count: size)) } }
print("reference", reference >= 100 && heap.count == 100 ? "counts" : "does not count")
