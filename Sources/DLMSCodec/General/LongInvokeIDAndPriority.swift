// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which invocation an ACCESS or DATA-NOTIFICATION belongs to (IEC 62056-5-3, Long-Invoke-Id-And-Priority).
///
/// | bits | meaning |
/// |---|---|
/// | 0-23 | number of the invocation |
/// | 28 | self-descriptive |
/// | 29 | stop at the first error |
/// | 30 | confirmed |
/// | 31 | high priority |
public struct LongInvokeIDAndPriority: RawRepresentable, Hashable, Sendable {
    /// The four octets on the wire.
    public var rawValue: UInt32

    /// Makes the value of its octets.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Makes the value of its parts; only the low 24 bits of the id are used.
    public init(
        invokeID: UInt32,
        isSelfDescriptive: Bool = false,
        breaksOnError: Bool = false,
        isConfirmed: Bool = true,
        isHighPriority: Bool = true
    ) {
        rawValue =
            invokeID & 0x00FF_FFFF | (isSelfDescriptive ? 0x1000_0000 : 0) | (breaksOnError ? 0x2000_0000 : 0)
            | (isConfirmed ? 0x4000_0000 : 0) | (isHighPriority ? 0x8000_0000 : 0)
    }

    /// The number of the invocation, 24 bits.
    public var invokeID: UInt32 { rawValue & 0x00FF_FFFF }
    /// Whether a response repeats what was asked.
    public var isSelfDescriptive: Bool { rawValue & 0x1000_0000 != 0 }
    /// Whether processing stops at the first error.
    public var breaksOnError: Bool { rawValue & 0x2000_0000 != 0 }
    /// Whether an answer is expected.
    public var isConfirmed: Bool { rawValue & 0x4000_0000 != 0 }
    /// Whether the invocation goes before others.
    public var isHighPriority: Bool { rawValue & 0x8000_0000 != 0 }
}

extension LongInvokeIDAndPriority: OctetCodable {
    /// Reads four octets.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        rawValue = try reader.readUInt32("long-invoke-id-and-priority")
    }

    /// Writes four octets.
    public func encode(into writer: inout OctetWriter) {
        writer.write(rawValue)
    }
}
