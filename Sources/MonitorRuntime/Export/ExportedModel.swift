import Alerting
import AnomalyDetection
import Ingest
import NeuralNet
import TimeSeries

/// The networks of a group with what is known of them, and the four files that they become.
struct ExportedModel: Sendable {
    /// A series of the group.
    struct Series: Sendable {
        var name: String
        var scaling: StoredScaling
    }

    var stream: String
    var group: Int
    var channels: [Channel]
    var series: [Series]
    var models: GroupModels
    var arithmetic: ArithmeticClass
    /// Rounds that the stream had completed.
    var round: UInt64

    /// The files.
    func files(named name: String) -> [ExportedFile] {
        let (forecaster, autoencoder) = (models.forecaster, models.autoencoder)
        let tensors =
            forecaster.tensors.map { NamedTensor("forecaster.\($0.name)", $0.shape, $0.values) }
            + autoencoder.tensors.map { NamedTensor("autoencoder.\($0.name)", $0.shape, $0.values) }
        func model(_ graph: ONNXGraph) -> [UInt8] { graph.bytes(version: Version.text, metadata: metadata) }
        return [
            ExportedFile(name: "\(name).json", bytes: Array(description.utf8)),
            ExportedFile(name: "\(name).safetensors", bytes: SafetensorsFile.bytes(tensors, metadata: metadata)),
            ExportedFile(name: "\(name).forecaster.onnx", bytes: model(ForecasterGraph.graph(of: forecaster))),
            ExportedFile(name: "\(name).autoencoder.onnx", bytes: model(AutoencoderGraph.graph(of: autoencoder))),
        ]
    }

    /// The facts as texts, for the files that hold nothing but numbers.
    private var metadata: [(key: String, text: String)] {
        var names = JSONWriter()
        names.write(.list(channels.map { .text($0.name) }))
        let variant = models.forecaster.shape.variant
        let autoencoder = models.autoencoder.shape
        return [
            ("monitord", Version.text), ("stream", stream), ("group", String(group)), ("channels", names.text),
            ("cell", variant.cell.rawValue), ("head", variant.head.rawValue), ("horizon", String(variant.horizon)),
            ("autoencoder", autoencoder.architecture.rawValue), ("window", String(autoencoder.rows)),
            ("arithmetic", arithmetic.rawValue), ("round", String(round)),
        ]
    }

    /// All that the networks' inputs need, as JSON.
    private var description: String {
        let (forecaster, autoencoder) = (models.forecaster.shape, models.autoencoder.shape)
        var json = JSONWriter()
        json.write(
            .object([
                ("monitord", .text(Version.text)), ("stream", .text(stream)), ("group", .integer(group)),
                ("round", .integer(Int(clamping: round))), ("arithmetic", .text(arithmetic.rawValue)),
                (
                    "channels",
                    .list(channels.map { .object([("name", .text($0.name)), ("unit", $0.unit.map { .text($0) })]) })
                ),
                (
                    "forecaster",
                    .object([
                        ("cell", .text(forecaster.cell.rawValue)),
                        ("head", .text(forecaster.variant.head.rawValue)),
                        ("horizon", .integer(forecaster.horizon)), ("inputs", .integer(forecaster.inputSize)),
                        ("hidden", .integer(forecaster.hiddenSize)),
                    ])
                ),
                (
                    "autoencoder",
                    .object([
                        ("architecture", .text(autoencoder.architecture.rawValue)),
                        ("window", .integer(autoencoder.rows)), ("latent", .integer(autoencoder.latentSize)),
                    ])
                ),
                ("series", .list(series.map(value))),
            ]))
        return json.text + "\n"
    }

    private func value(of series: Series) -> JSONWriter.Value {
        let scaling = series.scaling.channels
        return .object([
            ("name", .text(series.name)),
            ("location", .list(scaling.map { .finite($0.location) ?? .number(0) })),
            ("scale", .list(scaling.map { .finite($0.scale) ?? .number(1) })),
        ])
    }
}
