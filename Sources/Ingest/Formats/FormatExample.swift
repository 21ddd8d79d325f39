/// A form of lines that is read, with lines of it: what `monitord formats` prints, and a test decodes.
public struct FormatExample: Equatable, Sendable {
    /// The value of `format`.
    public var format: SourceConfiguration.Format
    /// Which form of it.
    public var form: String
    /// Lines, the header among them.
    public var lines: [String]
    /// What is made of them, in one sentence.
    public var meaning: String
    /// Keys that must be set for it, as in the configuration; none where the form is found.
    public var keys: String
    /// How they are read.
    public var configuration: SourceConfiguration

    private init(
        _ format: SourceConfiguration.Format, _ form: String, _ lines: [String], _ meaning: String, keys: String = "",
        _ configure: (inout SourceConfiguration) -> Void = { _ in }
    ) {
        self.format = format
        self.form = form
        self.lines = lines
        self.meaning = meaning
        self.keys = keys
        configuration = SourceConfiguration(input: .standardInput)
        configure(&configuration)
    }

    /// All forms that are read.
    public static let all: [FormatExample] = [
        FormatExample(
            .csv, "with a header",
            ["time,Temp [°C],Pressure (bar),State", "2026-11-21 02:15:40,21.4,3.02,RUN"],
            "Each numeric column is a channel; units come from the names or from a line below them."),
        FormatExample(
            .csv, "European", ["Zeit;Temp;Druck;Ort", "21.11.2026 02:15:40;1.021,4;3,02;\"Halle 2; Nord\""],
            "Semicolons, decimal commas and dates with the day first are found; what can be read in two ways is refused."
        ),
        FormatExample(
            .csv, "without a header",
            ["1792000000.250,0.013,12", "1792000001.250,0.014,13", "1792000002.250,0.015,14"],
            "Columns are c1, c2 and on, or as `columns` names them; growing numbers as large as times are the time."),
        FormatExample(
            .csv, "date and time apart", ["Date,Time,flow", "11/21/2026,2:15:40 PM,3.5"],
            "A date and a time of day in two columns are one time; `dates` says dmy or mdy where no date shows it."),
        FormatExample(
            .csv, "long form", ["time,sensor,value", "1792000000,pump3.temp,21.4", "1792000000,pump3.flow,3.5"],
            "A time, one text that names and one number: each name is a series with the one channel `value`."),
        FormatExample(
            .csv, "long form, declared",
            [
                "time,device,sensor,value", "1792000000,pump3,temp,21.4", "1792000000,pump3,flow,3.5",
                "1792000001,pump3,temp,21.5",
            ],
            "The lines of a device's sensors are put together to samples of one series.",
            keys: "series = \"device\", channel = \"sensor\""
        ) {
            $0.series = "device"
            $0.channel = "sensor"
        },
        FormatExample(
            .jsonl, "one object a line",
            [#"{"ts":1792000000123,"temp":"21.4","rpm":null,"motor":{"amps":[8.1,8.2,8.0]}}"#],
            "Numbers, also as texts, are channels; those of nested objects and lists by their path: motor.amps.0."),
        FormatExample(
            .jsonl, "long form", [#"{"ts":1792000000,"tag":"pump3.temp","v":21.4,"q":192}"#],
            "A time, one text that names and one number; a value of bad quality is missing."),
        FormatExample(
            .jsonl, "records",
            [#"{"timestamp":1792000000123,"values":[{"id":"Ch1.Temp","v":21.4,"q":true,"t":1792000000120}]}"#],
            "Each object of the list is a record, as Kepware and Node-RED send them; `records` names the list where it is not plain."
        ),
        FormatExample(
            .jsonl, "a list over many lines", ["[", "{ \"ts\" : 1792000000,", "  \"bytes\" : 9830400 }", "]"],
            "The objects of one JSON list are read one by one, however they are broken over lines."),
        FormatExample(
            .influx, "line protocol", [#"pump,site=a,unit=3 temp=21.4,run=true,n=12i,s="a b" 1792000000123456789"#],
            "Each measurement with its tags is a series, its numeric fields are channels; the precision is known by size."
        ),
    ]
}
