import Foundation
import TestSupport
import TimeSeries

@testable import Ingest

/// Patterns, and who names his files in his own way.
extension RotationCase {
    static let names: [RotationCase] = [
        RotationCase(name: "a pattern over two files with the same first line", pattern: "*.csv*") { scene, lines in
            for index in 0..<10 {
                for name in ["a.csv", "b.csv"] {
                    try scene.open(name)
                    if index % 3 == 0 { scene.put("time,a\n") }
                    try scene.write(lines: lines / 20)
                    if index % 3 == 2 { scene.rename(name) }
                }
                if index == 4 { try scene.restart() }
            }
        },
        RotationCase(name: "a pattern, renamed while it was down, and no new file yet", pattern: "*.csv*") {
            scene, lines in
            for _ in 0..<5 {
                try scene.begin()
                try scene.write(lines: lines / 10)
                try scene.catchUp()
                try scene.restart { scene in
                    try scene.write(lines: lines / 10, pausing: false)
                    scene.rename()
                }
                try scene.catchUp()
            }
        },
        RotationCase(name: "a pattern, copytruncate", pattern: "*.csv*") { scene, lines in
            for index in 0..<10 {
                for name in ["a.csv", "b.csv"] {
                    try scene.open(name)
                    if index % 2 == 0 { scene.put("time,a\n") }
                    try scene.write(lines: lines / 20)
                    if index % 2 == 1 { try scene.copyAndTruncate(name) }
                }
                if index == 5 { try scene.restart() }
            }
        },
        RotationCase(name: "a pattern, renamed with dates and to names that match", pattern: "a*") { scene, lines in
            for index in 10..<20 {
                try scene.begin("a.csv")
                try scene.write(lines: lines / 10)
                try scene.look()
                scene.directory.move("a.csv", to: index % 2 == 0 ? "a-2026-11-\(index).csv" : "a.old\(index)")
                try scene.pause()
            }
        },
        RotationCase(name: "Zeek: by the hour, packed into a folder of the day", pattern: "current/conn.log") {
            scene, lines in
            let manager = FileManager.default
            for folder in ["current", "2026-11-21"] {
                try manager.createDirectory(atPath: scene.directory.path(folder), withIntermediateDirectories: true)
            }
            func rotate(_ hour: Int, _ scene: inout RotationScene) throws {
                let spooled = "current/conn-26-11-21_\(hour).00.00.log"
                scene.directory.move("current/conn.log", to: spooled)
                try scene.begin("current/conn.log")
                try scene.pack(spooled, to: "2026-11-21/conn.\(hour):00:00-\(hour + 1):00:00.log.gz")
            }
            try scene.begin("current/conn.log")
            for hour in 10..<22 {
                try scene.write(lines: lines / 12, pausing: hour % 4 != 0)
                if hour % 4 == 0 {
                    try scene.catchUp()
                    try scene.restart { scene in
                        for quarter in 0..<2 {
                            try scene.write(lines: lines / 24, pausing: false)
                            try rotate(hour + quarter, &scene)
                        }
                    }
                } else if hour % 4 > 1 {
                    try scene.pause()
                    try scene.look()
                    try rotate(hour, &scene)
                }
            }
        },
    ]
}
