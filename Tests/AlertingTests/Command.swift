import Glibc

/// What a command left behind.
struct CommandResult {
    /// The exit status, or 128 and the signal's number.
    var status: Int
    /// Standard output and standard error together.
    var output: String
}

/// Runs a command to its end, with these variables added to the environment.
func runCommand(_ arguments: [String], adding variables: [String] = []) throws -> CommandResult {
    let ends = try makePipe()
    defer { close(ends[0]) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    var process = pid_t()
    let code = unsafe withTexts(arguments) { arguments in
        unsafe withTexts(environment() + variables) { environment in
            unsafe posix_spawnp(&process, arguments[0] ?? strdup(""), &actions, nil, arguments, environment)
        }
    }
    close(ends[1])
    guard code == 0 else { throw AlertingTestError("spawn \(arguments): \(code)") }
    let output = readAll(ends[0])
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) == -1 && errno == EINTR {}
    let isExit = status & 0x7f == 0
    return CommandResult(status: isExit ? Int(status >> 8) & 0xff : 128 + Int(status & 0x7f), output: output)
}

/// A pipe's reading and writing end, which commands that other tests start do not inherit.
func makePipe() throws -> [Int32] {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw AlertingTestError("pipe: \(errno)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
}

private func environment() -> [String] {
    readEnvironment("/proc/self/environ")
}

private func readEnvironment(_ path: String) -> [String] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    return readAll(descriptor).split(separator: "\0").map(String.init)
}

/// The value of a variable of the environment.
func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}

/// Calls a body with a terminated list of C strings that live as long as the call.
private func withTexts<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { unsafe copies.forEach { unsafe free($0) } }
    return unsafe body(copies)
}

/// Reads a descriptor to its end.
func readAll(_ descriptor: Int32) -> String {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        if count <= 0 { return String(decoding: text, as: UTF8.self) }
        text += buffer.prefix(count)
    }
}

/// What a test could not set up.
struct AlertingTestError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
