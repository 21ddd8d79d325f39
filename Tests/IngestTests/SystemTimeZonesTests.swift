import Foundation
import TestSupport
import Testing
import TimeSeries

@testable import Ingest

@Suite struct SystemTimeZonesTests {
    private let root: TemporaryDirectory

    /// A small system of its own, with two zones.
    init() throws {
        root = try TemporaryDirectory()
        let manager = FileManager.default
        for folder in ["etc", "usr/share/zoneinfo/Europe"] {
            try manager.createDirectory(atPath: root.path(folder), withIntermediateDirectories: true)
        }
        for name in ["Europe/Berlin", "Europe/Dublin"] {
            try manager.copyItem(
                atPath: "/usr/share/zoneinfo/" + name, toPath: root.path("usr/share/zoneinfo/" + name))
        }
    }

    private func zones(_ environment: [String: String] = [:]) -> SystemTimeZones {
        SystemTimeZones(environment: environment, root: root.url.path)
    }

    private func linkLocalTime(to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: root.path("etc/localtime"), withDestinationPath: target)
    }

    @Test func `a zone is read by its name`() throws {
        let berlin = try zones().rules(named: "Europe/Berlin")
        #expect(berlin.name == "Europe/Berlin")
        #expect(berlin.offset(atUTC: Timestamp(nanoseconds: 1_782_864_000_000_000_000)) == 7_200)
        #expect(try zones().rules(named: "UTC") == .utc)
    }

    @Test(arguments: [
        "../../etc/passwd", "Europe/../Europe/Berlin", "/etc/localtime", "", "Europe//Berlin", "Europe/Berlin/", "./x",
        "Europe/Berlin\0", "Mitteleuropäische Zeit",
    ])
    func `what could lead elsewhere is no name`(name: String) {
        #expect(throws: TimeZoneLoadingError.invalidName(name)) { try zones().rules(named: name) }
    }

    @Test func `an unknown zone, a folder, and a system without zones are told apart`() throws {
        func message(_ name: String, _ zones: SystemTimeZones) -> String {
            do {
                _ = try zones.rules(named: name)
                return "none"
            } catch {
                return "\(error)".replacing(root.url.path, with: "")
            }
        }
        #expect(message("Europe/Bern", zones()) == "cannot find the time zone Europe/Bern in /usr/share/zoneinfo")
        #expect(
            message("Europe", zones())
                == "cannot read the time zone Europe from /usr/share/zoneinfo/Europe: is a directory")
        #expect(
            message("Europe/Berlin", zones(["TZDIR": root.path("none")]))
                == "cannot read the time zone Europe/Berlin: there is no /none; install the package tzdata")
        _ = try root.write("no zone", to: "usr/share/zoneinfo/Odd")
        #expect(
            message("Odd", zones())
                == "cannot read the time zone Odd from /usr/share/zoneinfo/Odd: it is no time zone file (TZif)")
    }

    @Test func `the machine's zone comes from TZ`() throws {
        try linkLocalTime(to: "/usr/share/zoneinfo/Europe/Dublin")
        #expect(zones(["TZ": "Europe/Berlin"]).local().rules.name == "Europe/Berlin")
        #expect(zones(["TZ": ":Europe/Berlin"]).local().rules.name == "Europe/Berlin")
        #expect(zones(["TZ": root.path("usr/share/zoneinfo/Europe/Berlin")]).local().rules.name == "Europe/Berlin")
        #expect(zones(["TZ": ""]).local().rules == .utc)
        let posix = zones(["TZ": "CET-1CEST,M3.5.0,M10.5.0/3"]).local().rules
        #expect(posix.offset(atUTC: Timestamp(nanoseconds: 0)) == 3_600)
        #expect(try zones().rules(again: posix.name) == posix)
        let unknown = zones(["TZ": "Europe/Bern"]).local()
        #expect(unknown.rules == .utc)
        #expect(unknown.problem != nil)
    }

    @Test func `else from the link of localtime, whichever way it leads`() throws {
        try linkLocalTime(to: "../usr/share/zoneinfo/Europe/Dublin")
        #expect(zones().local().rules.name == "Europe/Dublin")
        #expect(zones().local().problem == nil)
        #expect(zones(["TZDIR": root.path("none")]).local().problem != nil)
    }

    @Test func `else from a copy of a zone, whose name the other file may know`() throws {
        try FileManager.default.copyItem(
            atPath: root.path("usr/share/zoneinfo/Europe/Berlin"), toPath: root.path("etc/localtime"))
        let nameless = zones().local().rules
        #expect(nameless.name == root.path("etc/localtime"))
        #expect(try zones().rules(again: nameless.name) == nameless)
        _ = try root.write("Europe/Dublin\n", to: "etc/timezone")
        #expect(zones().local().rules.name == root.path("etc/localtime"))
        _ = try root.write("Europe/Berlin\n", to: "etc/timezone")
        #expect(zones().local().rules.name == "Europe/Berlin")
    }

    @Test func `else from timezone alone, else it is UTC`() throws {
        #expect(zones().local().rules == .utc)
        _ = try root.write("Europe/Berlin\n", to: "etc/timezone")
        #expect(zones().local().rules.name == "Europe/Berlin")
        _ = try root.write("../../etc/passwd\n", to: "etc/timezone")
        #expect(zones().local().rules == .utc)
    }
}
