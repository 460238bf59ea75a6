// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Network objects.
enum CommunicationObjects {
    private static let tcp = OBISCode(0, 0, 25, 0, 0, 255)
    private static let ipv4 = OBISCode(0, 0, 25, 1, 0, 255)
    private static let mac = OBISCode(0, 0, 25, 2, 0, 255)

    static let all: [ObjectDefinition] = [
        ObjectDefinition(
            41,
            tcp,
            [
                .constant(2, .longUnsigned(4059)), .constant(3, .octetString(ipv4.octets)),
                .constant(4, .longUnsigned(1460)), .constant(5, .unsigned(4)),
                .kept(6, of: (41, tcp), first: .longUnsigned(180)),
            ]
        ),
        ObjectDefinition(
            42,
            ipv4,
            [
                .constant(2, .octetString(mac.octets)),
                .value(3) { .doubleLongUnsigned(0x0A00_0000 | UInt32(truncatingIfNeeded: $0.identity.number + 10)) },
                .constant(4, .array([])), .constant(5, .array([])), .constant(6, .doubleLongUnsigned(0xFF00_0000)),
                .constant(7, .doubleLongUnsigned(0x0A00_0001)), .constant(8, .boolean(true)),
                .constant(9, .doubleLongUnsigned(0x0A00_0001)), .constant(10, .doubleLongUnsigned(0)),
            ]
        ),
        ObjectDefinition(
            43,
            mac,
            [
                .value(2) { meter in
                    let number = UInt32(truncatingIfNeeded: meter.identity.number)
                    return .octetString([
                        0x02, 0x53, 0x49, UInt8(truncatingIfNeeded: number >> 16),
                        UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number),
                    ])
                }
            ]
        ),
    ]
}
