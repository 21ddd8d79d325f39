import Testing

@testable import Ingest

@Suite struct NetworkAddressTests {
    private func address(_ text: String) -> NetworkAddress? {
        let bytes = Array(text.utf8)
        return NetworkAddress(bytes.span, 0..<bytes.count)
    }

    @Test(arguments: [
        ("10.0.5.12", "10.0.5.12"), (" 255.255.255.255 ", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
        ("fe80::4eef:c0ff:fe27:561e", "fe80::4eef:c0ff:fe27:561e"), ("fe80::1%eth0", "fe80::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:DB8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("1::", "1::"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("::ffff:192.168.1.9", "192.168.1.9"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func `an address is read and written`(text: String, written: String) {
        #expect(address(text).map(\.description) == written)
    }

    @Test(arguments: [
        "", "10.0.5", "10.0.5.256", "10.0.5.12.1", "10.0.5.", "1.2.3.4x", "a.b.c.d", "0123.1.1.1", ":", ":::", "1:::2",
        "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::g", "1:2:3:4:5:6:7:8::", "::1.2.3", ":1::",
        "1:2:",
        "1:2:3:4:5:6:7:1.2.3.4",
    ])
    func `what is none is refused`(text: String) { #expect(address(text) == nil) }

    @Test(arguments: [
        ("10.1.2.3", true), ("172.16.0.1", true), ("172.32.0.1", false), ("192.168.100.103", true),
        ("192.169.0.1", false),
        ("8.8.8.8", false), ("169.254.15.115", true), ("100.64.0.1", true), ("100.128.0.1", false),
        ("224.0.0.251", true),
        ("127.0.0.1", true), ("fe80::1", true), ("fd00::1", true), ("2001:db8::1", false), ("::1", true),
        ("ff02::1", true),
        ("fec0::1", false),
    ])
    func `local networks are told from foreign ones`(text: String, isLocal: Bool) {
        #expect(address(text)?.isLocal == isLocal)
    }

    @Test func `a network keeps its first bits`() {
        #expect(address("10.0.5.12")?.network(prefix: 24).description == "10.0.5.0")
        #expect(address("10.0.5.12")?.network(prefix: 0).description == "0.0.0.0")
        #expect(address("10.0.5.12")?.network(prefix: 32).description == "10.0.5.12")
        #expect(address("2001:db8:1:2:3:4:5:6")?.network(prefix: 64).description == "2001:db8:1:2::")
        #expect(address("2001:db8:1:2:3:4:5:6")?.network(prefix: 72).description == "2001:db8:1:2::")
        #expect(address("2001:db8:1:2:3:4:5:6")?.network(prefix: 128).description == "2001:db8:1:2:3:4:5:6")
    }
}
