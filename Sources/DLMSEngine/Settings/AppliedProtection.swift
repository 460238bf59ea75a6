// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What protected a message on its way.
public struct AppliedProtection: Hashable, Sendable {
    /// Whether a tag proved its origin.
    public var isAuthenticated: Bool
    /// Whether it was encrypted.
    public var isEncrypted: Bool
    /// Whether it carried a digital signature that fits.
    public var isSigned: Bool
    /// Whether everything that could be verified was; false only for a tag that was not checked because that was allowed.
    public var isVerified: Bool

    /// Describes a protection.
    public init(isAuthenticated: Bool, isEncrypted: Bool, isSigned: Bool = false, isVerified: Bool = true) {
        self.isAuthenticated = isAuthenticated
        self.isEncrypted = isEncrypted
        self.isSigned = isSigned
        self.isVerified = isVerified
    }

    /// A message in clear.
    public static let none = AppliedProtection(isAuthenticated: false, isEncrypted: false)

    /// Whether a message with this protection lacks nothing that another one has.
    public func isAtLeast(_ other: AppliedProtection) -> Bool {
        (isAuthenticated || !other.isAuthenticated) && (isEncrypted || !other.isEncrypted)
            && (isSigned || !other.isSigned)
    }

    /// What both messages have.
    func intersection(_ other: AppliedProtection) -> AppliedProtection {
        AppliedProtection(
            isAuthenticated: isAuthenticated && other.isAuthenticated,
            isEncrypted: isEncrypted && other.isEncrypted,
            isSigned: isSigned && other.isSigned,
            isVerified: isVerified && other.isVerified
        )
    }
}
