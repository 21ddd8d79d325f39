/// One measured quantity of a series: a column, a JSON key, a field.
public struct Channel: Hashable, Sendable {
    /// The name without its unit, as the input gives it: `temp`.
    public var name: String
    /// The unit when the input names one (`Temp [°C]`, `Pressure (bar)`), for messages only.
    public var unit: String?

    /// Creates a channel.
    public init(name: String, unit: String? = nil) {
        self.name = name
        self.unit = unit
    }
}
