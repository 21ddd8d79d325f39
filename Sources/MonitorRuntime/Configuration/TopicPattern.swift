internal import Glibc

/// A pattern of topics, as librdkafka reads it: POSIX's extended regular expressions.
enum TopicPattern {
    /// What is wrong with a pattern; `nil` when nothing is.
    static func fault(_ pattern: String) -> String? {
        // Nothing is done with the expression.
        unsafe compiling(pattern, faulty: { $0 }, { _ in nil })
    }

    /// Whether a pattern that is right matches a name.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        // The expression was compiled, and no place in the name is asked for.
        unsafe compiling(pattern, faulty: { _ in false }) { expression in
            unsafe regexec(expression, name, 0, nil, 0) == 0
        }
    }

    private static func compiling<Result>(
        _ pattern: String, faulty: (String) -> Result, _ body: (UnsafePointer<regex_t>) -> Result
    ) -> Result {
        // Filled by the call, and freed when it has filled it; the texts live for each call.
        var expression = unsafe regex_t()
        let code = unsafe regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB)
        guard code == 0 else {
            var reason = [CChar](repeating: 0, count: 128)
            unsafe regerror(code, &expression, &reason, reason.count)
            return faulty(String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        defer { unsafe regfree(&expression) }
        return unsafe body(&expression)
    }
}
