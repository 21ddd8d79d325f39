/// What can be different about a sample: one vote each, however many detectors look at it.
enum Aspect: Int, CaseIterable, Sendable {
    /// The value is not where it should be.
    case level
    /// The step to it is too large.
    case step
    /// It moves more, or less, than usual.
    case roughness
    /// It has not been there before.
    case range
    /// The channels, or the samples of a while, do not go together as usual.
    case relation
    /// The shape of the last samples is not a usual one.
    case shape
}

extension DetectorKind {
    /// What is known of each kind.
    public var facts: Facts { Self.table[rawValue] }

    private static let table: [Facts] = allCases.map(\.written)

    private var written: Facts {
        switch self {
        case .level:
            Facts(
                name: "level", summary: "distance of each channel from its usual level",
                source: "Shewhart 1931; robust location and scale after Huber 1981", aspect: .level)
        case .difference:
            Facts(
                name: "difference", summary: "size of the step from the sample before",
                source: "first differences against their own running scale", aspect: .step)
        case .volatility:
            Facts(
                name: "volatility", summary: "short-term against long-term roughness",
                source: "EWMA of log ranges after MacGregor and Harris 1993", aspect: .roughness)
        case .range:
            Facts(
                name: "range", summary: "values beyond the range seen so far",
                source: "running extremes that slowly forget", aspect: .range)
        case .shift:
            Facts(
                name: "shift", summary: "a level that moved within tens of samples",
                source: "difference of two EWMA (Roberts 1959)", aspect: nil)
        case .slowShift:
            Facts(
                name: "slow-shift", summary: "a level that moved within hundreds of samples",
                source: "difference of two EWMA (Roberts 1959)", aspect: nil)
        case .correlation:
            Facts(
                name: "correlation", summary: "smoothed channels that no longer go together as usual",
                source: "multivariate EWMA chart, Lowry et al. 1992", aspect: .relation)
        case .forecast:
            Facts(
                name: "forecast", summary: "error of the forecaster, one sample ahead",
                source: "Malhotra et al. 2015, with a Student-t likelihood", aspect: .level)
        case .reconstruction:
            Facts(
                name: "reconstruction", summary: "error of the autoencoder at the last sample",
                source: "Sakurada and Yairi 2014", aspect: nil)
        case .reconstructionWindow:
            Facts(
                name: "reconstruction-window", summary: "error of the autoencoder over its window",
                source: "Sakurada and Yairi 2014", aspect: .shape)
        case .stuck:
            Facts(
                name: "stuck", summary: "a value that does not change any more",
                source: "run lengths against their own history", aspect: nil)
        case .zScore:
            Facts(
                name: "z-score", summary: "distance from the weighted mean of the last thousand values, in deviations",
                source: "Roberts 1959, West 1979", aspect: .level)
        case .hampel:
            Facts(
                name: "hampel", summary: "distance from the median of the last 128 values, in median deviations",
                source: "Hampel 1974", aspect: .level)
        case .quantile:
            Facts(
                name: "quantile", summary: "distance beyond the quartiles, in distances of the quartiles",
                source: "Tukey 1977", aspect: .range)
        case .seasonal:
            Facts(
                name: "seasonal",
                summary: "distance from what this half hour of a working day or weekend usually shows",
                source: "after Cleveland et al. 1990 (STL)", aspect: .level)
        case .likelihood:
            Facts(
                name: "likelihood", summary: "ten residuals in a row that are larger than usual",
                source: "Lavin and Ahmad 2015, Ahmad et al. 2017", aspect: .roughness)
        case .subspace:
            Facts(
                name: "pca-t2", summary: "a usual shape, too large", source: "Jackson and Mudholkar 1979",
                aspect: .relation)
        case .subspaceResidual:
            Facts(
                name: "pca-q", summary: "a shape that the usual directions do not explain",
                source: "Jackson and Mudholkar 1979", aspect: .shape)
        case .clusters:
            Facts(
                name: "k-means", summary: "a window far from all eight usual shapes", source: "MacQueen 1967",
                aspect: .shape)
        case .neighbours:
            Facts(
                name: "neighbours", summary: "a window unlike 256 remembered ones",
                source: "KNN-CAD, Burnaev and Ishimtsev 2016", aspect: .shape)
        case .isolation:
            Facts(
                name: "isolation", summary: "samples where hardly any was before",
                source: "half-space trees, Tan, Ting and Liu 2011", aspect: .range)
        case .oneClass:
            Facts(
                name: "one-class", summary: "a window outside where windows usually lie",
                source: "Schölkopf et al. 2001, Rahimi and Recht 2007", aspect: .level)
        case .matrixProfile:
            Facts(
                name: "matrix-profile", summary: "a shape not seen in the last 2,048 samples",
                source: "Yeh et al. 2016, Lu et al. 2022 (DAMP)", aspect: .shape)
        case .latent:
            Facts(
                name: "latent", summary: "an unusual place in the autoencoder's narrow layer",
                source: "Mahalanobis 1936, on the code of an autoencoder (Xu et al. 2018)", aspect: .relation)
        }
    }
}
