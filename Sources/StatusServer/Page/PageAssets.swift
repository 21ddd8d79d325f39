/// The files of the status page, which are in the program: it needs no other file and no other server.
public enum PageAssets {
    /// What every answer by a port says to the browser: nothing is loaded from elsewhere, no script is run that is not a
    /// file of ours, and no other page shows this one inside of it.
    public static let headers: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-store"),
    ]

    /// Stands in the page where the token is put.
    static let tokenPlace = Array("{{token}}".utf8)

    /// The file at a path.
    ///
    /// - Parameters:
    ///   - path: its parts; none for the page itself.
    ///   - token: what the page is given to act with, see ``PageGuard``.
    /// - Returns: `nil` when there is no such file.
    public static func response(at path: [String], token: String) -> HTTPResponse? {
        switch path {
        case []: page(token)
        case ["page.css"]: file("text/css; charset=utf-8", PackageResources.page_css)
        case ["page.js"]: file("text/javascript; charset=utf-8", PackageResources.page_js)
        case ["views.js"]: file("text/javascript; charset=utf-8", PackageResources.views_js)
        case ["elements.js"]: file("text/javascript; charset=utf-8", PackageResources.elements_js)
        case ["chart.js"]: file("text/javascript; charset=utf-8", PackageResources.chart_js)
        default: nil
        }
    }

    /// Bytes of all files together.
    static var size: Int {
        [
            PackageResources.index_html, PackageResources.page_css, PackageResources.page_js, PackageResources.views_js,
            PackageResources.elements_js, PackageResources.chart_js,
        ].reduce(0) { $0 + $1.count }
    }

    private static func page(_ token: String) -> HTTPResponse {
        let bytes = PackageResources.index_html
        guard let place = bytes.indices.first(where: { bytes[$0...].starts(with: tokenPlace) }) else {
            return .text("there is no page\n", status: 500)
        }
        return file(
            "text/html; charset=utf-8", bytes[..<place] + Array(token.utf8) + bytes[(place + tokenPlace.count)...])
    }

    private static func file(_ type: String, _ bytes: some Sequence<UInt8>) -> HTTPResponse {
        HTTPResponse(contentType: type, body: .bytes(Array(bytes)))
    }
}
