// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What an association may do with an attribute (Blue Book, class 15, access_mode).
public struct AttributeAccess: Hashable, Sendable {
    /// The value may be read.
    public let isReadable: Bool
    /// The value may be written.
    public let isWritable: Bool
    /// Requests or responses must be protected.
    public let isProtected: Bool

    /// No access.
    public static let none = AttributeAccess(isReadable: false, isWritable: false, isProtected: false)

    /// Makes an access right.
    public init(isReadable: Bool, isWritable: Bool, isProtected: Bool = false) {
        self.isReadable = isReadable
        self.isWritable = isWritable
        self.isProtected = isProtected
    }

    /// Reads an access mode.
    ///
    /// Versions 0 to 2 of the association enumerate the modes; version 3 uses bits: 0 read, 1 write, 2 to 7 protection.
    /// - Parameters:
    ///   - mode: The mode as sent.
    ///   - associationVersion: The version of the association class.
    public init(mode: UInt8, associationVersion: UInt8) {
        if associationVersion >= 3 {
            self.init(isReadable: mode & 1 != 0, isWritable: mode & 2 != 0, isProtected: mode >> 2 != 0)
            return
        }
        switch mode {
        case 1: self.init(isReadable: true, isWritable: false)
        case 2: self.init(isReadable: false, isWritable: true)
        case 3: self.init(isReadable: true, isWritable: true)
        case 4: self.init(isReadable: true, isWritable: false, isProtected: true)
        case 5: self.init(isReadable: false, isWritable: true, isProtected: true)
        case 6: self.init(isReadable: true, isWritable: true, isProtected: true)
        default: self = .none
        }
    }

    /// The name: "none", "read", "write", "read-write", or one of these behind "authenticated-".
    public var name: String {
        let plain =
            switch (isReadable, isWritable) {
            case (false, false): "none"
            case (true, false): "read"
            case (false, true): "write"
            case (true, true): "read-write"
            }
        return isProtected && plain != "none" ? "authenticated-\(plain)" : plain
    }
}

/// Whether an association may invoke a method (Blue Book, class 15, method access_mode).
public struct MethodAccess: Hashable, Sendable {
    /// The method may be invoked.
    public let isAllowed: Bool
    /// Requests or responses must be protected.
    public let isProtected: Bool

    /// Makes an access right.
    public init(isAllowed: Bool, isProtected: Bool = false) {
        self.isAllowed = isAllowed
        self.isProtected = isProtected
    }

    /// Reads an access mode: 0 none, 1 access, 2 authenticated access; bits in version 3 of the association.
    public init(mode: UInt8, associationVersion: UInt8) {
        if associationVersion >= 3 {
            self.init(isAllowed: mode & 1 != 0, isProtected: mode >> 2 != 0)
        } else {
            self.init(isAllowed: mode == 1 || mode == 2, isProtected: mode == 2)
        }
    }

    /// The name: "none", "access" or "authenticated-access".
    public var name: String {
        guard isAllowed else { return "none" }
        return isProtected ? "authenticated-access" : "access"
    }
}
