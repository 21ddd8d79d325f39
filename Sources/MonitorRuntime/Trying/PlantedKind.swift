/// A kind of anomaly that `--anomaly` can name.
public protocol PlantedKind: RawRepresentable<String>, CaseIterable {
    /// What its SIZE counts; `nil` when it has none.
    var sizeMeaning: String? { get }
    /// The sizes it takes; `nil` when it has none.
    var sizes: ClosedRange<Double>? { get }
    /// Why it cannot be aimed at one channel or host; `nil` when it can.
    var targetRefusal: String? { get }
}
