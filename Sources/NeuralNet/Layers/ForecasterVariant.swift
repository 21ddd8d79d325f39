/// Which forecaster: what it is made of, what its head states, and how far ahead it looks.
///
/// Weights and state belong to one variant; another begins anew.
public struct ForecasterVariant: Equatable, Sendable, CustomStringConvertible {
    /// The part below the head.
    public let cell: ForecasterCell
    /// What the head states, and how it learns.
    public let head: OutputHead
    /// `h`: samples ahead that the network forecasts, 1 to 8: the changes from now to 1, 2 … h samples from now.
    public let horizon: Int

    /// Horizons that there are.
    public static let horizons = 1...8

    /// Chooses a forecaster.
    ///
    /// - Precondition: the horizon is one of ``horizons``.
    public init(cell: ForecasterCell = .lstm, head: OutputHead = .student, horizon: Int = 1) {
        precondition(Self.horizons.contains(horizon), "a forecast \(horizon) samples ahead")
        self.cell = cell
        self.head = head
        self.horizon = horizon
    }

    /// The cell's name, with what is not as usual: `gru, gaussian, 4 samples ahead`.
    public var description: String {
        cell.rawValue + (head == .student ? "" : ", \(head.rawValue)")
            + (horizon == 1 ? "" : ", \(horizon) samples ahead")
    }
}
