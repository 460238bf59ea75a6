// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// What an administrator makes for the account that a gateway runs under.
enum SharedFile {
    /// Gives a file to whom another file or folder belongs, if the caller may; else it stays as it is.
    static func give(_ file: String, toOwnerOf place: String) {
        var owner = stat()
        if geteuid() == 0, stat(place, &owner) == 0 { _ = chown(file, owner.st_uid, owner.st_gid) }
    }

    /// The folder of a file.
    static func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "." }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }
}
