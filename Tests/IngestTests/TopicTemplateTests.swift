import Testing

@testable import Ingest

@Suite struct TopicTemplateTests {
    private func name(_ template: String, _ topic: String) throws -> String {
        var key: [UInt8] = []
        try #require(TopicTemplate(template)).write(Array(topic.utf8).span, into: &key)
        return String(decoding: key, as: UTF8.self)
    }

    @Test(arguments: [
        ("{topic}", "a/b/c", "a/b/c"), ("{2}", "a/b/c", "b"), ("{3}-{1}", "a/b/c", "c-a"), ("{-1}", "a/b/c", "c"),
        ("x{4}y", "a/b/c", "xy"), ("{1}", "/b", ""), ("{2}", "/b", "b"), ("{-3}", "a/b/c", "a"), ("{-4}", "a/b/c", ""),
        ("{3}", "a/b/", ""), ("{1}", "", ""),
    ])
    func `parts of a topic are put together`(template: String, topic: String, expected: String) throws {
        #expect(try name(template, topic) == expected)
    }

    @Test(arguments: ["", "plain", "{", "}", "{0}", "{a}", "{1", "1}", "{}", "{1}}", "{70000}"])
    func `what is no template is refused`(_ text: String) { #expect(TopicTemplate(text) == nil) }

    @Test(arguments: [
        ("mqtt://broker", "broker", 1_883, false), ("mqtts://broker", "broker", 8_883, true),
        ("mqtt://10.0.0.1:1884", "10.0.0.1", 1_884, false), ("mqtt://[::1]:1884", "::1", 1_884, false),
    ])
    func `an address is read`(_ text: String, host: String, port: UInt16, usesTLS: Bool) throws {
        let address = try #require(BrokerAddress(text))
        #expect((address.host, address.port, address.usesTLS) == (host, port, usesTLS))
    }

    @Test(arguments: [
        "broker:1883", "http://broker", "mqtt://", "mqtt://:1883", "mqtt://b:0", "mqtt://b:70000", "mqtt://b:x",
        "mqtt://b/path",
        "mqtt://user@b", "mqtt://[::1", "mqtt://[::1]x", "mqtt://a b",
    ])
    func `what is no address is refused`(_ text: String) { #expect(BrokerAddress(text) == nil) }

    @Test(arguments: ["a/b", "#", "+", "a/+/b", "a/#", "+/+/#", "/a", "a//b"])
    func `filters of topics are taken`(_ filter: String) { #expect(MQTTSettings.fault(ofFilter: filter) == nil) }

    @Test(arguments: ["", "a/#/b", "a#", "a+/b", "#/a"])
    func `what is no filter is refused`(_ filter: String) { #expect(MQTTSettings.fault(ofFilter: filter) != nil) }
}
