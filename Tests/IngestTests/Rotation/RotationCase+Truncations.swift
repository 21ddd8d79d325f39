import Foundation
import TestSupport
import TimeSeries

@testable import Ingest

/// Rotation by copying and truncating.
extension RotationCase {
    static let truncations: [RotationCase] = [
        RotationCase(name: "copytruncate, slow") { scene, lines in
            try scene.begin()
            for _ in 0..<10 {
                try scene.write(lines: lines / 10)
                try scene.catchUp()
                try scene.copyAndTruncate()
                try scene.pause()
                scene.put("time,a\n")
            }
        },
        RotationCase(name: "copytruncate, fast") { scene, lines in
            try scene.begin()
            for _ in 0..<20 {
                try scene.write(lines: lines / 20)
                try scene.copyAndTruncate()
                scene.put("time,a\n")
            }
        },
        RotationCase(name: "copytruncate, several between two looks") { scene, lines in
            try scene.begin()
            for index in 0..<20 {
                try scene.write(lines: lines / 20, pausing: index % 4 == 0)
                try scene.copyAndTruncate()
                scene.put("time,a\n")
            }
        },
        RotationCase(name: "copytruncate, read while the copy is made") { scene, lines in
            try scene.begin()
            for index in 0..<20 {
                try scene.write(lines: lines / 20, pausing: index % 3 == 0)
                try scene.copySlowlyAndTruncate()
                try scene.pause()
                scene.put("time,a\n")
            }
        },
        RotationCase(name: "copytruncate, then as long as before or longer at once") { scene, lines in
            try scene.begin()
            for _ in 0..<10 {
                try scene.write(lines: lines / 20)
                try scene.catchUp()
                try scene.copyAndTruncate()
                scene.put("time,a\n")
                scene.writeAtOnce(lines: lines / 20)
            }
        },
        RotationCase(name: "copytruncate under lines that all begin alike") { scene, lines in
            let header = (0..<100).map { "# this is what every file says: \($0)\n" }.joined() + "time,a\n"
            try scene.open()
            scene.put(header)
            for _ in 0..<10 {
                try scene.write(lines: lines / 20)
                try scene.copyAndTruncate()
                scene.put(header)
                scene.writeAtOnce(lines: lines / 20)
            }
        },
        RotationCase(name: "copytruncate under a writer that goes on at its old place") { scene, lines in
            try scene.begin(appending: false)
            for _ in 0..<5 {
                try scene.write(lines: lines / 5)
                try scene.catchUp()
                try scene.copyAndTruncate()
                try scene.pause()
            }
            try scene.write(lines: 1)
        },
        RotationCase(name: "copytruncate with dates, packed") { scene, lines in
            try scene.begin()
            for day in 10..<20 {
                try scene.write(lines: lines / 10)
                try scene.copy("a.csv", to: "a.csv-202611\(day)")
                scene.truncate()
                if day % 2 == 0 { try scene.pause() }
                try scene.pack("a.csv-202611\(day)")
                scene.put("time,a\n")
            }
        },
        RotationCase(name: "truncated without a copy behind a slow reader", loss: .counted) { scene, lines in
            try scene.begin()
            for _ in 0..<4 {
                // More than a look reads, so that the rest is seen, and gone at the next one.
                scene.writeAtOnce(lines: max(lines / 4, 6_000))
                try scene.look()
                scene.truncate()
                try scene.look()
                scene.put("time,a\n")
            }
        },
        RotationCase(name: "copytruncate behind a slow reader") { scene, lines in
            try scene.begin()
            for _ in 0..<4 {
                scene.writeAtOnce(lines: max(lines / 4, 6_000))
                try scene.look()
                try scene.copyAndTruncate()
                try scene.look()
                scene.put("time,a\n")
            }
        },
    ]
}
