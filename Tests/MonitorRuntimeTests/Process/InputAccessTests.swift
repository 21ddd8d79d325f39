import Ingest
import Testing

@testable import MonitorRuntime

@Suite struct InputAccessTests {
    private func file(_ path: String, _ permissions: UInt32, group: String = "adm") -> InputAccess.Facts {
        InputAccess.Facts(path: path, permissions: permissions, owner: "root", group: group)
    }

    private func folder(_ path: String, _ permissions: UInt32, group: String = "root") -> InputAccess.Facts {
        InputAccess.Facts(path: path, permissions: permissions, owner: "root", group: group, isDirectory: true)
    }

    private let see = "see /usr/share/doc/monitord/examples/read-logs.conf"

    @Test func `what a drop-in gives is not asked for again`() throws {
        let grants = UnitGrants(files: [
            "[Service]\nSupplementaryGroups=adm  zeek\n",
            "[Service]\nBindReadOnlyPaths=-/home/plant/data:/data\n# x=y\n",
        ])
        #expect(grants.groups == ["adm", "zeek"])
        let facts = [folder("/srv", 0o750, group: "zeek"), file("/srv/a", 0o640, group: "adm")]
        #expect(InputAccess.refusal(of: facts) != nil)
        #expect(InputAccess.refusal(of: facts, grants: grants) == nil)
        #expect(InputAccess.refusal(of: [file("/home/plant/data/a.csv", 0o644)], grants: grants) == nil)
        #expect(InputAccess.refusal(of: [file("/home/plant/other.csv", 0o644)], grants: grants) != nil)
        // An empty setting takes back what came before it.
        #expect(UnitGrants(files: ["SupplementaryGroups=adm", "SupplementaryGroups=\n"]).groups.isEmpty)
    }

    @Test func `what everybody may read, and what the group monitord may, needs nothing`() {
        let folders = [folder("/var", 0o755), folder("/var/log", 0o755)]
        #expect(InputAccess.refusal(of: folders + [file("/var/log/a", 0o644)]) == nil)
        #expect(InputAccess.refusal(of: folders + [file("/var/log/a", 0o640, group: "monitord")]) == nil)
        #expect(InputAccess.refusal(of: []) == nil)
    }

    @Test func `a file of a group is read with that group`() {
        #expect(
            InputAccess.refusal(of: [folder("/var", 0o755), file("/var/a", 0o640)])
                == "it belongs to root:adm with mode 0640; add a drop-in with SupplementaryGroups=adm: "
                + "systemctl edit monitord, \(see)")
        #expect(
            InputAccess.refusal(of: [folder("/srv", 0o750, group: "plant"), file("/srv/a", 0o644)])
                == "its folder /srv belongs to root:plant with mode 0750; add a drop-in with SupplementaryGroups=plant: "
                + "systemctl edit monitord, \(see)")
    }

    @Test(arguments: [(0o600, "adm"), (0o640, "root")] as [(UInt32, String)])
    func `a file of its owner alone, or of root's group, wants a group of its own`(mode: UInt32, group: String) throws {
        let refusal = try #require(InputAccess.refusal(of: [file("/var/a", mode, group: group)]))
        #expect(refusal.contains("which leaves it to its owner; let a group of its own read it"))
    }

    @Test func `what the unit hides is bound into it`() {
        #expect(
            InputAccess.refusal(of: [file("/home/plant/data/a.csv", 0o644)])
                == "the unit hides /home (ProtectHome); add a drop-in with BindReadOnlyPaths=/home/plant/data, \(see)")
    }

    @Test func `a file that is not there is told, one that is readable is not`() {
        let path = #filePath
        func remarks(_ pattern: String) -> [String] {
            InputAccess(MonitorConfiguration(sources: [SourceConfiguration(input: .file(pattern: pattern))])).remarks()
        }
        #expect(remarks("/nowhere/a.csv") == ["/nowhere/a.csv: no such file yet; run waits for it"])
        #expect(remarks("/nowhere/*.csv") == ["/nowhere/*.csv: no such file yet; run waits for it"])
        #expect(remarks(path).allSatisfy { $0.hasPrefix("the service may not read \(path): ") })
        #expect(remarks("/etc/passwd").isEmpty)
    }
}
