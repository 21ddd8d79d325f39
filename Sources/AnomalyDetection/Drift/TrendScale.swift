import TimeSeries

/// Successive means of one channel over blocks of one length, and whether they have moved one way by more than they ever do.
///
/// The test is a one-sided run of steps, in the manner of the cumulative sum of Page (1954, *Continuous inspection schemes*,
/// doi 10.1093/biomet/41.1-2.100), on block means and against two variances of the channel's own:
///
/// - that of a **step** from a block to the next (the Allan variance at this block length, Allan 1966, doi
///   10.1109/PROC.1966.4634): six independent steps, a random walk's, add up to √6 of them;
/// - that of a **span** of six steps: what wanders smoothly, or has a season, has larger ones than its steps let expect.
///
/// A drift is a span beyond five of the larger of the two, of which no single step carries more than 40 % (one that does is a
/// step, somebody's maintenance) and at most one goes back. In white noise a span is hardly longer than a step, so that its
/// five deviations are twelve of its own; on a random walk they were met by none of 30 walks of 16,000 samples. Blocks as
/// long as a season hide it, shorter ones count it in the variances. Where we differ from Page: the reference is what the
/// channel did before at this very pace, instead of a known standard deviation and slack.
///
/// Both variances leave the last six steps out, so that a drift does not hide itself, and take squares capped at nine times
/// themselves. 56 bytes.
struct TrendScale: Equatable, Sendable {
    /// Steps of a span.
    static let span = 6
    /// Steps learned before a span is judged.
    static let fewestSteps: Float = 16
    /// Deviations of a span that are a drift, and below which it is over.
    static let (begins, ends): (Float, Float) = (9, 4)
    /// Largest share of a span that one step may carry.
    static let largestShare: Float = 0.4
    private static let (stepMemory, spanMemory): (Float, Float) = (64, 16)

    /// The first of two blocks that make one of the next scale; NaN when it is the first's turn.
    private var half = Float.nan
    /// The mean taken last; NaN before the first.
    private(set) var last = Float.nan
    private var steps: (Float, Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0, 0)
    private var held: UInt8 = 0
    private var phase: UInt8 = 0
    private var stepVariance: Float = 0
    private var stepCount: Float = 0
    private var spanVariance: Float = 0
    private var spanCount: Float = 0
    private var pendingSpan = Float.nan

    init() {}

    /// Takes the mean of the next block.
    ///
    /// - Returns: the mean of a block twice as long, when this one completes it.
    mutating func take(_ mean: Float) -> Float? {
        if last == last { push(mean - last) }
        last = mean
        guard half == half else {
            half = mean
            return nil
        }
        defer { half = .nan }
        return (half + mean) / 2
    }

    private mutating func push(_ step: Float) {
        if Int(held) == Self.span {
            Self.learn(steps.0, &stepVariance, &stepCount, memory: Self.stepMemory)
        } else {
            held += 1
        }
        steps = (steps.1, steps.2, steps.3, steps.4, steps.5, step)
        phase += 1
        guard Int(phase) == Self.span else { return }
        phase = 0
        guard Int(held) == Self.span else { return }
        if pendingSpan == pendingSpan {
            Self.learn(pendingSpan, &spanVariance, &spanCount, memory: Self.spanMemory)
        }
        pendingSpan = moved
    }

    private static func learn(_ number: Float, _ variance: inout Float, _ count: inout Float, memory: Float) {
        var square = number * number
        if count > 4 { square = min(square, 9 * variance) }
        count = min(count + 1, memory)
        variance += (square - variance) / count
    }

    /// How far the last six steps went.
    var moved: Float { steps.0 + steps.1 + steps.2 + steps.3 + steps.4 + steps.5 }

    /// Deviations that the last six steps went together, all of them one way; 0 when it is no trend or not known yet.
    var deviations: Float {
        guard Int(held) == Self.span, stepCount >= Self.fewestSteps else { return 0 }
        let moved = moved
        let (way, size): (Float, Float) = (moved < 0 ? -1 : 1, moved.magnitude)
        var back = 0
        for step in [steps.0, steps.1, steps.2, steps.3, steps.4, steps.5] {
            if step.magnitude > Self.largestShare * size { return 0 }
            if step * way <= 0 { back += 1 }
        }
        let variance = max(Float(Self.span) * stepVariance, spanVariance)
        return back > 1 || variance <= 0 ? 0 : size / variance.squareRoot()
    }

    /// What came before does not precede what comes: the variances stay.
    mutating func restart() {
        (half, last, pendingSpan) = (.nan, .nan, .nan)
        (held, phase) = (0, 0)
    }

    static func == (left: TrendScale, right: TrendScale) -> Bool {
        var (one, other) = (StateWriter(), StateWriter())
        left.encode(to: &one)
        right.encode(to: &other)
        return one.bytes == other.bytes
    }

    func encode(to writer: inout StateWriter) {
        for number in [
            half, last, steps.0, steps.1, steps.2, steps.3, steps.4, steps.5, stepVariance, stepCount, spanVariance,
            spanCount, pendingSpan,
        ] { writer.write(number) }
        writer.write(held)
        writer.write(phase)
    }

    init(from reader: inout StateReader) throws(StateCodingError) {
        half = try reader.readFloat()
        last = try reader.readFloat()
        steps.0 = try reader.readFloat()
        steps.1 = try reader.readFloat()
        steps.2 = try reader.readFloat()
        steps.3 = try reader.readFloat()
        steps.4 = try reader.readFloat()
        steps.5 = try reader.readFloat()
        stepVariance = try reader.readFloat()
        stepCount = try reader.readFloat()
        spanVariance = try reader.readFloat()
        spanCount = try reader.readFloat()
        pendingSpan = try reader.readFloat()
        held = try reader.read()
        phase = try reader.read()
        guard Int(held) <= Self.span, Int(phase) < Self.span, stepVariance >= 0, spanVariance >= 0,
            stepCount >= 0, spanCount >= 0
        else { throw .invalid("a trend of \(held) steps") }
    }
}
