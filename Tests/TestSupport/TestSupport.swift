public import TimeSeries

/// Distance of two Doubles in units in the last place; `Int.max` when one is NaN or their signs differ.
public func unitsInLastPlace(_ left: Double, _ right: Double) -> Int {
    if left == right { return 0 }
    guard left.isFinite, right.isFinite, left.sign == right.sign else { return .max }
    let distance = Int64(bitPattern: left.magnitude.bitPattern) - Int64(bitPattern: right.magnitude.bitPattern)
    return Int(distance.magnitude)
}

/// A standard normal number (Box and Muller 1958), from the seeded generator.
public func normal(_ generator: inout SeededGenerator) -> Double {
    let radius = -2 * Transcendental.log(generator.uniform() + 0x1p-60)
    return radius.squareRoot() * cosine(generator.uniform())
}

/// cos(2π · turns), by the half-angle series: enough for test signals.
public func cosine(_ turns: Double) -> Double {
    let x = (turns - turns.rounded()) * 6.283185307179586
    let square = x * x
    var term = 1.0
    var sum = 1.0
    for step in 1...14 {
        term *= -square / Double((2 * step - 1) * (2 * step))
        sum += term
    }
    return sum
}
