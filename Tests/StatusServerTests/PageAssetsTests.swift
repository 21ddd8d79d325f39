import Foundation
import TestSupport
import Testing

@testable import StatusServer

@Suite struct PageAssetsTests {
    private static let files = ["index.html", "page.css", "page.js", "views.js", "elements.js", "chart.js"]

    private func asset(_ name: String) throws -> Data {
        try Data(contentsOf: repositoryRoot.appending(path: "Sources/StatusServer/Assets/\(name)"))
    }

    private func bytes(_ path: [String]) throws -> [UInt8] {
        let response = try #require(PageAssets.response(at: path, token: "secret"))
        guard case .bytes(let bytes) = response.body, response.status == 200 else { return [] }
        return bytes
    }

    @Test func `the program has the files as they are in the repository`() throws {
        for name in Self.files.dropFirst() { #expect(try bytes([name]) == Array(asset(name)), "\(name)") }
        let page = String(decoding: try asset("index.html"), as: UTF8.self)
        #expect(page.components(separatedBy: "{{token}}").count == 2)
        let served = String(decoding: try bytes([]), as: UTF8.self)
        #expect(served == page.replacingOccurrences(of: "{{token}}", with: "secret"))
        for path in [["index.html"], ["page.js", "x"], ["..", "page.js"], ["favicon.ico"]] {
            #expect(PageAssets.response(at: path, token: "secret") == nil)
        }
    }

    @Test func `all files together are less than 60 kB`() throws {
        let size = try Self.files.reduce(0) { $0 + (try asset($1).count) }
        #expect(PageAssets.size == size && size < 60_000)
    }

    @Test func `nothing is loaded from elsewhere, and no script or style stands in the page`() throws {
        let page = String(decoding: try asset("index.html"), as: UTF8.self)
        #expect(!page.contains("<style") && !page.contains(" style=") && !page.contains("javascript:"))
        #expect(page.components(separatedBy: "<script").count == 2 && page.contains("<script type=\"module\" src=\"/"))
        for name in Self.files {
            var text = String(decoding: try asset(name), as: UTF8.self)
            // The names of SVG's language are no addresses.
            text = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
            for word in ["http://", "https://", "//cdn", "@import", "innerHTML", "insertAdjacentHTML", "eval("] {
                #expect(!text.contains(word), "\(word) in \(name)")
            }
        }
    }

    @Test func `the policy lets nothing in but files of our own`() throws {
        let policy = try #require(PageAssets.headers.first { $0.name == "Content-Security-Policy" }?.value)
        let rules = policy.components(separatedBy: "; ")
        for rule in [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
            "frame-ancestors 'none'",
        ] {
            #expect(rules.contains(rule), "\(rule)")
        }
        #expect(!policy.contains("unsafe") && !policy.contains("*"))
    }
}
