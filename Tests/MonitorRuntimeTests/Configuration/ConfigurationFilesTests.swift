import Testing

@testable import MonitorRuntime

@Suite struct ConfigurationFilesTests {
    private let files = ConfigurationFiles.system

    /// The folder of this file.
    private var folder: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    @Test func `a folder gives the names in it`() throws {
        #expect(try files.list(folder).contains("ConfigurationFilesTests.swift"))
    }

    @Test func `a file gives its bytes`() throws {
        let bytes = try #require(try files.read(#filePath))
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("import Testing\n"))
    }

    @Test(arguments: ["/nowhere/at/all", "/dev/null/below"])
    func `what is not there is no failure`(path: String) throws {
        #expect(try files.read(path) == nil)
        #expect(try files.list(path).isEmpty)
    }

    @Test(arguments: [("/", "Is a directory"), ("/dev/zero", "it is larger than 1 MiB")])
    func `what is there and no configuration is a failure with its reason`(path: String, reason: String) {
        #expect(throws: ConfigurationFiles.Failure(reason: reason)) { try files.read(path) }
    }
}
