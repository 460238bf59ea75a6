// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// Disconnect control and the script table that orders it.
enum ControlObjects {
    static let disconnectControl = OBISCode(0, 0, 96, 3, 10, 255)
    static let scriptTable = OBISCode(0, 0, 10, 0, 106, 255)

    static let all: [ObjectDefinition] = [
        ObjectDefinition(
            70,
            disconnectControl,
            [
                .value(2) { .boolean($0.state.isOutputClosed) },
                .value(3) { .enumeration($0.state.controlState.rawValue) },
                AttributeDefinition(
                    index: 4,
                    read: { .enumeration($0.state.controlMode.rawValue) },
                    write: { state, data, _ in
                        guard case .enumeration(let code) = data else { return .typeUnmatched }
                        guard let mode = DisconnectControl.Mode(rawValue: code) else { return .otherReason }
                        state.controlMode = mode
                        return .success
                    }
                ),
            ],
            methods: [
                MethodDefinition(index: 1) { state, _, meter in order(.disconnect, &state, meter) },
                MethodDefinition(index: 2) { state, _, meter in order(.reconnect, &state, meter) },
            ]
        ),
        ObjectDefinition(
            9,
            scriptTable,
            [.constant(2, .array([script(1, method: 1), script(2, method: 2)]))],
            methods: [
                MethodDefinition(index: 1) { state, parameter, meter in
                    guard case .longUnsigned(let number)? = parameter else { return .typeUnmatched }
                    guard let order = DisconnectControl.Order(rawValue: Int8(clamping: number)) else {
                        return .otherReason
                    }
                    return ControlObjects.order(order, &state, meter)
                }
            ]
        ),
    ]

    private static func order(
        _ order: DisconnectControl.Order,
        _ state: inout MeterState,
        _ meter: MeterSnapshot
    ) -> ActionResult {
        guard let next = state.controlMode.state(after: order, from: state.controlState) else { return .otherReason }
        let event = order == .disconnect ? EventCode.remoteDisconnection : EventCode.remoteConnection
        state.move(to: next, at: meter.time, event: event, load: meter.load)
        return .success
    }

    private static func script(_ number: UInt16, method: Int8) -> DLMSData {
        .structure([
            .longUnsigned(number),
            .array([
                .structure([
                    .enumeration(2), .longUnsigned(70), .octetString(disconnectControl.octets), .integer(method),
                    .integer(0),
                ])
            ]),
        ])
    }
}
