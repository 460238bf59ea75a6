// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Whether a method was executed, and if not why (IEC 62056-5-3, Action-Result).
public struct ActionResult: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public var rawValue: UInt8

    /// Makes a result of its number; any number is accepted.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The method was executed.
    public static let success = Self(rawValue: 0)
    /// A fault of the meter's hardware.
    public static let hardwareFault = Self(rawValue: 1)
    /// The meter cannot now; it may later.
    public static let temporaryFailure = Self(rawValue: 2)
    /// The association may not invoke this.
    public static let readWriteDenied = Self(rawValue: 3)
    /// The meter has no such object.
    public static let objectUndefined = Self(rawValue: 4)
    /// The object is of another class than asked for.
    public static let objectClassInconsistent = Self(rawValue: 9)
    /// The object exists but cannot be used now.
    public static let objectUnavailable = Self(rawValue: 11)
    /// The parameter has the wrong type.
    public static let typeUnmatched = Self(rawValue: 12)
    /// The association may not use this object in this way.
    public static let scopeOfAccessViolated = Self(rawValue: 13)
    /// The block asked for is not there.
    public static let dataBlockUnavailable = Self(rawValue: 14)
    /// The long invocation was given up.
    public static let longActionAborted = Self(rawValue: 15)
    /// No long invocation is going on.
    public static let noLongActionInProgress = Self(rawValue: 16)
    /// A reason that has no number of its own.
    public static let otherReason = Self(rawValue: 250)

    /// The standard's name, or `unknown-` and the number.
    public var name: String {
        switch rawValue {
        case 0: "success"
        case 1: "hardware-fault"
        case 2: "temporary-failure"
        case 3: "read-write-denied"
        case 4: "object-undefined"
        case 9: "object-class-inconsistent"
        case 11: "object-unavailable"
        case 12: "type-unmatched"
        case 13: "scope-of-access-violated"
        case 14: "data-block-unavailable"
        case 15: "long-action-aborted"
        case 16: "no-long-action-in-progress"
        case 250: "other-reason"
        default: "unknown-\(rawValue)"
        }
    }
}

extension ActionResult: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}

extension ActionResult: OctetCodable {
    /// Reads one octet.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        rawValue = try reader.readUInt8("action-result")
    }

    /// Writes one octet.
    public func encode(into writer: inout OctetWriter) {
        writer.write(rawValue)
    }
}
