public import Foundation

/// The Python that has ONNX Runtime and safetensors; `nil` where nobody has made it.
public enum ExportPython {
    /// Where it is.
    public static var executable: URL? {
        let python = repositoryRoot.appending(path: ".build/python/bin/python3")
        return FileManager.default.isExecutableFile(atPath: python.path) ? python : nil
    }

    /// Whether tests that need it run: in continuous integration they do, and fail without it.
    public static var isExpected: Bool { executable != nil || isContinuousIntegration }

    /// Why a test is left out.
    public static let absence =
        "no .build/python with onnxruntime and safetensors; scripts/install-dependencies.sh --tests makes it"
}
