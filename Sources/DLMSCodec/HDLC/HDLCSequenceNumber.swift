// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A number of information frames, counted modulo 8: N(S), N(R), V(S) and V(R) (IEC 62056-46 §6.4.3).
public struct HDLCSequenceNumber: Hashable, Sendable {
    /// The number, 0 to 7.
    public let value: UInt8

    /// The number of the first frame of a link.
    public static let zero = HDLCSequenceNumber(0)

    /// Makes a number of the low three bits.
    public init(_ value: UInt8) {
        self.value = value & 7
    }

    /// The number of the frame behind.
    public var next: HDLCSequenceNumber { HDLCSequenceNumber(value &+ 1) }

    /// How many frames lie between an earlier number and this one, 0 to 7.
    public func distance(from earlier: HDLCSequenceNumber) -> Int {
        Int((value &- earlier.value) & 7)
    }
}

extension HDLCSequenceNumber: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { "\(value)" }
}
