import Foundation
import TestSupport
import Testing

@testable import Ingest

/// Everything that writers and rotators do to followed files, with real files and numbered lines.
///
/// `MONITORD_ROTATION_LINES` is the number of lines of each case (200 when unset), `MONITORD_ROTATION_SEEDS` the number of seeds; with
/// either the table is printed.
@Suite struct RotationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let lines = environment["MONITORD_ROTATION_LINES"].flatMap(Int.init) ?? 200
    private static let seeds = environment["MONITORD_ROTATION_SEEDS"].flatMap(UInt64.init) ?? 1

    @Test(arguments: RotationCase.all)
    func `no line is lost or read twice, or what is lost is counted`(rotation: RotationCase) throws {
        for seed in 1...Self.seeds {
            var scene = try RotationScene(follow: rotation.pattern, seed: seed)
            try rotation.run(&scene, Self.lines)
            try scene.catchUp()
            let counters = scene.telemetry.counters
            if Self.environment["MONITORD_ROTATION_LINES"] != nil {
                print(
                    "| \(rotation.name) | \(seed) | \(scene.written) | \(scene.linesRead) | \(scene.lost) |",
                    "\(scene.twice) | \(scene.restarts) | \(counters.lostBytes) |")
            }
            #expect(scene.twice == 0, "seed \(seed)")
            #expect(scene.invented == 0, "seed \(seed)")
            switch rotation.loss {
            case .none:
                #expect(scene.lost == 0, "seed \(seed)")
                #expect(counters.lostParts == 0, "seed \(seed)")
            case .feared:
                #expect(scene.lost == 0, "seed \(seed)")
                #expect(counters.lostParts > 0, "seed \(seed)")
            case .counted:
                #expect(scene.lost > 0, "seed \(seed): the case does not do what it says")
                #expect(counters.lostParts > 0, "seed \(seed)")
            }
        }
    }
}
