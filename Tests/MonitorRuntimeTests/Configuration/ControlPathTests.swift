import MonitorRuntime
import Testing

@Suite struct ControlPathTests {
    @Test func `the service has its folder from systemd, root the system's, a user their own`() {
        #expect(
            ControlPath(environment: ["RUNTIME_DIRECTORY": "/run/monitord:/run/other"], isRoot: false)?.path
                == "/run/monitord/control.sock")
        #expect(ControlPath(environment: [:], isRoot: true)?.path == "/run/monitord/control.sock")
        #expect(
            ControlPath(environment: ["XDG_RUNTIME_DIR": "/run/user/7"], isRoot: false)?.path
                == "/run/user/7/monitord/control.sock")
        #expect(ControlPath(environment: ["XDG_RUNTIME_DIR": "here"], isRoot: false) == nil)
    }

    @Test func `a verb of a user asks their own daemon first, then the service`() {
        #expect(
            ControlPath.candidates(environment: ["XDG_RUNTIME_DIR": "/run/user/7"], isRoot: false) == [
                "/run/user/7/monitord/control.sock", "/run/monitord/control.sock",
            ])
        #expect(ControlPath.candidates(environment: [:], isRoot: true) == ["/run/monitord/control.sock"])
    }

    @Test func `pages are served on this machine alone`() {
        #expect(HTTPAddress("127.0.0.1:9464")?.description == "127.0.0.1:9464")
        #expect(HTTPAddress("localhost:80")?.host == "127.0.0.1")
        #expect(HTTPAddress("[::1]:9464")?.description == "[::1]:9464")
        for text in ["0.0.0.0:9464", "9464", "127.0.0.1", "127.0.0.1:99999", "example.org:80", ":9464", "[::]:1", ""] {
            #expect(HTTPAddress(text) == nil, "\(text)")
        }
    }
}
