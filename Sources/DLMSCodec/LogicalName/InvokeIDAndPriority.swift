// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which invocation an APDU belongs to, and how it is to be served (IEC 62056-5-3, Invoke-Id-And-Priority).
///
/// Bits 0-3 number the invocation, bit 6 asks for confirmation, bit 7 is high priority.
public struct InvokeIDAndPriority: RawRepresentable, Hashable, Sendable {
    /// The octet on the wire.
    public var rawValue: UInt8

    /// Makes the value of its octet.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Makes the value of its parts; only the low four bits of the id are used.
    public init(invokeID: UInt8, isConfirmed: Bool = true, isHighPriority: Bool = true) {
        rawValue = invokeID & 0x0F | (isConfirmed ? 0x40 : 0) | (isHighPriority ? 0x80 : 0)
    }

    /// The number of the invocation, 0-15.
    public var invokeID: UInt8 { rawValue & 0x0F }
    /// Whether an answer is expected.
    public var isConfirmed: Bool { rawValue & 0x40 != 0 }
    /// Whether the invocation goes before others.
    public var isHighPriority: Bool { rawValue & 0x80 != 0 }
}

extension InvokeIDAndPriority: OctetCodable {
    /// Reads one octet.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        rawValue = try reader.readUInt8("invoke-id-and-priority")
    }

    /// Writes one octet.
    public func encode(into writer: inout OctetWriter) {
        writer.write(rawValue)
    }
}
