import Foundation
import TestSupport
import TimeSeries

@testable import Ingest

/// Rotation by renaming, deleting and switching.
extension RotationCase {
    static let renames: [RotationCase] = [
        RotationCase(name: "rename and create, twenty times fast") { scene, lines in
            try scene.begin()
            try scene.look()
            for _ in 0..<20 {
                try scene.write(lines: lines / 20, pausing: false)
                scene.rename()
                try scene.begin()
            }
        },
        RotationCase(name: "rename and create, with pauses") { scene, lines in
            try scene.begin()
            for _ in 0..<20 {
                try scene.write(lines: lines / 20)
                scene.rename()
                try scene.pause()
                try scene.begin()
            }
        },
        RotationCase(name: "names with dates, several between two looks") { scene, lines in
            try scene.begin()
            try scene.look()
            for day in 10..<30 {
                try scene.write(lines: lines / 20, pausing: day % 5 == 0)
                scene.directory.move("a.csv", to: "a.csv-202611\(day)")
                try scene.begin()
            }
        },
        RotationCase(name: "numbers before the ending: a.1.csv") { scene, lines in
            try scene.begin()
            try scene.look()
            for _ in 0..<10 {
                try scene.write(lines: lines / 10, pausing: false)
                for number in stride(from: 9, to: 0, by: -1) {
                    scene.directory.move("a.\(number).csv", to: "a.\(number + 1).csv")
                }
                scene.directory.move("a.csv", to: "a.1.csv")
                try scene.pause()
                try scene.begin()
            }
        },
        RotationCase(name: "names that say nothing, several between two looks") { scene, lines in
            try scene.begin()
            try scene.look()
            for index in 0..<10 {
                try scene.write(lines: lines / 10, pausing: index % 4 == 0)
                let name = String(scene.generator.next(), radix: 36, uppercase: false) + ".old"
                scene.directory.move("a.csv", to: name)
                try scene.begin()
            }
        },
        RotationCase(name: "the writer is late to reopen") { scene, lines in
            try scene.begin()
            for _ in 0..<10 {
                try scene.write(lines: lines / 20)
                scene.rename()
                _ = FileManager.default.createFile(atPath: scene.directory.path("a.csv"), contents: nil)
                try scene.write(lines: lines / 20)
                try scene.open()
                scene.put("time,a\n")
            }
        },
        RotationCase(name: "the old file is written to after the new one has begun") { scene, lines in
            try scene.begin()
            for _ in 0..<10 {
                try scene.write(lines: lines / 20)
                scene.rename()
                try scene.directory.write("time,a\n\(scene.text(lines: 1))", to: "a.csv")
                try scene.catchUp()
                try scene.write(lines: lines / 20 - 1)
                try scene.catchUp()
                try scene.open()
            }
        },
        RotationCase(name: "delete and create") { scene, lines in
            try scene.begin()
            for index in 0..<10 {
                try scene.look()
                try scene.write(lines: lines / 10)
                scene.directory.delete("a.csv")
                if index % 2 == 0 { try scene.pause() }
                try scene.begin()
            }
        },
        RotationCase(name: "rewritten under another inode, as rsync does") { scene, lines in
            try scene.begin()
            for _ in 0..<10 {
                try scene.write(lines: lines / 10)
                try scene.copy("a.csv", to: ".a.csv.part")
                try scene.open(".a.csv.part")
                scene.writeAtOnce(lines: 3)
                scene.directory.move(".a.csv.part", to: "a.csv")
            }
        },
        RotationCase(name: "a symbolic link that is switched", pattern: "now.csv") { scene, lines in
            for index in 0..<10 {
                try scene.begin("file\(index)")
                scene.directory.link("now.csv", to: "file\(index)")
                try scene.write(lines: lines / 10)
                try scene.catchUp()
                if index == 5 { try scene.restart() }
            }
        },
        RotationCase(name: "the folder is replaced", pattern: "logs/a.csv") { scene, lines in
            for index in 0..<5 {
                scene.directory.move("logs", to: "logs\(index)")
                try FileManager.default.createDirectory(
                    atPath: scene.directory.path("logs"), withIntermediateDirectories: true)
                try scene.begin("logs/a.csv")
                try scene.write(lines: lines / 5)
                try scene.catchUp()
            }
        },
        RotationCase(name: "packed as soon as it is rotated") { scene, lines in
            try scene.begin()
            for _ in 0..<10 {
                try scene.write(lines: lines / 10)
                try scene.look()
                scene.shift(suffix: ".gz")
                scene.directory.move("a.csv", to: "a.csv.1")
                try scene.begin()
                try scene.pause()
                try scene.pack("a.csv.1")
            }
        },
    ]
}
