// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How objects are named in an association, and whether APDUs may be ciphered (IEC 62056-5-3, application context
/// names 2.16.756.5.8.1.n).
public struct ApplicationContext: Hashable, Sendable {
    /// The name.
    public let identifier: BERObjectIdentifier

    /// Makes a context of any name.
    public init(identifier: BERObjectIdentifier) {
        self.identifier = identifier
    }

    /// Logical names, no ciphering; 1.
    public static let logicalName = Self(number: 1)
    /// Short names, no ciphering; 2.
    public static let shortName = Self(number: 2)
    /// Logical names with ciphering; 3.
    public static let logicalNameCiphered = Self(number: 3)
    /// Short names with ciphering; 4.
    public static let shortNameCiphered = Self(number: 4)

    /// The number of the context; nil for a name that is not one of DLMS.
    public var number: UInt8? { identifier.number(inArc: 1) }

    private init(number: UInt8) {
        identifier = BERObjectIdentifier(arc: 1, number)
    }
}
