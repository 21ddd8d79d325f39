import Testing

@testable import Onward

@Suite struct AddressTests {
    @Test(arguments: [
        ("http://127.0.0.1:9093", "127.0.0.1:9093"), ("https://hooks.example/services/T0/secret?x=1", "hooks.example"),
        ("http://[::1]:8080/", "[::1]:8080"), ("https://a_b.example:1", "a_b.example:1"),
    ])
    func `an address of HTTP is told without its path`(text: String, authority: String) throws {
        let place = try #require(HTTPPlace(text))
        #expect(place.url == text)
        #expect(place.authority == authority)
        #expect("\(place)" == (text.hasPrefix("https") ? "https://" : "http://") + authority)
    }

    @Test(arguments: [
        "", "hooks.example", "ftp://hooks.example", "http://", "http:///x", "https://user:secret@hooks.example",
        "https://hooks.example:0", "https://hooks.example:65536", "https://hooks.example:port", "https://a b/",
        "https://hooks.example/#x", "http://[::1", "http://[]", "https://hooks.example/\n", "https://höks.example",
        "HTTP://hooks.example",
    ])
    func `what is none is refused`(text: String) { #expect(HTTPPlace(text) == nil) }

    @Test func `a path goes behind the one that is there`() throws {
        for base in [
            "http://a:1", "http://a:1/", "http://a:1//", "http://a:1/api/v2/alerts", "http://a:1/api/v2/alerts/",
        ] {
            #expect(try #require(HTTPPlace(base)).appending("/api/v2/alerts") == "http://a:1/api/v2/alerts")
        }
        #expect(try #require(HTTPPlace("http://a/am/")).appending("/api") == "http://a/am/api")
    }

    @Test(arguments: [
        ("udp://192.168.1.5", "udp://192.168.1.5:514"), ("tcp://logs.example", "tcp://logs.example:601"),
        ("tcp://[fe80::1]:6514", "tcp://[fe80::1]:6514"), ("unix:///dev/log", "unix:///dev/log"),
        ("udp://localhost:15140", "udp://localhost:15140"),
    ])
    func `an address of syslog has the port of its transport`(text: String, whole: String) throws {
        #expect(try #require(SyslogAddress(text)).description == whole)
    }

    @Test(arguments: [
        "", "udp://", "tls://a", "udp://a:0", "udp://a:x", "udp://a/b", "unix://dev/log", "192.168.1.5:514", "udp:/a",
        "unix:///" + String(repeating: "a", count: 107),
    ])
    func `an address of syslog that is none is refused`(text: String) { #expect(SyslogAddress(text) == nil) }

    @Test func `facilities have the numbers of the standard`() {
        #expect(SyslogFacility.allCases.map(\.number) == Array(0...11) + Array(16...23))
        #expect(SyslogFacility.daemon.number == 3 && SyslogFacility.local7.number == 23)
    }

    @Test func `a sink is called by its kind and where it is`() throws {
        #expect(try webhook("https://hooks.example/secret").name == "webhook hooks.example")
        #expect(try alertmanager("http://127.0.0.1:9093/am").name == "alertmanager 127.0.0.1:9093")
        #expect(try syslog("udp://10.0.0.1").name == "syslog 10.0.0.1:514")
    }
}
