import Testing
import TimeSeries

@testable import Alerting

@Suite struct AlertMessageTests {
    private let temp = AlertRecord.ChannelPart(
        name: "temp", unit: "°C", value: 84.2345, expected: 61.02, low: 55.77, high: 66.31, share: 0.07,
        direction: "high")
    private let current = AlertRecord.ChannelPart(
        name: "current", unit: "A", value: 12, expected: 10, low: 9, high: 11, share: 0.71, direction: "high")
    private let flow = AlertRecord.ChannelPart(
        name: "flow", value: 3, expected: 4, low: 3.5, high: 4.5, share: 0.22, direction: "low")

    private func message(
        _ kind: AlertKind = .anomaly, event: AlertEvent = .open, time: Double = 0, since: Double = 0,
        until: Double? = nil, severity: AlertSeverity = .warning, all: [String] = [], score: Double? = 6,
        rarity: Double? = 40.6 * 86_400, channels: [AlertRecord.ChannelPart]? = nil,
        similar: AlertRecord.SimilarPart? = nil, state: LearningState = learned,
        detail: String? = nil, isWholeSource: Bool = false, opened: AlertRecord.ChannelPart? = nil
    ) -> String {
        let record = AlertRecord(
            id: "7f3c91a2b4d5e6f7", seq: 0, event: event, time: at(time), since: at(since), until: until.map(at),
            severity: severity, kind: kind, series: all.first ?? "pump3", allSeries: all, score: score, threshold: 5,
            rarity: rarity, channels: channels ?? [current, flow, temp], similar: similar)
        return AlertMessage.text(
            for: record,
            context: .init(
                speaker: all.first ?? "pump3", learning: state, detail: detail, isWholeSource: isWholeSource,
                opened: opened))
    }

    private let end = " explain: monitord explain 7f3c91"

    @Test func `the message of the contract, byte for byte`() {
        #expect(
            message()
                == "pump3.temp is 84.2 °C, expected 61.0 (55.8 to 66.3), since 02:14:10 UTC; rarer than once in 40 days."
                + " Mostly pump3.current (71 %) and pump3.flow (22 %, low)." + end)
    }

    @Test func `a past incident that is like it is told with what came of it`() {
        let before = at(-86_400 * 18)
        #expect(message(similar: .init(time: before, distance: 0.1)).hasSuffix(" Like 2026-11-03 02:14:10 UTC." + end))
        #expect(
            message(similar: .init(time: before, distance: 0.1, lasted: 7_300)).hasSuffix(
                " and pump3.flow (22 %, low). Like 2026-11-03 02:14:10 UTC, which was over after 2 hours." + end))
        #expect(
            message(.drift, similar: .init(time: before, distance: 0, lasted: 700, becameUsual: true)).hasSuffix(
                " Like 2026-11-03 02:14:10 UTC, which stayed and counted as usual after 11 minutes." + end))
        #expect(!message(.stuck, similar: .init(time: before, distance: 0)).contains("Like"))
    }

    @Test func `a channel of two states is told in states`() {
        let burner = AlertRecord.ChannelPart(
            name: "burner", value: 0, expected: 1, low: 1, high: 1, share: 1, direction: "low")
        #expect(message(channels: [burner]).hasPrefix("pump3.burner is 0, expected 1, since 02:14:10 UTC; rarer"))
        var either = burner
        either.low = 0
        #expect(message(channels: [either]).hasPrefix("pump3.burner is 0, expected 1 (0 to 1), since"))
        var usual = either
        usual.expected = 0
        #expect(
            message(channels: [usual]).hasPrefix("pump3.burner is off its usual pattern, since 02:14:10 UTC; rarer"))
        // A state that was not expected stands before a value a little out of its band, not before one far out.
        #expect(AlertMessage.headline([burner, temp])?.name == "temp")
        var near = temp
        near.value = 67
        #expect(AlertMessage.headline([near, burner])?.name == "burner")
    }

    @Test func `one channel is said once, three are the most`() {
        var alone = temp
        alone.share = 1
        #expect(
            message(channels: [alone])
                == "pump3.temp is 84.2 °C, expected 61.0 (55.8 to 66.3), since 02:14:10 UTC; rarer than once in 40 days."
                + end)
        var front = temp
        front.share = 0.3
        let others = ["a", "b", "c"].map {
            AlertRecord.ChannelPart(
                name: $0, value: 1, expected: 1, low: 0, high: 2, share: 0.2, direction: "high")
        }
        #expect(
            message(channels: [front] + others).contains("Mostly pump3.temp (30 %), pump3.a (20 %) and pump3.b (20 %).")
        )
    }

    @Test func `with another channel in front, two contributors are the most`() {
        let others = ["a", "b", "c"].map {
            AlertRecord.ChannelPart(
                name: $0, value: 1, expected: 1, low: 0, high: 2, share: 0.3, direction: "high")
        }
        #expect(message(channels: others + [temp]).contains(" Mostly pump3.a (30 %) and pump3.b (30 %). explain"))
    }

    @Test func `whom a host talked to is told with how much of all it was`() throws {
        let evidence = ActivityEvidence(
            flows: 830,
            peers: [
                .init(name: "203.0.113.9", flows: 812, bytes: 9, local: false),
                .init(name: "10.0.5.1", flows: 3, bytes: 9, local: true),
            ], services: [.init(name: "tcp/502", flows: 700, bytes: 9, local: nil)])
        #expect(
            evidence.sentence
                == " Most flows with 203.0.113.9 (foreign, 812 of 830), 10.0.5.1 (local, 3 of 830); services tcp/502 (700 of 830)."
        )
        var older = evidence
        older.flows = nil
        #expect(older.sentence.contains("203.0.113.9 (foreign, 812), 10.0.5.1 (local, 3); services tcp/502 (700)."))
    }

    @Test func `what is not known is said`() {
        var unknown = temp
        unknown.expected = nil
        #expect(
            message(rarity: nil, channels: [unknown])
                == "pump3.temp is 84.2 °C, expected value not known yet, since 02:14:10 UTC; how rare this is is not known."
                + end)
        var noBand = temp
        noBand.low = nil
        #expect(message(channels: [noBand]).contains("expected 61.0 (band not known yet)"))
        var missing = temp
        missing.value = nil
        #expect(message(channels: [missing]).hasPrefix("pump3.temp is missing, expected 61.0 (55.8 to 66.3), since"))
        #expect(message(channels: []).hasPrefix("pump3 is not as usual, since 02:14:10 UTC; rarer"))
    }

    @Test(
        arguments: [
            (40.6 * 86_400, learned, "rarer than once in 40 days."),
            (1_000 * 86_400, learned, "rarer than once in 2 years."),
            (1_001 * 86_400, learned, "rarer than anything in the 100 days learned."),
            (36_001, learning, "rarer than anything in the 60 minutes learned; still learning (37 %)."),
            (7_200, learning, "rarer than once in 2 hours; still learning (37 %)."),
            (.infinity, learned, "rarer than anything in the 100 days learned."),
            (
                36_001, newcomer,
                "it is new here, or was away for long, and hardly any other ever came to that; still learning (37 %)."
            ),
        ] as [(Double, LearningState, String)])
    func `rarity is told in people's units and against what was learned`(
        rarity: Double, state: LearningState, text: String
    ) {
        #expect(message(rarity: rarity, state: state).contains("since 02:14:10 UTC; \(text) Mostly"))
    }

    @Test func `an incident of the state does not speak of rare samples`() {
        #expect(
            message(score: 1, rarity: 10).contains(
                "; it stays away from normal, though no single sample is rare. Mostly"))
    }

    @Test func `another day is named`() {
        #expect(message(time: 86_400).contains("since 2026-11-21 02:14:10 UTC;"))
    }

    @Test func `several series are listed, three and how many more`() {
        #expect(
            message(all: ["a", "b", "c", "d", "e"]).hasPrefix("5 series at once: a, b, c and 2 more. a.temp is 84.2 °C")
        )
        #expect(message(all: ["a", "b"]).hasPrefix("2 series at once: a and b. a.temp is"))
    }

    @Test func `an opening says what becomes of it where that is not the usual way`() {
        for (adaptation, text) in [
            (Adaptation.ask, " Should it stay, it is unusual until it is accepted. explain:"),
            (.off, " Should it stay, it is unusual until the series returns. explain:"),
        ] {
            var state = learned
            state.adaptation = adaptation
            #expect(message(state: state).contains(text))
        }
        #expect(!message().contains("Should it stay"))
    }

    @Test func `a rise says what it rose to`() {
        #expect(message(event: .update, severity: .critical).hasPrefix("Now critical: pump3.temp is 84.2 °C"))
    }

    @Test(
        arguments: [
            (
                AlertKind.anomaly, false, [],
                "pump3 was unusual for 16 minutes, until 02:31:00 UTC: it is back to normal, or at a level that now counts as usual."
            ),
            (
                .drift, false, [],
                "pump3.current, moving for 16 minutes: it stays at 12.0 A, which is learned."
            ),
            (.stalled, true, [], "source pump3 speaks again since 02:31:00 UTC; overdue for 16 minutes."),
            (
                .stalled, false, [],
                "pump3.current, pump3.flow and pump3.temp have values again since 02:31:00 UTC, after 16 minutes without."
            ),
            (
                .stuck, false, [],
                "pump3.current, pump3.flow and pump3.temp change again since 02:31:00 UTC, after 16 minutes of one value."
            ),
            (
                .input, true, [],
                "source pump3 can be read again since 02:31:00 UTC, after 16 minutes of unreadable lines."
            ),
            (
                .anomaly, false, ["a", "b", "c", "d"],
                "a, b, c and 1 more were unusual for 16 minutes, until 02:31:00 UTC: they are back to normal, or at a level that now counts as usual."
            ),
        ] as [(AlertKind, Bool, [String], String)])
    func `a close tells since when and after how long`(
        kind: AlertKind, isWholeSource: Bool, all: [String], text: String
    ) {
        #expect(
            message(kind, event: .close, time: 1_070, until: 1_010, all: all, isWholeSource: isWholeSource) == text
                + end)
    }

    @Test func `a close says where the channel is that went first, and where it was expected`() {
        var now = temp
        func close(_ value: Double?) -> String {
            now.value = value
            return message(event: .close, time: 1_070, until: 1_010, channels: [now], opened: temp)
        }
        let begin = "pump3 was unusual for 16 minutes, until 02:31:00 UTC: "
        #expect(close(60.5) == begin + "pump3.temp is 60.5 °C, back from 84.2." + end)
        #expect(
            close(83.9) == begin
                + "pump3.temp is 83.9 °C, where 61.0 was expected when it began; what it does counts as usual now."
                + end)
        #expect(close(nil).contains("it is back to normal, or at a level that now counts as usual"))
    }

    @Test func `a close by a new level does not call it normal`() {
        #expect(
            message(event: .close, time: 1_010, until: 1_010, detail: "it was accepted and is usual from here on")
                == "pump3, unusual for 16 minutes: it was accepted and is usual from here on." + end)
    }

    @Test func `the other kinds have sentences of their own`() {
        #expect(
            message(.stalled, channels: [], detail: "usually a sample every second")
                == "pump3 has been silent since 02:14:10 UTC, usually a sample every second." + end)
        #expect(
            message(.stalled, channels: [], isWholeSource: true) == "source pump3 has been silent since 02:14:10 UTC."
                + end
        )
        #expect(
            message(.stuck, channels: [temp]) == "pump3.temp has not changed since 02:14:10 UTC, still 84.2 °C." + end)
        #expect(
            message(.input, detail: "132 of 200 lines cannot be read", isWholeSource: true)
                == "source pump3: 132 of 200 lines cannot be read, since 02:14:10 UTC." + end)
        #expect(
            message(.drift, time: 21_600, channels: [temp])
                == "pump3.temp has moved from 61.0 to 84.2 °C over 6 hours, since 02:14:10 UTC; what is learned follows it."
                + end)
        #expect(
            message(.drift, time: 21_600, channels: [temp], detail: "changes more from sample to sample")
                == "pump3.temp changes more from sample to sample: by 84.2 °C, and by 61.0 before that, over 6 hours, since "
                + "02:14:10 UTC; what is learned follows it." + end)
    }

    private func silence(longest: Double, longer: Int = 0, limit: Double = 7.5) -> Silence {
        Silence(
            subject: .series(0), lastSample: at(-7.5), since: onset, sampleNumber: 3, interval: 1, longest: longest,
            limit: limit, longer: longer, measure: .learned)
    }

    @Test func `a silence tells when it was last heard of, and what it is used to`() {
        func message(_ silence: Silence, isWholeSource: Bool = false) -> String {
            let record = AlertRecord(
                id: "7f3c91a2b4d5e6f7", seq: 0, event: .open, time: at(1), since: onset, severity: .warning,
                kind: .stalled, series: "pump3")
            let context = AlertMessage.Context(
                speaker: "pump3", learning: learned, silence: silence, isWholeSource: isWholeSource)
            return AlertMessage.text(for: record, context: context)
        }
        let start = "pump3 has not spoken since 02:14:02 UTC; "
        #expect(
            message(silence(longest: 7)) == start
                + "it usually does every 1 s and never stayed silent longer than 7 s." + end)
        #expect(
            message(silence(longest: 600, longer: 1)) == start
                + "it usually does every 1 s and stayed silent longer than 7.5 s only once before." + end)
        #expect(
            message(silence(longest: 600, longer: 2, limit: 0.25)) == start
                + "it usually does every 1 s and stayed silent longer than 250 ms only 2 times before." + end)
        var declared = silence(longest: 0, limit: 300)
        declared.measure = .declared
        #expect(
            message(declared, isWholeSource: true) == "source " + start + "it should at least every 5 minutes." + end)
    }

    @Test func `a channel without values is named`() {
        #expect(
            message(.stalled, channels: [temp], detail: "at most 2 samples in a row lacked it before")
                == "pump3.temp has no value since 02:14:10 UTC, at most 2 samples in a row lacked it before." + end)
    }

    @Test(arguments: AlertKind.allCases) func `every kind says what to do in one sentence`(kind: AlertKind) {
        let hint = AlertMessage.hint(for: kind)
        #expect(hint.hasSuffix(".") && hint.count > 20 && !hint.contains(". "))
    }
}

@Suite struct ReadableNumbersTests {
    @Test(
        arguments: [
            ([84.2345, 61.02, 55.77, 66.31], [], ["84.2", "61.0", "55.8", "66.3"]),
            ([1013.25, 1012.9, 1012.71, 1013.09], [0.38, 0.35], ["1013.25", "1012.90", "1012.71", "1013.09"]),
            ([61.123, 61.0], [0.1], ["61.12", "61.00"]),
            ([0.00123456, 0.5], [], ["0.001", "0.500"]),
            ([123_456, 100_049], [], ["123000", "100000"]),
            ([123_456, 123_400], [56], ["123456", "123400"]),
            ([999.9], [], ["1000"]), ([9.999], [], ["10.00"]), ([-0.04, 1], [], ["-0.04", "1.00"]), ([0], [], ["0"]),
            ([-12.34], [], ["-12.3"]), ([0.000_000_000_004], [], ["4e-12"]), ([1e20], [], ["1e+20"]),
            ([5, 1e-30], [1e-30], ["5.00", "1e-30"]),
            ([327.1, 0.007_306_967_978_251_645], [], ["327", "0.00731"]),
        ] as [([Double], [Double], [String])])
    func `numbers side by side share their decimals`(numbers: [Double], distances: [Double], texts: [String]) {
        let readable = ReadableNumbers(numbers, distances: distances)
        #expect(numbers.map(readable.text) == texts)
    }

    @Test(
        arguments: [
            (0, "less than a second"), (1, "1 second"), (119.9, "119 seconds"), (120, "2 minutes"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"), (172_799, "47 hours"), (172_800, "2 days"), (729.5 * 86_400, "729 days"),
            (731 * 86_400, "2 years"), (1e16, "millions of years"), (.infinity, "millions of years"),
        ] as [(Double, String)]) func `lengths of time are told in one unit`(seconds: Double, text: String)
    {
        #expect(HumanDuration.text(seconds: seconds) == text)
    }
}
