// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Activity calendar, special days, tariff scripts and the end of the billing period.
enum TariffObjects {
    static let scriptTable = OBISCode(0, 0, 10, 0, 100, 255)
    private static let calendar = OBISCode(0, 0, 13, 0, 0, 255)
    private static let specialDays = OBISCode(0, 0, 11, 0, 0, 255)
    private static let billing = OBISCode(0, 0, 15, 0, 0, 255)
    private static let resetScripts = OBISCode(0, 0, 10, 0, 1, 255)

    static let all: [ObjectDefinition] = [
        ObjectDefinition(
            20,
            calendar,
            [
                active(2, first: .octetString(Array("DUAL".utf8))), active(3, first: seasons),
                active(4, first: weeks), active(5, first: days),
                .kept(6, of: (20, calendar), first: .octetString(Array("DUAL".utf8))),
                .kept(7, of: (20, calendar), first: seasons), .kept(8, of: (20, calendar), first: weeks),
                .kept(9, of: (20, calendar), first: days),
                .kept(
                    10,
                    of: (20, calendar),
                    first: .octetString(COSEMDateTime(date: .unspecified, time: .unspecified).octets)
                ),
            ],
            methods: [
                MethodDefinition(index: 1) { state, _, _ in
                    state.activateCalendar()
                    return .success
                }
            ]
        ),
        ObjectDefinition(
            11,
            specialDays,
            [.kept(2, of: (11, specialDays), first: .array(holidays))],
            methods: [
                MethodDefinition(index: 1) { state, parameter, _ in
                    guard case .structure(let members)? = parameter, members.count == 3,
                        case .longUnsigned(let number) = members[0]
                    else { return .typeUnmatched }
                    state.changeSpecialDays { days in
                        days.removeAll { TariffObjects.number(of: $0) == number }
                        days.append(.structure(members))
                    }
                    return .success
                },
                MethodDefinition(index: 2) { state, parameter, _ in
                    guard case .longUnsigned(let number)? = parameter else { return .typeUnmatched }
                    state.changeSpecialDays { days in days.removeAll { TariffObjects.number(of: $0) == number } }
                    return .success
                },
            ]
        ),
        ObjectDefinition(
            9,
            scriptTable,
            [.constant(2, .array([tariffScript(1), tariffScript(2)]))],
            methods: [MethodDefinition(index: 1) { _, _, _ in .readWriteDenied }]
        ),
        ObjectDefinition(
            9,
            resetScripts,
            [
                .constant(
                    2,
                    .array([
                        .structure([
                            .longUnsigned(1),
                            .array([
                                .structure([
                                    .enumeration(2), .longUnsigned(4),
                                    .octetString(PowerObjects.maximumImport.octets), .integer(1), .integer(0),
                                ])
                            ]),
                        ])
                    ])
                )
            ],
            methods: [
                MethodDefinition(index: 1) { state, parameter, meter in
                    guard parameter == .longUnsigned(1) else { return .otherReason }
                    state.demandResetTime = meter.time
                    return .success
                }
            ]
        ),
        ObjectDefinition(
            22,
            billing,
            [
                .constant(2, .structure([.octetString(resetScripts.octets), .longUnsigned(1)])),
                .constant(3, .enumeration(1)),
                .constant(
                    4,
                    .array([
                        .structure([
                            .octetString(COSEMTime(hour: 0, minute: 0, second: 0).octets),
                            .octetString(COSEMDate(year: nil, month: nil, dayOfMonth: 1).octets),
                        ])
                    ])
                ),
            ]
        ),
    ]

    fileprivate static func key(_ index: Int8) -> AttributeDescriptor {
        AttributeDescriptor(classID: 20, instanceID: calendar, attributeID: index)
    }

    /// An attribute of the active calendar, which only an activation changes.
    private static func active(_ index: Int8, first: DLMSData) -> AttributeDefinition {
        .value(index) { $0.state.written[key(index)] ?? first }
    }

    private static let seasons = DLMSData.array([
        .structure([
            .octetString([1]),
            .octetString(
                COSEMDateTime(year: nil, month: 1, dayOfMonth: 1, hour: 0, minute: 0, second: 0).octets
            ),
            .octetString([1]),
        ])
    ])

    private static let weeks = DLMSData.array([
        .structure([.octetString([1])] + Array(repeating: .unsigned(1), count: 7))
    ])

    private static let days = DLMSData.array([
        .structure([
            .unsigned(1), .array([switchover(hour: 0, 2), switchover(hour: 6, 1), switchover(hour: 22, 2)]),
        ])
    ])

    private static func switchover(hour: Int, _ tariff: UInt16) -> DLMSData {
        .structure([
            .octetString(COSEMTime(hour: hour, minute: 0, second: 0).octets), .octetString(scriptTable.octets),
            .longUnsigned(tariff),
        ])
    }

    /// 1 January, 1 May and 25 December.
    fileprivate static let holidays: [DLMSData] = [(1, 1), (5, 1), (12, 25)].enumerated().map { index, day in
        .structure([
            .longUnsigned(UInt16(index + 1)),
            .octetString(COSEMDate(year: nil, month: day.0, dayOfMonth: day.1).octets), .unsigned(1),
        ])
    }

    private static func tariffScript(_ tariff: UInt16) -> DLMSData {
        let active = OBISCode(0, 0, 96, 14, 0, 255)
        return .structure([
            .longUnsigned(tariff),
            .array([
                .structure([
                    .enumeration(1), .longUnsigned(1), .octetString(active.octets), .integer(2),
                    .unsigned(UInt8(clamping: tariff)),
                ])
            ]),
        ])
    }

    /// The index of a special day.
    fileprivate static func number(of day: DLMSData) -> UInt16? {
        guard case .structure(let members) = day, case .longUnsigned(let number)? = members.first else { return nil }
        return number
    }

    fileprivate static let specialDaysKey = AttributeDescriptor(
        classID: 11,
        instanceID: specialDays,
        attributeID: 2
    )
}

extension MeterState {
    /// Puts the passive calendar in force.
    fileprivate mutating func activateCalendar() {
        for index in Int8(2)...5 { written[TariffObjects.key(index)] = written[TariffObjects.key(index + 4)] }
        written[TariffObjects.key(10)] = nil
        configurationChanges &+= 1
    }

    /// Whether a time was set at which the passive calendar comes in force.
    var hasDueCalendar: Bool { written[TariffObjects.key(10)] != nil }

    /// Puts the passive calendar in force if its time has come.
    mutating func activateDueCalendar(at time: Int64, _ instant: (COSEMDateTime) -> Int64?) {
        guard case .octetString(let octets)? = written[TariffObjects.key(10)],
            let due = (try? COSEMDateTime(octets: octets)).flatMap(instant), due <= time
        else { return }
        activateCalendar()
    }

    /// Changes the entries of the special days table.
    fileprivate mutating func changeSpecialDays(_ change: (inout [DLMSData]) -> Void) {
        var days = TariffObjects.holidays
        if case .array(let present)? = written[TariffObjects.specialDaysKey] { days = present }
        change(&days)
        written[TariffObjects.specialDaysKey] = .array(days)
        configurationChanges &+= 1
    }
}
