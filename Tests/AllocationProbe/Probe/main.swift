import AllocationCounter
import AnomalyDetection
import NeuralNet
import TimeSeries

//  Counts calls of malloc while a warm series is scored and learned, a line for each set of detectors:
//
//      full 8 observe 0 train 0 snapshot 250
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

// That the counter counts at all: a probe that sees nothing would find nothing.
var heap: [[UInt8]] = []
let reference = count { for size in 1...100 { heap.append([UInt8](repeating: 0, count: size)) } }
print("reference", reference >= 100 && heap.count == 100 ? "counts" : "does not count")
