extension PageAssets {
    /// A page of its own, with the status page's charts and no other file: what a replay has seen.
    ///
    /// - Parameter json: what it shows, as `report.js` says.
    public static func report(of json: String) -> [UInt8] {
        let scripts = [PackageResources.elements_js, PackageResources.chart_js, PackageResources.report_js]
        return filled(
            PackageResources.report_html,
            [
                ("{{style}}", PackageResources.page_css + PackageResources.report_css),
                ("{{script}}", scripts.flatMap(inlined)),
                // A name that ends the element would end the page's data with it.
                ("{{data}}", Array(json.utf8.flatMap { $0 == UInt8(ascii: "<") ? Array("\\u003c".utf8) : [$0] })),
            ])
    }

    /// A module's text for a page that has all of them in one: nothing is brought in, nothing handed out.
    private static func inlined(_ script: [UInt8]) -> [UInt8] {
        script.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).flatMap { line -> [UInt8] in
            if line.starts(with: "import ".utf8) { return [] }
            let export = "export ".utf8
            return (line.starts(with: export) ? line.dropFirst(export.count) : line) + [UInt8(ascii: "\n")]
        }
    }

    /// A template with texts in its places, each of which is there once, in this order.
    private static func filled(_ template: [UInt8], _ places: [(name: String, text: [UInt8])]) -> [UInt8] {
        var rest = template[...]
        var page: [UInt8] = []
        for (name, text) in places.sorted(by: {
            position(of: $0.name, in: template) < position(of: $1.name, in: template)
        }) {
            guard let place = rest.firstRange(of: Array(name.utf8)) else { continue }
            page += rest[..<place.lowerBound]
            page += text
            rest = rest[place.upperBound...]
        }
        return page + rest
    }

    private static func position(of name: String, in template: [UInt8]) -> Int {
        template.firstRange(of: Array(name.utf8))?.lowerBound ?? template.count
    }
}
