import TestSupport
import Testing
import TimeSeries

@testable import StatusServer

@Suite struct PageGuardTests {
    private let pageGuard = PageGuard(token: "0123456789abcdef")

    private func refusal(
        _ method: String = "GET", host: String? = "127.0.0.1:9464", origin: String? = nil, token: String? = nil,
        door: HTTPRequest.Door = .port, port: Int? = 9_464
    ) throws -> PageGuard.Refusal? {
        var headers: [String: String] = [:]
        headers["host"] = host
        headers["origin"] = origin
        headers["x-monitord-token"] = token
        let request = HTTPRequest(
            method: method, target: "/api/v1/status", headers: headers, door: door, localPort: port)
        return pageGuard.refusal(of: try #require(request))
    }

    @Test(arguments: ["127.0.0.1:9464", "localhost:9464", "LocalHost:9464", "[::1]:9464"])
    func `who asks by a name of this machine is answered`(host: String) throws {
        #expect(try refusal(host: host) == nil)
        #expect(try refusal(host: host, origin: "http://\(host)") == nil)
        #expect(try refusal("POST", host: host, origin: "http://\(host)", token: "0123456789abcdef") == nil)
    }

    @Test(arguments: [
        nil, "", "attacker.example:9464", "attacker.example", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:94640",
        "127.0.0.1:9464.attacker.example", "localhost.attacker.example:9464", "127.0.0.1:9464:9464", "[::1]",
        "::1:9464",
        "user@127.0.0.1:9464", "127.1:9464", "0.0.0.0:9464", " 127.0.0.1:9464",
    ])
    func `who asks by another name or port is refused, whatever he brings`(host: String?) throws {
        #expect(try refusal(host: host) == .host)
        #expect(try refusal("POST", host: host, token: "0123456789abcdef") == .host)
    }

    @Test(arguments: [
        "null", "", "http://attacker.example", "https://127.0.0.1:9464", "http://127.0.0.1", "http://127.0.0.1:8080",
        "http://127.0.0.1:9464.attacker.example", "http://127.0.0.1:9464/", "file://",
    ])
    func `what another page asks for is refused`(origin: String) throws {
        #expect(try refusal(origin: origin) == .origin)
        #expect(try refusal("POST", origin: origin, token: "0123456789abcdef") == .origin)
    }

    @Test(arguments: [nil, "", "0", "0123456789abcdee", "0123456789abcdef0", "0123456789ABCDEF"])
    func `nothing is changed without the token`(token: String?) throws {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            #expect(try refusal(method, token: token) == .token)
        }
        #expect(try refusal("HEAD", token: token) == nil)
    }

    @Test func `at the port of http the name alone is enough`() throws {
        #expect(try refusal(host: "localhost", port: 80) == nil)
        #expect(try refusal(host: "attacker.example", port: 80) == .host)
    }

    @Test func `the control socket has rights of its own`() throws {
        #expect(try refusal("POST", host: nil, door: .control, port: nil) == nil)
        // A port that is not known is nobody's.
        #expect(try refusal(port: nil) == .host)
    }

    @Test func `a token is 128 bits of the generator it is given`() {
        var (one, same, other) = (SeededGenerator(seed: 1), SeededGenerator(seed: 1), SeededGenerator(seed: 2))
        let token = PageGuard.makeToken(using: &one)
        #expect(token.count == 32 && token.allSatisfy(\.isHexDigit))
        #expect(token == PageGuard.makeToken(using: &same))
        #expect(token != PageGuard.makeToken(using: &other))
    }
}
