/// The rotated files of a followed one, as they lie in its folder at one moment.
struct RotatedFiles: Equatable, Sendable {
    /// One of them.
    struct Member: Equatable, Sendable {
        var path: String
        var place: RotatedName.Place
        var isCompressed: Bool
    }

    /// Folders of days that are looked into, the last ones.
    private static let mostDays = 3
    /// Files that are kept in mind of one folder.
    private static let mostMembers = 4_096

    /// The files, the youngest first among those that are named alike; where one is there plain and compressed, the plain one: the
    /// other is being written.
    private(set) var members: [Member] = []

    /// Lists a file's folder, and the folders of the last days beside that: `/logs/2026-11-21` for `/logs/current/conn.log`.
    init(of path: String) {
        let (directory, name) = PathName.split(path)
        add(directory, of: name, folder: "")
        let above = directory == "." ? ".." : PathName.split(directory).directory
        let days = System.names(inDirectory: above).filter(RotatedName.isDay).sorted { $0 > $1 }
        for day in days.prefix(Self.mostDays) { add(PathName.join(above, day), of: name, folder: day) }
        members.sort { first, second in
            if let isYounger = first.place.isYounger(than: second.place), first.place != second.place {
                return isYounger
            }
            return Self.rank(first) < Self.rank(second)
        }
    }

    private mutating func add(_ directory: String, of name: String, folder: String) {
        for other in System.names(inDirectory: directory) where other != name {
            guard members.count < Self.mostMembers, let found = RotatedName(other, of: name, inFolder: folder) else {
                continue
            }
            let member = Member(
                path: PathName.join(directory, other), place: found.place, isCompressed: found.isCompressed)
            if let twin = members.firstIndex(where: { $0.place == member.place }) {
                if members[twin].isCompressed { members[twin] = member }
            } else {
                members.append(member)
            }
        }
    }

    /// An order of files that are not named alike, so that the whole is one.
    private static func rank(_ member: Member) -> (Int, String) {
        switch member.place {
        case .number: (0, member.path)
        case .moment(let digits): (digits.utf8.count, member.path)
        }
    }

    /// The file that was rotated next after one of them.
    func next(after own: Member) -> Member? {
        members.last { $0.place != own.place && $0.place.isYounger(than: own.place) == true }
    }

    /// The member that is a certain file now.
    func member(_ status: FileStatus) -> Member? {
        members.first { (try? System.status($0.path))?.isSameFile(as: status) ?? false }
    }
}
