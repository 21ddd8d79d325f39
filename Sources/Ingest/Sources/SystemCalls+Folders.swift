import Glibc

/// Waking up when a folder changes (inotify).
extension System {
    /// Makes a watch over folders; `nil` when the system has none left, and looking at intervals must do.
    static func makeDirectoryWatch() -> Descriptor? {
        let number = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        return number < 0 ? nil : Descriptor(number)
    }

    /// Adds a folder, or finds it again.
    ///
    /// - Returns: the watch's number, the same one as long as the name leads to the same folder; `nil` when it cannot be
    ///   watched (yet).
    static func watch(_ directory: String, with watch: Descriptor) -> Int32? {
        let events = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB)
        // The path is a C string for the call.
        let number = unsafe inotify_add_watch(watch.number, directory, events)
        return number < 0 ? nil : number
    }

    /// Ends the watch over a folder.
    static func endWatch(_ number: Int32, of watch: Descriptor) { _ = inotify_rm_watch(watch.number, number) }
}
