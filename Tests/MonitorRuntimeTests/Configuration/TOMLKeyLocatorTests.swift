import Testing

@testable import MonitorRuntime

@Suite struct TOMLKeyLocatorTests {
    /// A document with one of everything, a path in it, and the place of the key that the path ends with.
    private static let document = #"""
        # comment = 1
        top = "a # no comment"
          indented = 2  # then = 3

        dotted . "quoted key" . 'literal' = 1
        text = """
        fake = 1
        [fake]
        say \"\"\" x "" """""
        literal = '''
        [[fake]]
        ''''
        after = [ # fake = 1
          "one", ["two", "]"],
          { name = "x", deep.er = { a = 1 } },
        ]
        [table]
        key = 2026-11-21 10:00:00
        [ table . "sub.table" ]
        key = -inf
        [[array]]
        first = 1
        [array.child]
        key = 1
        [[array]]
        second = 'two # '
        [[array.nested]]
        "\u0061b" = true
        [[array.nested]]
        last = 1
        """#

    @Test(
        arguments: [
            ("top", 2, 1), ("indented", 3, 3), ("dotted", 5, 1), ("dotted/quoted key", 5, 10),
            ("dotted/quoted key/literal", 5, 25), ("text", 6, 1), ("literal", 10, 1), ("after", 13, 1),
            ("after/0", 14, 3),
            ("after/1/1", 14, 18), ("after/2/name", 15, 5), ("after/2/deep", 15, 17), ("after/2/deep/er/a", 15, 29),
            ("table", 17, 2), ("table/key", 18, 1), ("table/sub.table", 19, 11), ("table/sub.table/key", 20, 1),
            ("array", 21, 3), ("array/0", 21, 3), ("array/0/first", 22, 1), ("array/0/child", 23, 8),
            ("array/0/child/key", 24, 1), ("array/1", 25, 3), ("array/1/second", 26, 1), ("array/1/nested/0/ab", 28, 1),
            ("array/1/nested/1/last", 30, 1),
        ] as [(String, Int, Int)])
    func `a key is found where it is written`(path: String, line: Int, column: Int) throws {
        // The parser must agree that the document is one, else the places mean nothing.
        let document = try TOMLDocument(text: Self.document)
        let steps = path.split(separator: "/").map { step in
            Int(step).map(TOMLPath.Step.index) ?? .key(String(step))
        }
        #expect(document.places.paths.contains(TOMLPath(steps)), "not found at all")
        #expect(document.places[TOMLPath(steps)] == TOMLKeyLocator.Place(line: line, column: column))
    }

    @Test func `what looks like a key in a string or a comment is none`() {
        let locator = TOMLKeyLocator(text: Self.document)
        #expect(
            !locator.paths.contains { path in path.steps.contains(.key("fake")) || path.steps.contains(.key("comment"))
            })
        #expect(!locator.paths.contains { $0.steps.contains(.key("then")) })
    }

    @Test func `a key that is not there has the place of the nearest table around it`() {
        let locator = TOMLKeyLocator(text: "a = 1\n[t]\nb = 1\n")
        #expect(locator[TOMLPath([.key("t"), .key("zz")])] == TOMLKeyLocator.Place(line: 2, column: 2))
        #expect(locator[TOMLPath([.key("zz")])] == TOMLKeyLocator.Place(line: 1, column: 1))
    }

    @Test func `columns count characters and lines end as they may`() {
        let locator = TOMLKeyLocator(text: "\"grün°\".b = 1\r\nc = 2\r\n")
        #expect(locator[TOMLPath([.key("grün°"), .key("b")])] == TOMLKeyLocator.Place(line: 1, column: 9))
        #expect(locator[TOMLPath([.key("c")])] == TOMLKeyLocator.Place(line: 2, column: 1))
    }

    @Test(arguments: [
        "[", "[[", "a", "a =", "a = [", "a = {", "a = \"", "a = '''", "= 1", "]", "a = \"\\u00", ".", "\"", "a = [1 2]",
        "a = {b}",
    ])
    func `a text that is not TOML ends the scan and does no harm`(text: String) {
        #expect(TOMLKeyLocator(text: text).paths.count <= 4)
    }
}
