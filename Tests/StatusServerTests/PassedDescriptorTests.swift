import StatusServer
import Testing

@Suite struct PassedDescriptorTests {
    private func listed(_ environment: [String: String]) -> [PassedDescriptor] {
        PassedDescriptor.listed(in: environment, process: 77)
    }

    @Test func `descriptors begin at three and have their names in order`() {
        let found = listed(["LISTEN_PID": "77", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "udp-0.0.0.0-5140::status"])
        #expect(
            found == [
                PassedDescriptor(number: 3, name: "udp-0.0.0.0-5140"), PassedDescriptor(number: 4, name: "unknown"),
                PassedDescriptor(number: 5, name: "status"),
            ])
    }

    @Test func `without names, or with too few, they are unknown`() {
        #expect(listed(["LISTEN_PID": "77", "LISTEN_FDS": "1"]).map(\.name) == ["unknown"])
        let found = listed(["LISTEN_PID": "77", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a"])
        #expect(found.map(\.name) == ["a", "unknown"])
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "78", "LISTEN_FDS": "1"], ["LISTEN_PID": "77"],
        ["LISTEN_PID": "77", "LISTEN_FDS": "0"], ["LISTEN_PID": "77", "LISTEN_FDS": "-1"],
        ["LISTEN_PID": "77", "LISTEN_FDS": "4000000000"], ["LISTEN_PID": "77", "LISTEN_FDS": "2000000000"],
        ["LISTEN_PID": "", "LISTEN_FDS": "x"],
    ])
    func `what is meant for another process or makes no sense is nothing`(environment: [String: String]) {
        #expect(listed(environment).isEmpty)
    }
}
