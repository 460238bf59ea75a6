// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What is to be done with a firmware image at a meter.
public struct FirmwareOrder: Hashable, Sendable {
    /// The longest image that is taken, in octets.
    public static let longestImage = 16 << 20

    /// The digest of an image that is kept: 64 hexadecimal digits in lower case.
    public var image: String
    /// What the meter is told that the image is called; the first 16 digits of the digest unless said otherwise.
    public var identifier: [UInt8]
    /// Whether the image is put in force once the meter has verified it.
    public var activates: Bool
    /// The association to use in place of the usual one.
    public var association: String?

    /// Makes an order.
    public init(image: String, identifier: [UInt8]? = nil, activates: Bool = true, association: String? = nil) {
        self.image = image
        self.identifier = identifier ?? Array(image.utf8.prefix(16))
        self.activates = activates
        self.association = association
    }
}

/// How far a firmware transfer is.
public struct FirmwareProgress: Hashable, Sendable {
    /// What is being done.
    public enum Phase: String, Hashable, Sendable {
        /// Blocks are sent.
        case transferring
        /// The meter checks the image.
        case verifying
        /// The meter puts the image in force.
        case activating
    }

    /// What is being done.
    public var phase: Phase
    /// Blocks that the meter has.
    public var blocksDone: Int
    /// Blocks there are.
    public var blocks: Int
}

/// What came of a firmware transfer.
public struct FirmwareOutcome: Hashable, Sendable {
    /// The order.
    public let order: FirmwareOrder
    /// The length of the image in octets.
    public let size: Int
    /// The number of blocks.
    public let blocks: Int
    /// Blocks that were sent in this attempt; those of earlier ones are not counted.
    public let blocksSent: Int
    /// Whether blocks of an earlier attempt were found at the meter.
    public let isResumed: Bool
    /// Whether the image is in force.
    public let isActivated: Bool
}
