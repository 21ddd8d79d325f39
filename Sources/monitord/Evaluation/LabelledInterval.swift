/// A stretch of time that the labels name.
struct LabelledInterval {
    /// Its beginning as it is written.
    let start: String
    /// Its end as it is written.
    let end: String
    /// Seconds since 1970.
    let startTime: Double
    /// Seconds since 1970.
    let endTime: Double
    /// Whether a row at the end itself is part of it.
    var includesEnd = true
    /// Neither anomalous nor normal: maintenance.
    var isExcuse = false
    /// Whether intervals of the same labels may overlap and are one event then.
    var mayOverlap = false
}
