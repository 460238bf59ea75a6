// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Who the meter is, how it is, and a few objects to write to.
enum IdentityObjects {
    static let scratch = OBISCode(0, 0, 96, 50, 0, 255)

    static let all: [ObjectDefinition] = [
        .data(OBISCode(0, 0, 42, 0, 0, 255), .everyone) { text($0.identity.logicalDeviceName) },
        .data(OBISCode(0, 0, 96, 1, 0, 255), .everyone) { text($0.identity.serialNumber) },
        .data(OBISCode(0, 0, 96, 1, 1, 255)) { _ in text("SIM-3P-60A") },
        .data(OBISCode(0, 0, 96, 1, 2, 255)) { _ in text("2024-01") },
        .data(OBISCode(0, 0, 96, 1, 4, 255)) { _ in text("3x230/400 V, 50 Hz") },
        .data(OBISCode(1, 0, 0, 0, 0, 255)) { text($0.identity.serialNumber) },
        .data(OBISCode(1, 0, 0, 2, 8, 255)) { _ in .octetString([0x5A, 0x1F, 0x90, 0xC3, 0x77, 0x0B, 0xE2, 0x4D]) },
        .data(OBISCode(1, 0, 0, 4, 2, 255)) { _ in .longUnsigned(1) },
        .data(OBISCode(1, 0, 0, 4, 3, 255)) { _ in .longUnsigned(1) },
        .data(OBISCode(1, 0, 0, 1, 0, 255)) { .longUnsigned(UInt16(clamping: $0.operatingSeconds / 2_629_800)) },
        .data(OBISCode(1, 0, 0, 1, 2, 255)) { .octetString($0.dateTime($0.monthStart).octets) },
        .register(OBISCode(1, 0, 0, 3, 0, 255), unit: UnitCode.pulsesPerWattHour) { _ in .unsigned(1) },
        .register(OBISCode(0, 0, 96, 8, 0, 255), unit: UnitCode.second) { Int($0.operatingSeconds) },
        .register(OBISCode(0, 0, 96, 9, 0, 255), scaler: -1, unit: UnitCode.celsius) {
            .long(Int16(clamping: $0.temperature))
        },
        .register(OBISCode(0, 0, 96, 6, 3, 255), scaler: -2, unit: UnitCode.volt) { _ in .longUnsigned(358) },
        .data(OBISCode(0, 0, 96, 2, 0, 255)) { .longUnsigned($0.state.configurationChanges) },
        .data(OBISCode(0, 0, 96, 5, 0, 255)) { _ in .unsigned(0) },
        .data(OBISCode(0, 0, 96, 10, 1, 255)) { _ in .unsigned(0) },
        .data(OBISCode(0, 0, 96, 11, 0, 255)) { .unsigned($0.state.standardEvents.events.last?.code ?? 0) },
        .data(OBISCode(0, 0, 96, 11, 2, 255)) { .unsigned($0.state.disconnectorEvents.events.last?.code ?? 0) },
        .data(OBISCode(0, 0, 96, 14, 0, 255)) { .unsigned($0.activeTariff) },
        .data(OBISCode(0, 0, 97, 97, 0, 255)) { _ in .doubleLongUnsigned(0) },
        .data(OBISCode(0, 0, 97, 98, 0, 255)) { _ in .doubleLongUnsigned(0) },
        kept(OBISCode(0, 0, 97, 98, 10, 255), .doubleLongUnsigned(0xFFFF_FFFF)),
        kept(OBISCode(0, 0, 96, 13, 0, 255), .octetString([])),
        kept(scratch, .doubleLong(-42)),
        kept(OBISCode(0, 0, 96, 50, 1, 255), .octetString(Array("hello".utf8))),
        // Listed, but refused to everybody.
        ObjectDefinition(1, OBISCode(0, 0, 96, 50, 2, 255), [.constant(2, .nullData, .nobody)]),
    ]

    private static func text(_ text: String) -> DLMSData { .octetString(Array(text.utf8)) }

    private static func kept(_ name: OBISCode, _ first: DLMSData) -> ObjectDefinition {
        ObjectDefinition(1, name, [.kept(2, of: (1, name), first: first)])
    }
}
