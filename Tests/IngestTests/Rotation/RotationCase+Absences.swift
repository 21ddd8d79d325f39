import Foundation
import TestSupport
import TimeSeries

@testable import Ingest

/// What happens while nobody reads.
extension RotationCase {
    static let absences: [RotationCase] = [
        RotationCase(name: "renamed once while it was down") { scene, lines in
            try scene.begin()
            for _ in 0..<5 {
                try scene.write(lines: lines / 10)
                try scene.restart { scene in
                    try scene.write(lines: lines / 20, pausing: false)
                    scene.rename()
                    try scene.begin()
                    try scene.write(lines: lines / 20, pausing: false)
                }
            }
        },
        RotationCase(name: "the old file is written to while it was down") { scene, lines in
            try scene.begin()
            for round in 0..<10 {
                try scene.write(lines: lines / 20)
                try scene.catchUp()
                scene.rename()
                try scene.directory.write("time,a\n\(scene.text(lines: 1))", to: "a.csv")
                try scene.catchUp()
                try scene.restart { scene in
                    // In the middle of a line, and moved on once more.
                    try scene.write(lines: lines / 40, pausing: false)
                    if round % 3 == 2 {
                        scene.rename()
                        try scene.directory.write("time,a\n\(scene.text(lines: 1))", to: "a.csv")
                    }
                    try scene.write(lines: lines / 40, pausing: false)
                }
                try scene.catchUp()
                try scene.open()
            }
        },
        RotationCase(name: "renamed several times while it was down") { scene, lines in
            try scene.begin()
            for _ in 0..<4 {
                try scene.write(lines: lines / 20)
                try scene.restart { scene in
                    for _ in 0..<4 {
                        try scene.write(lines: lines / 20, pausing: false)
                        scene.rename()
                        try scene.begin()
                    }
                }
            }
        },
        RotationCase(name: "renamed while it was down, and no new file yet") { scene, lines in
            try scene.begin()
            try scene.write(lines: lines / 2)
            try scene.restart { scene in
                try scene.write(lines: lines / 4, pausing: false)
                scene.rename()
            }
            try scene.catchUp()
            try scene.begin()
            try scene.write(lines: lines / 4)
        },
        RotationCase(name: "renamed with dates several times while it was down") { scene, lines in
            try scene.begin()
            try scene.write(lines: lines / 5)
            try scene.restart { scene in
                for day in 10..<14 {
                    try scene.write(lines: lines / 5, pausing: false)
                    scene.directory.move("a.csv", to: "a.csv-202611\(day)")
                    try scene.begin()
                }
            }
        },
        RotationCase(name: "copied and truncated several times while it was down") { scene, lines in
            try scene.begin()
            for _ in 0..<4 {
                try scene.write(lines: lines / 20)
                try scene.restart { scene in
                    for _ in 0..<4 {
                        try scene.write(lines: lines / 20, pausing: false)
                        try scene.copyAndTruncate()
                        scene.put("time,a\n")
                    }
                }
            }
        },
        RotationCase(name: "rotated and packed while it was down") { scene, lines in
            try scene.begin()
            for _ in 0..<3 {
                try scene.write(lines: lines / 12)
                try scene.restart { scene in
                    for _ in 0..<3 {
                        try scene.write(lines: lines / 12, pausing: false)
                        scene.shift(suffix: ".gz")
                        scene.directory.move("a.csv", to: "a.csv.1")
                        try scene.pack("a.csv.1")
                        try scene.begin()
                    }
                }
            }
        },
        RotationCase(name: "truncated without a copy while it was down", loss: .counted) { scene, lines in
            try scene.begin()
            try scene.write(lines: lines / 2)
            try scene.restart { scene in
                try scene.write(lines: lines / 4, pausing: false)
                scene.truncate()
                scene.put("time,a\n")
                try scene.write(lines: lines / 4, pausing: false)
            }
        },
        RotationCase(name: "the inode came to mean another file while it was down", loss: .feared) { scene, lines in
            try scene.begin()
            try scene.write(lines: lines / 2)
            try scene.catchUp()
            let inode = try System.status(scene.directory.path("a.csv")).inode
            try scene.restart { scene in
                for attempt in 0..<200 {
                    scene.directory.delete("a.csv")
                    try scene.begin()
                    if try System.status(scene.directory.path("a.csv")).inode == inode { break }
                    // Another file takes the inode that is next, so that this one comes round.
                    try scene.directory.write("", to: "other\(attempt)")
                }
                try scene.write(lines: lines / 2, pausing: false)
            }
        },
        RotationCase(name: "copied to another disk or machine while it was down") { scene, lines in
            try scene.begin()
            try scene.write(lines: lines / 2)
            try scene.restart { scene in
                try scene.write(lines: lines / 4, pausing: false)
                try scene.copy("a.csv", to: "moved")
                scene.directory.move("moved", to: "a.csv")
                try scene.open()
            }
            try scene.write(lines: lines / 4)
        },
        RotationCase(name: "shorter than it was, as after a power failure") { scene, lines in
            try scene.begin()
            try scene.write(lines: lines / 2)
            try scene.catchUp()
            try scene.restart { scene in
                let path = scene.directory.path("a.csv")
                let size = try System.status(path).size
                _ = unsafe Foundation.truncate(path, Int(size) - 100)
                scene.put("\n")
            }
            try scene.look()
            try scene.write(lines: lines / 2)
        },
    ]
}
