/// Numbers of export datagrams, the most significant byte first.
extension Span where Element == UInt8 {
    /// Two bytes.
    ///
    /// - Precondition: they are there.
    func big16(_ place: Int) -> UInt16 { UInt16(self[place]) << 8 | UInt16(self[place + 1]) }

    /// Four bytes.
    ///
    /// - Precondition: they are there.
    func big32(_ place: Int) -> UInt32 { UInt32(big16(place)) << 16 | UInt32(big16(place + 2)) }

    /// Eight bytes.
    ///
    /// - Precondition: they are there.
    func big64(_ place: Int) -> UInt64 { UInt64(big32(place)) << 32 | UInt64(big32(place + 4)) }

    /// Up to eight bytes.
    ///
    /// - Precondition: they are there.
    func big(_ place: Int, width: Int) -> UInt64 {
        switch width {
        case 4: return UInt64(big32(place))
        case 8: return big64(place)
        default:
            var value: UInt64 = 0
            for index in place..<(place + width) { value = value << 8 | UInt64(self[index]) }
            return value
        }
    }
}
