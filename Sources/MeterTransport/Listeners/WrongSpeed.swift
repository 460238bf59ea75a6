// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a receiver makes of octets that were sent at another speed than its own.
enum WrongSpeed {
    /// As many octets, none of which says anything: the highest bit is set in all of them, and none is a flag of HDLC.
    static func garbled(_ octets: [UInt8]) -> [UInt8] {
        octets.map { 0x80 | ($0 >> 1) ^ 0x2A }
    }
}
