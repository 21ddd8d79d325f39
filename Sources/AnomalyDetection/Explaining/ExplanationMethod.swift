/// How a score is divided among the channels where the detector itself cannot say: `explain`.
public enum ExplanationMethod: String, CaseIterable, Sendable {
    /// Each channel in turn is put at its usual value; how far the score falls is its part. Quick.
    case occlusion
    /// Shapley values by sampling: what a channel adds on average, whichever of the others are at their usual value.
    /// Costs ten to fifty times as much.
    case shapley
}
