import StatusServer
import Testing

@Suite struct HTTPRequestTests {
    @Test func `path and query are decoded part by part`() throws {
        let request = try #require(
            HTTPRequest(method: "GET", target: "/api/v1/series/pump%2F3/temp%20C?from=2h&note=a%26b&empty=&bare"))
        #expect(request.path == ["api", "v1", "series", "pump/3", "temp C"])
        #expect(request.query == ["from": "2h", "note": "a&b", "empty": "", "bare": ""])
    }

    @Test(arguments: ["", "api", "/%", "/%4", "/%zz", "/%ff", "/a?b=%", "/a?b=%c3"])
    func `a target that is not well formed is no request`(target: String) {
        #expect(HTTPRequest(method: "GET", target: target) == nil)
    }

    @Test(arguments: ["pump3.temp", "a/b?c&d=e%", "Füllstand °C", ""])
    func `what is encoded is decoded to the same`(text: String) throws {
        let target = "/x/\(HTTPRequest.encoded(text))?q=\(HTTPRequest.encoded(text))"
        let request = try #require(HTTPRequest(method: "GET", target: target))
        #expect(request.path == (text.isEmpty ? ["x"] : ["x", text]))
        #expect(request.query == ["q": text])
    }
}
