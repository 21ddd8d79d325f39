import MonitorRuntime
import TimeSeries

/// Everything a simulation of traffic depends on: the same request gives the same bytes on any machine.
struct FlowSimulationRequest {
    /// At least ``SimulatedNetwork/fewestHosts``.
    var hostCount: Int
    var start: Timestamp
    /// Nanoseconds.
    var length: Int64
    var zone: CivilZone
    var anomalies: [AnomalyRequest<FlowAnomalyKind>]
    var seed: UInt64
    /// Lines a second; `nil` as fast as they are read.
    var rate: Double?
}
