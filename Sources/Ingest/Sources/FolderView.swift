/// What decides whether a followed path has a next file, seen at one moment.
struct FolderView {
    /// As long as a folder's time of change may stay the same though it changes.
    private static let tick = Duration.milliseconds(50)
    /// What happens in other folders shows after this.
    private static let longest = Duration.seconds(5)

    var inode: UInt64?
    var isEmpty: Bool
    var renamed: Int
    var folder: Int64?
    var time: Duration

    /// Whether looking again is in vain because nothing is different from an earlier view.
    func isLike(_ other: FolderView) -> Bool {
        inode == other.inode && isEmpty == other.isEmpty && renamed == other.renamed && folder == other.folder
            && time - other.time > Self.tick && time - other.time < Self.longest
    }
}
