// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Push set-ups (class 40), which send their objects to the destination that was written, or to the client that tells them to push.
enum PushObjects {
    /// How often a new meter tries again.
    static let retries: UInt8 = 3
    /// How many seconds a new meter waits before it does.
    static let pause: UInt16 = 60
    static let onInterval = OBISCode(0, 1, 25, 9, 0, 255)
    static let onAlarm = OBISCode(0, 4, 25, 9, 0, 255)

    static let all: [ObjectDefinition] = [
        setup(onInterval, pushing: [(1, OBISCode(0, 0, 42, 0, 0, 255)), (8, ClockObjects.name)]),
        setup(onAlarm, pushing: [(1, OBISCode(0, 0, 42, 0, 0, 255)), (1, OBISCode(0, 0, 97, 98, 0, 255))]),
    ]

    private static func setup(
        _ name: OBISCode,
        pushing objects: [(classID: UInt16, name: OBISCode)]
    ) -> ObjectDefinition {
        let list = objects.map { object -> DLMSData in
            .structure([
                .longUnsigned(object.classID), .octetString(object.name.octets), .integer(2), .longUnsigned(0),
            ])
        }
        return ObjectDefinition(
            40,
            name,
            [
                .kept(2, of: (40, name), first: .array(list)),
                .kept(
                    3,
                    of: (40, name),
                    first: .structure([
                        .enumeration(0), .octetString(Array("192.0.2.1:4059".utf8)), .enumeration(0),
                    ])
                ),
                .kept(4, of: (40, name), first: .array([])), .kept(5, of: (40, name), first: .longUnsigned(0)),
                .kept(6, of: (40, name), first: .unsigned(retries)),
                .kept(7, of: (40, name), first: .longUnsigned(pause)),
            ],
            methods: [
                MethodDefinition(index: 1) { state, _, meter in
                    state.pushes[name, default: 0] += 1
                    state.duePushes.append((name, meter.client.address))
                    return .success
                }
            ]
        )
    }
}
