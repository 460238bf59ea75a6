// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Image transfer (class 18) and a switch that makes it fail.
enum FirmwareObjects {
    static let imageTransfer = OBISCode(0, 0, 44, 0, 0, 255)
    /// Manufacturer specific: what is to go wrong, see ``ImageTransferState/Fault``.
    static let faults = OBISCode(0, 0, 128, 44, 0, 255)
    static let version = OBISCode(1, 0, 0, 2, 0, 255)

    static let all: [ObjectDefinition] = [
        ObjectDefinition(
            18,
            imageTransfer,
            [
                .value(2) { .doubleLongUnsigned($0.options.imageBlockSize) },
                .value(3) { .bitString(BitString($0.state.image.blocks.map { $0 != nil })) },
                .value(4) { meter in
                    let blocks = meter.state.image.blocks
                    return .doubleLongUnsigned(UInt32(blocks.firstIndex { $0 == nil } ?? blocks.count))
                },
                .value(5) { .boolean($0.state.image.fault != .disabled) },
                .value(6) { .enumeration($0.state.image.status.rawValue) },
                .value(7) { .array(images($0.state.image)) },
            ],
            methods: [
                MethodDefinition(index: 1) { state, parameter, meter in
                    state.image.initiate(parameter, blockSize: meter.options.imageBlockSize)
                },
                MethodDefinition(index: 2) { state, parameter, meter in
                    state.image.receive(parameter, blockSize: meter.options.imageBlockSize)
                },
                MethodDefinition(index: 3) { state, _, _ in state.image.verify() },
                MethodDefinition(index: 4) { state, _, _ in state.image.activate() },
            ]
        ),
        ObjectDefinition(
            1,
            faults,
            [
                AttributeDefinition(
                    index: 2,
                    read: { .unsigned($0.state.image.fault.rawValue) },
                    write: { state, data, _ in
                        guard let code = data.integerValue else { return .typeUnmatched }
                        guard let fault = UInt8(exactly: code).flatMap({ ImageTransferState.Fault(rawValue: $0) })
                        else { return .otherReason }
                        state.image.fault = fault
                        return .success
                    }
                )
            ]
        ),
        .data(version) { meter in
            let active = meter.state.image.activeImage
            return .octetString(active.isEmpty ? Array("1.4.2".utf8) : active)
        },
    ]

    /// What could be put in force: a complete and good image.
    private static func images(_ state: ImageTransferState) -> [DLMSData] {
        guard state.status.rawValue >= ImageTransferState.Status.verificationSuccessful.rawValue,
            state.status != .verificationFailed
        else { return [] }
        return [.structure([.doubleLongUnsigned(state.size), .octetString(state.identifier), .octetString([])])]
    }
}
