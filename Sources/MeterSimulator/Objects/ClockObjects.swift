// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The clock and its UNIX twin.
enum ClockObjects {
    static let name = OBISCode(0, 0, 1, 0, 0, 255)

    static let all: [ObjectDefinition] = [
        ObjectDefinition(
            8,
            name,
            [
                AttributeDefinition(
                    index: 2,
                    audience: .everyone,
                    read: { .octetString($0.dateTime($0.time).octets) },
                    write: setTime
                ),
                .value(3) { .long(Int16(clamping: $0.deviationMinutes)) },
                .constant(4, .unsigned(0)),
                .constant(5, .octetString(lastSunday(of: 3, hour: 2))),
                .constant(6, .octetString(lastSunday(of: 10, hour: 3))),
                .constant(7, .integer(60)),
                .constant(8, .boolean(false)),
                .constant(9, .enumeration(1)),
            ],
            methods: [
                adjust(1, to: 900), adjust(2, to: 900), adjust(3, to: 60),
                MethodDefinition(index: 4) { state, _, meter in
                    guard let preset = state.written[presetKey], let instant = instant(of: preset, meter) else {
                        return .temporaryFailure
                    }
                    state.setClock(to: instant, trueTime: meter.time - state.clockShift)
                    state.written[presetKey] = nil
                    return .success
                },
                MethodDefinition(index: 5) { state, parameter, meter in
                    guard case .structure(let members)? = parameter, members.count == 3,
                        instant(of: members[0], meter) != nil
                    else { return .typeUnmatched }
                    state.written[presetKey] = members[0]
                    return .success
                },
                MethodDefinition(index: 6) { state, parameter, meter in
                    guard case .long(let seconds)? = parameter else { return .typeUnmatched }
                    guard abs(Int(seconds)) <= 900 else { return .otherReason }
                    state.setClock(to: meter.time + Int64(seconds), trueTime: meter.time - state.clockShift)
                    return .success
                },
            ]
        ),
        .register(OBISCode(0, 0, 1, 1, 0, 255), unit: UnitCode.second) { Int($0.time) },
    ]

    /// Where a preset time waits for its adjustment.
    private static let presetKey = AttributeDescriptor(classID: 8, instanceID: name, attributeID: 127)

    private static func setTime(
        _ state: inout MeterState,
        _ data: DLMSData,
        _ meter: MeterSnapshot
    ) -> DataAccessResult {
        guard let instant = instant(of: data, meter) else { return .typeUnmatched }
        state.setClock(to: instant, trueTime: meter.time - state.clockShift)
        return .success
    }

    private static func instant(of data: DLMSData, _ meter: MeterSnapshot) -> Int64? {
        switch data {
        case .octetString(let octets): (try? COSEMDateTime(octets: octets)).flatMap { meter.instant($0) }
        case .dateTime(let dateTime): meter.instant(dateTime)
        default: nil
        }
    }

    /// Moves the clock to the nearest multiple of some seconds.
    private static func adjust(_ index: Int8, to step: Int64) -> MethodDefinition {
        MethodDefinition(index: index) { state, _, meter in
            let nearest = (meter.time + step / 2) / step * step
            state.setClock(to: nearest, trueTime: meter.time - state.clockShift)
            return .success
        }
    }

    private static func lastSunday(of month: Int, hour: Int) -> [UInt8] {
        var date = COSEMDate(year: nil, month: month, dayOfMonth: nil, dayOfWeek: 7)
        date.rawDayOfMonth = 0xFE
        return COSEMDateTime(date: date, time: COSEMTime(hour: hour, minute: 0, second: 0), clockStatus: []).octets
    }
}
