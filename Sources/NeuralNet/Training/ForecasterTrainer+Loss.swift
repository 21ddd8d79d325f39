extension ForecasterTrainer {
    /// The gradient of a row's outputs, and its part of the mean of |e|.
    ///
    /// - Parameters:
    ///   - outputs: `[N]`: the locations and logarithms of scales that the network gave.
    ///   - inverse: `[h d]`: one over the scales.
    ///   - wanted: `[h d]`: the targets; NaN where one is not known, which contributes nothing.
    ///   - share: what each target counts.
    ///   - gradient: `[N]`, filled but for the padding.
    ///   - loss: |e| is added to it, times `share`.
    @unsafe func differentiate(
        _ outputs: UnsafePointer<Float>, inverse: UnsafePointer<Float>, wanted: UnsafeBufferPointer<Float>,
        share: Float,
        into gradient: UnsafeMutablePointer<Float>, loss: inout Float
    ) {
        let low = ForecasterShape.logSigmaRange.lowerBound
        let high = ForecasterShape.logSigmaRange.upperBound
        for index in wanted.indices {
            // The place of a target among the N outputs, and d behind it, are within them.
            let location = shape.outputIndex(of: index)
            let scale = location + shape.channels
            let target = unsafe wanted[index]
            guard !target.isNaN else {
                unsafe gradient[location] = 0
                unsafe gradient[scale] = 0
                continue
            }
            let error = unsafe (target - outputs[location]) * inverse[index]
            let slopes = shape.variant.head.slopes(error)
            unsafe gradient[location] = slopes.location * share
            let raw = unsafe outputs[scale]
            // Beyond the clamp only the way back is open.
            let isStuck = (raw < low && slopes.logScale > 0) || (raw > high && slopes.logScale < 0)
            unsafe gradient[scale] = isStuck ? 0 : slopes.logScale * share
            loss += error.magnitude * share
        }
    }
}
