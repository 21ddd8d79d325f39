import Testing

@testable import Ingest

@Suite struct EditDistanceTests {
    @Test(
        arguments: [
            ("", "", 0), ("", "abc", 3), ("state", "state", 0), ("sate", "state", 1), ("statee", "state", 1),
            ("stbte", "state", 1), ("sttae", "state", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
        ] as [(String, String, Int)])
    func `the distance counts edits and swaps`(first: String, second: String, distance: Int) {
        #expect(EditDistance.between(first, second) == distance)
        #expect(EditDistance.between(second, first) == distance)
    }

    @Test(
        arguments: [
            ("false_alarm", "false_alarms"), ("fals_alrms", "false_alarms"), ("chanels", "channels"),
            ("temperature", nil), ("x", nil),
        ] as [(String, String?)])
    func `a word too far from all has no nearest`(word: String, nearest: String?) {
        #expect(EditDistance.nearest(to: word, among: ["state", "false_alarms", "channels"]) == nearest)
    }
}
