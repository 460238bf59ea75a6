// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What a profile records and how, from the attributes of its object (Blue Book, class 7).
public struct ProfileDescriptor: Hashable, Sendable {
    /// Attribute 5, sort_method.
    public enum SortMethod: UInt8, CaseIterable, Sendable {
        /// The oldest row first.
        case fifo = 1
        /// The newest row first.
        case lifo
        /// The largest value of the sort object first.
        case largest
        /// The smallest value of the sort object first.
        case smallest
        /// The value nearest to zero first.
        case nearestToZero
        /// The value farthest from zero first.
        case farthestFromZero

        /// The name, such as "fifo" or "nearest-to-zero".
        public var name: String {
            switch self {
            case .fifo: "fifo"
            case .lifo: "lifo"
            case .largest: "largest"
            case .smallest: "smallest"
            case .nearestToZero: "nearest-to-zero"
            case .farthestFromZero: "farthest-from-zero"
            }
        }
    }

    /// The profile.
    public let logicalName: OBISCode
    /// The columns of a row.
    public let captureObjects: [CaptureObject]
    /// Seconds between two rows; 0 if rows are captured on events.
    public let capturePeriod: UInt32
    /// How the buffer is sorted; nil if the meter does not say.
    public let sortMethod: SortMethod?
    /// The column the buffer is sorted by; nil if not given.
    public let sortObject: CaptureObject?
    /// How many rows there are; nil if not read.
    public let entriesInUse: UInt32?
    /// How many rows there can be; nil if not read.
    public let profileEntries: UInt32?

    /// Makes a descriptor of attribute values; values that are missing or odd are left open.
    /// - Parameters:
    ///   - logicalName: The profile.
    ///   - attributes: The values by attribute index; 3 is needed, 4 to 8 are used if there.
    /// - Returns: nil if attribute 3 is missing or no list of capture objects.
    public init?(logicalName: OBISCode, attributes: [Int8: DLMSData]) {
        guard let captureObjects = attributes[3].flatMap({ CaptureObject.list($0) }) else { return nil }
        func count(_ index: Int8) -> UInt32? {
            attributes[index]?.integerValue.flatMap { UInt32(exactly: $0) }
        }
        self.logicalName = logicalName
        self.captureObjects = captureObjects
        capturePeriod = count(4) ?? 0
        sortMethod = attributes[5]?.integerValue.flatMap { UInt8(exactly: $0) }.flatMap { SortMethod(rawValue: $0) }
        sortObject = attributes[6].flatMap { CaptureObject($0) }
        entriesInUse = count(7)
        profileEntries = count(8)
    }
}
