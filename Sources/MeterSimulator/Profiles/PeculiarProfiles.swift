// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// The load profile once more, each time as some meters serve theirs, so that users can try how it is read.
enum PeculiarProfiles {
    /// Cells that do not change, and all times but the first, are null-data.
    static let nullCompressed = ProfileObjects.quarters(name(1), columns: columns, form: .nullCompressed)
    /// One compact array.
    static let compactArray = ProfileObjects.quarters(name(2), columns: columns, form: .compactArray)
    /// The newest row comes first.
    static let newestFirst = ProfileObjects.quarters(name(3), columns: columns, form: .newestFirst)
    /// UNIX time, and numbers as differences.
    static let differences = ProfileObjects.quarters(
        name(4),
        columns: [unixTime] + columns.dropFirst(),
        form: .differences
    )
    /// The second element of a structure, the unit of a register, has a column.
    static let element = ProfileObjects.quarters(name(5), columns: [ProfileObjects.clock, unit] + columns.dropFirst(2))
    /// No selective access.
    static let unselectable = ProfileObjects.quarters(name(6), columns: columns, selects: .nothing)
    /// Selective access to rows but not to columns.
    static let wholeRows = ProfileObjects.quarters(name(7), columns: columns, selects: .rows)

    static let all = [nullCompressed, compactArray, newestFirst, differences, element, unselectable, wholeRows]

    /// What a gas meter would send over a narrow link: time, status and the energies, with a template.
    static let compactData = ObjectDefinition(
        62,
        version: 1,
        OBISCode(0, 0, 66, 0, 0, 255),
        [
            .value(2) { meter in
                let energies = meter.energies
                var writer = OctetWriter()
                writer.write(templateNumber)
                writer.write(UInt32(clamping: meter.time))
                writer.write(0 as UInt8)
                writer.write(UInt32(clamping: energies.importTotal))
                writer.write(UInt32(clamping: energies.export))
                return .octetString(writer.octets)
            },
            .constant(3, .array(captured.map(\.data))), .constant(4, .unsigned(templateNumber)),
            // A structure of unsigned, double-long-unsigned, unsigned and two double-long-unsigned.
            .constant(5, .octetString([0x02, 0x05, 0x11, 0x06, 0x11, 0x06, 0x06])), .constant(6, .enumeration(1)),
        ]
    )

    private static let templateNumber: UInt8 = 1

    private static let captured =
        [
            CaptureObject(classID: 62, logicalName: OBISCode(0, 0, 66, 0, 0, 255), attributeIndex: 4),
            unixTime.capture, ProfileObjects.status.capture,
        ] + columns.dropFirst(2).map(\.capture)

    private static let columns = [
        ProfileObjects.clock, ProfileObjects.status,
        ProfileObjects.energy(OBISCode(1, 0, 1, 8, 0, 255)) { $0.energies.importTotal },
        ProfileObjects.energy(OBISCode(1, 0, 2, 8, 0, 255)) { $0.energies.export },
    ]

    private static let unixTime = ProfileDefinition.Column(
        capture: CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 1, 1, 0, 255), attributeIndex: 2)
    ) { row, _, writer in
        DLMSData.doubleLongUnsigned(UInt32(clamping: row.time)).encode(into: &writer)
    }

    private static let unit = ProfileDefinition.Column(
        capture: CaptureObject(
            classID: 3,
            logicalName: OBISCode(1, 0, 1, 8, 0, 255),
            attributeIndex: 3,
            dataIndex: 2
        )
    ) { _, _, writer in
        DLMSData.enumeration(30).encode(into: &writer)
    }

    private static func name(_ e: UInt8) -> OBISCode { OBISCode(1, 0, 99, 1, e, 255) }
}
