import Foundation
import TestSupport
import TimeSeries

@testable import Ingest

/// Files that only grow, and what may stand in them.
extension RotationCase {
    static let growth: [RotationCase] = [
        RotationCase(name: "append") { scene, lines in
            try scene.begin()
            try scene.write(lines: lines)
        },
        RotationCase(name: "append, with restarts") { scene, lines in
            try scene.begin()
            for _ in 0..<10 {
                try scene.write(lines: lines / 10)
                try scene.restart()
            }
        },
        RotationCase(name: "an empty file that stays so for a while") { scene, lines in
            try scene.open()
            try scene.catchUp()
            try scene.restart()
            try scene.catchUp()
            scene.put("time,a\n")
            try scene.write(lines: lines)
        },
        RotationCase(name: "a file shorter than its fingerprint that grows, with restarts") { scene, lines in
            try scene.begin()
            for _ in 0..<min(60, lines) {
                try scene.write(lines: 1)
                try scene.restart()
            }
            try scene.write(lines: max(0, lines - 60))
        },
        RotationCase(name: "a file that is not there at the start") { scene, lines in
            try scene.catchUp()
            try scene.restart()
            try scene.catchUp()
            try scene.begin()
            try scene.write(lines: lines)
        },
        RotationCase(name: "lines that end with CR LF") { scene, lines in
            try scene.open()
            scene.put("time,a\r\n")
            try scene.write(lines: lines, end: "\r\n")
        },
        RotationCase(name: "zeros between lines, as after a power failure") { scene, lines in
            try scene.begin()
            for index in 0..<10 {
                try scene.write(lines: lines / 10)
                scene.put(String(repeating: "\0", count: [1, 511, 4_096, 200_000][index % 4]))
                try scene.pause()
                if index % 3 == 0 { try scene.restart() }
            }
        },
        RotationCase(name: "a line of a megabyte and more among the others") { scene, lines in
            try scene.begin()
            for index in 0..<4 {
                try scene.write(lines: lines / 4)
                try scene.catchUp()
                scene.put(String(repeating: "9", count: 1_000_000 + index * 100_000) + "\n")
                try scene.pause()
            }
        },
        RotationCase(name: "half a line at the end, over restarts and a rotation") { scene, lines in
            try scene.begin()
            for index in 0..<10 {
                try scene.write(lines: lines / 10 - 1)
                let text = scene.text(lines: 1)
                scene.put(String(text.prefix(text.count / 2)))
                try scene.catchUp()
                if index % 2 == 0 { try scene.restart() }
                if index == 5 { scene.rename() }
                try scene.pause()
                scene.put(String(text.dropFirst(text.count / 2)))
                if index == 5 { try scene.begin() }
            }
        },
        RotationCase(name: "a last line without an end in a rotated file") { scene, lines in
            try scene.begin()
            for _ in 0..<5 {
                try scene.write(lines: lines / 5 - 1)
                scene.put(String(scene.text(lines: 1).dropLast()))
                scene.rename()
                try scene.begin()
                try scene.catchUp()
            }
        },
    ]
}
