// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Keeps firmware images and what is known of their way to meters; what it returns from a write is durable.
public protocol FirmwareStore: Sendable {
    /// Keeps an image; one that is kept already changes nothing.
    func keepImage(_ image: FirmwareImage) async throws(StoreError)

    /// The image with this digest; nil when it is not kept.
    func image(_ digest: String) async throws(StoreError) -> FirmwareImage?

    /// Forgets an image.
    ///
    /// - Returns: whether it was kept.
    func removeImage(_ digest: String) async throws(StoreError) -> Bool

    /// The transfer that was begun last at a meter; nil when there is none.
    func firmwareTransfer(_ meter: MeterID) async throws(StoreError) -> FirmwareTransfer?

    /// Keeps how far a transfer is, in place of the one before.
    ///
    /// - Throws: ``StoreError/referenceUnknown(_:)`` for a meter that does not exist.
    func keepFirmwareTransfer(_ transfer: FirmwareTransfer, of meter: MeterID) async throws(StoreError)
}

/// A firmware image as it was uploaded.
public struct FirmwareImage: Hashable, Sendable {
    /// SHA-256 of the octets as 64 hexadecimal digits in lower case; it names the image.
    public let digest: String
    /// The image itself.
    public let octets: [UInt8]

    /// Makes an image whose digest is known to be right.
    public init(digest: String, octets: [UInt8]) {
        self.digest = digest
        self.octets = octets
    }
}

/// What tells whether blocks that a meter holds are of our image.
///
/// A meter tells which blocks came since image_transfer_initiate, but not of which image (Blue Book, class 18). So it is
/// kept before initiating, with ``isInitiated`` false, and again when the meter has confirmed.
public struct FirmwareTransfer: Hashable, Sendable {
    /// The digest of the image.
    public var image: String
    /// What the meter was told that the image is called, as hexadecimal digits.
    public var identifier: String
    /// Whether the meter has confirmed to have forgotten earlier blocks.
    public var isInitiated: Bool
    /// When it was begun.
    public var begunAt: Timestamp

    /// Makes a record.
    public init(image: String, identifier: String, isInitiated: Bool, begunAt: Timestamp) {
        self.image = image
        self.identifier = identifier
        self.isInitiated = isInitiated
        self.begunAt = begunAt
    }
}
