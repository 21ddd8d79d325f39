import CCurl

/// The signature of a webhook: HMAC-SHA256 over the time of sending, a dot and the body.
///
/// The time is signed with the body, so that who has overheard a message cannot send it again later; the way is Stripe's
/// (https://docs.stripe.com/webhooks#verify-manually).
enum Signature {
    /// 64 hexadecimal digits.
    ///
    /// - Parameter seconds: since 1970, as they stand in the header.
    /// - Throws: ``OnwardError/noLibrary(name:package:reason:)``.
    static func make(key: [UInt8], seconds: Int64, body: [UInt8]) throws(OnwardError) -> String {
        let signed = Array("\(seconds).".utf8) + body
        var digest = [UInt8](repeating: 0, count: 32)
        var problem = [CChar](repeating: 0, count: 256)
        // The digest has its 32 bytes, the others are as long as is said, and none is kept.
        let code = unsafe monitord_hmac_sha256(
            key, key.count, signed, signed.count, &digest, &problem, problem.count)
        guard code == 0 else {
            let reason = String(decoding: problem.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw .noLibrary(name: "libcrypto.so.3", package: "libssl3", reason: reason)
        }
        return digest.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }
}
