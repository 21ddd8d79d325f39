import Alerting
import FoundationEssentials
import Onward
import Testing

@testable import MonitorRuntime

/// `[[sink]]`.
@Suite struct SinkConfigurationTests {
    private func load(_ text: String, environment: [String: String] = [:]) throws -> LoadedConfiguration {
        let files = ConfigurationFiles(
            read: { path throws(ConfigurationFiles.Failure) in path == "m.toml" ? Array(text.utf8) : nil },
            list: { _ throws(ConfigurationFiles.Failure) in [] })
        return try ConfigurationLoader(environment: environment, isRoot: false, files: files)
            .load(ConfigurationOverrides(file: "m.toml"))
    }

    private func problems(_ text: String, environment: [String: String] = [:]) -> [String] {
        do {
            _ = try load(text, environment: environment)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map(\.description)
        } catch { return ["\(error)"] }
    }

    @Test func `every key gets into the sink`() throws {
        let sinks = try load(
            """
            [[sink]]
            alertmanager = "https://am.example:9093/am"
            severity = "critical"
            timeout = "3s"
            token_file = "t"
            ca_file = "ca"
            cert_file = "c"
            key_file = "k"
            resend = "30s"
            labels = { site = "north", _x1 = "y" }
            [[sink]]
            webhook = "https://hooks.example/in?key=1"
            name = "pager"
            secret_file = "s"
            [[sink]]
            syslog = "tcp://10.0.0.1"
            facility = "local3"
            """
        ).configuration.sinks
        try #require(sinks.count == 3)
        var first = SinkConfiguration(place: .alertmanager(try #require(HTTPPlace("https://am.example:9093/am"))))
        first.lowestSeverity = .critical
        (first.timeout, first.resendSeconds) = (3, 30)
        (first.tokenFile, first.authoritiesFile, first.certificateFile, first.keyFile) = ("t", "ca", "c", "k")
        first.labels = ["site": "north", "_x1": "y"]
        var second = SinkConfiguration(
            place: .webhook(try #require(HTTPPlace("https://hooks.example/in?key=1"))), name: "pager")
        second.secretFile = "s"
        var third = SinkConfiguration(place: .syslog(try #require(SyslogAddress("tcp://10.0.0.1:601"))))
        third.facility = .local3
        #expect(sinks == [first, second, third])
        #expect(sinks.map(\.name) == ["alertmanager am.example:9093", "pager", "syslog 10.0.0.1:601"])
        #expect(first.files.map(\.key) == ["token_file", "ca_file", "cert_file", "key_file"])
    }

    @Test func `what check prints loads again as the same`() throws {
        let loaded = try load(
            """
            [[sink]]
            alertmanager = "http://127.0.0.1:9093"
            [sink.labels]
            site = "no\\"rth"
            [[sink]]
            syslog = "udp://[::1]:514"
            """)
        #expect(try load(loaded.merged).configuration == loaded.configuration)
        #expect(loaded.merged.contains("# it is called syslog [::1]:514\n"))
        // A key that means nothing there is not shown.
        #expect(loaded.merged.components(separatedBy: "[[sink]]")[2].contains("facility = \"daemon\"  # default"))
        #expect(!loaded.merged.components(separatedBy: "[[sink]]")[2].contains("labels"))
    }

    @Test(
        arguments: [
            (
                "[[sink]]\nname = \"x\"",
                "m.toml:1:3: sink: it names no place; give it alertmanager = \"…\", webhook = \"…\", syslog = \"…\" or mqtt = \"…\""
            ),
            (
                "[[sink]]\nwebhook = \"http://a\"\nsyslog = \"udp://b\"",
                "m.toml:1:3: sink: it has webhook and syslog; a sink has one place: make two [[sink]] of it"
            ),
            (
                "[sink]\nwebhook = \"http://a\"",
                "m.toml:1:2: sink is a table; expected tables that begin with [[sink]], in two brackets"
            ),
            (
                "[[sink]]\nwebhook = \"http://user:secret@a\"",
                "m.toml:2:1: sink.webhook is \"http://user:secret@a\"; expected an address such as "
                    + "\"https://hooks.example/alerts\", without a user or a \"#\""
            ),
            (
                "[[sink]]\nalertmanager = \"http://a?x\"",
                "m.toml:2:1: sink.alertmanager is \"http://a?x\"; expected an address such as \"http://127.0.0.1:9093\", "
                    + "without a user or a query"
            ),
            (
                "[[sink]]\nsyslog = \"10.0.0.1\"",
                "m.toml:2:1: sink.syslog is \"10.0.0.1\"; expected an address such as \"udp://192.168.1.5:514\", "
                    + "\"tcp://logs.example:601\" or \"unix:///dev/log\""
            ),
            (
                "[[sink]]\nwebhok = \"http://a\"",
                "m.toml:2:1: unknown key \"sink.webhok\"; did you mean \"sink.webhook\"?"
            ),
            (
                "[[sink]]\nwebhook = \"http://a\"\nsecret = \"s\"",
                "m.toml:3:1: unknown key \"sink.secret\"; did you mean \"sink.secret_file\"?"
            ),
            (
                "[[sink]]\nmqtt = \"mqtt://b\"\nclient_id = \"me\"\n[[sink]]\nmqtt = \"mqtt://b:1883\"\nname = \"two\"\nclient_id = \"me\"",
                "m.toml:7:1: sink.client_id: \"me\" is the client_id of what is at m.toml:1:3, too: at one broker each needs one of its own"
            ),
            (
                "[[source]]\nmqtt = \"mqtt://b\"\ntopics = [\"a\"]\nclient_id = \"me\"\n[[sink]]\nmqtt = \"mqtt://b\"\nclient_id = \"me\"",
                "m.toml:7:1: sink.client_id: \"me\" is the client_id of what is at m.toml:1:3, too: at one broker each needs one of its own"
            ),
            (
                "[[source]]\nmqtt = \"mqtt://b\"\ntopics = [\"a\"]\nclient_id = \"me\"\n[[source]]\nmqtt = \"mqtt://b:1883\"\ntopics = [\"c\"]\nclient_id = \"me\"",
                "m.toml:5:3: source.client_id: \"me\" is the client_id of the source at m.toml:1:3, too: at one broker each needs one of its own"
            ),
            (
                "[[source]]\nmqtt = \"mqtt://b\"\ntopics = [\"a/+/+/+\"]\nchannel = \"{4}\"",
                "m.toml:4:1: source.channel: \"{4}\" is no key of a payload: levels of a topic name series, as in series = \"{3}/{4}\"; each topic with one value is a series of its own"
            ),
            (
                "[[source]]\nmqtt = \"mqtt://b\"\ntopics = [\"a/#\", \"a/+/b\"]\nseries = \"{7}\"",
                "m.toml:4:1: source.series: \"{7}\" names a part that no topic under \"a/+/b\" has: those have 3"
            ),
            (
                "[[sinks]]\nwebhook = \"http://a\"", "m.toml:1:3: unknown key \"sinks\"; did you mean \"sink\"?"
            ),
            (
                "[[sink]]\nsyslog = \"udp://a\"\nsecret_file = \"s\"",
                "m.toml:3:1: sink.secret_file: a sink to syslog takes no such key"
            ),
            (
                "[[sink]]\nwebhook = \"http://a\"\nresend = \"1min\"",
                "m.toml:3:1: sink.resend: a sink to webhook takes no such key"
            ),
            (
                "[[sink]]\nwebhook = \"http://a\"\ncert_file = \"c\"",
                "m.toml:3:1: sink.cert_file: cert_file and key_file go together"
            ),
            (
                "[[sink]]\nwebhook = \"http://a/1\"\n[[sink]]\nwebhook = \"http://a/2\"",
                "m.toml:3:3: sink: the sink at m.toml:1:3 is called \"webhook a\" too; give each a name = \"…\" of its own"
            ),
            (
                "[[sink]]\nwebhook = \"http://a\"\nname = \"journal\"",
                "m.toml:3:1: sink.name: \"journal\" is what monitord calls a place of its own"
            ),
            (
                "[[sink]]\nalertmanager = \"http://a\"\nlabels = { series = \"x\" }",
                "m.toml:3:1: sink.labels: the label \"series\" is monitord's own"
            ),
            (
                "[[sink]]\nalertmanager = \"http://a\"\nlabels = { \"my-site\" = \"x\" }",
                "m.toml:3:1: sink.labels: \"my-site\" is no name of a label: letters, digits and \"_\", and no digit first"
            ),
            (
                "[[sink]]\nalertmanager = \"http://a\"\nlabels = { site = 7 }",
                "m.toml:3:1: sink.labels is a table; expected a table of texts such as { site = \"north\" }, by names that Prometheus takes"
            ),
            (
                "webhook = \"http://a\"",
                "m.toml:1:1: unknown key \"webhook\"; did you mean \"sink.webhook\"? It belongs below [[sink]]"
            ),
        ] as [(String, String)])
    func `what is wrong is refused with words`(text: String, words: String) {
        #expect(problems(text) == [words])
    }

    @Test func `sinks at one broker have an id each, and behind a # there may be any part`() throws {
        let loaded = try load(
            """
            [[source]]
            mqtt = "mqtt://b"
            topics = ["a/#"]
            series = "{7}"
            [[sink]]
            mqtt = "mqtt://b"
            [[sink]]
            mqtt = "mqtt://b"
            name = "second"
            client_id = "gateway7-b"
            """)
        #expect(loaded.configuration.sinks.map(\.clientID) == [nil, "gateway7-b"])
    }

    @Test func `files of sources at brokers are looked at as those of sinks`() throws {
        let loaded = try load(
            """
            [[source]]
            mqtt = "mqtt://b"
            topics = ["a"]
            username = "me"
            password_file = "/nowhere/password"
            [[sink]]
            webhook = "http://a"
            secret_file = "/nowhere/secret"
            """)
        let access = SinkAccess(loaded.configuration)
        let source = "source mqtt://b: password_file /nowhere/password: cannot be read: No such file or directory"
        let sink = "sink webhook a: secret_file /nowhere/secret: cannot be read: No such file or directory"
        #expect(access.remarks() == [source, sink] && access.failures() == [source, sink])
        #expect(access.failuresOfSinks() == [sink])
    }

    @Test func `a sink has no variables`() {
        #expect(
            problems("", environment: ["MONITORD_SINK__WEBHOOK": "http://a"])
                == ["environment MONITORD_SINK__WEBHOOK: sink: it has no variables; use a file or flags"])
    }

    @Test(
        arguments: [
            ("", "[[sink]]\nwebhook = \"http://a/secret\"", ["sink webhook a: new"]),
            (
                "[[sink]]\nwebhook = \"http://a/secret\"", "",
                ["sink webhook a: gone; what it has not had yet is not sent any more"]
            ),
            (
                "[[sink]]\nwebhook = \"http://a/secret\"", "[[sink]]\nwebhook = \"http://a/other\"\ntimeout = \"5s\"",
                ["sink webhook a: other webhook, timeout"]
            ),
            ("[[sink]]\nwebhook = \"http://a\"", "[[sink]]\nwebhook = \"http://a\"", []),
        ] as [(String, String, [String])])
    func `a reload takes sinks over, and tells no address`(old: String, new: String, lines: [String]) throws {
        let change = try ConfigurationChange(from: load(old), to: load(new))
        #expect(change.applied == lines && change.refused.isEmpty)
        #expect(try change.result.configuration == load(new).configuration)
    }
}
