// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Synchronization
import Testing

@testable import MeterSimulator

/// A meter that is asked without any network, with a clock that is set by hand.
final class MeterAtHand: Sendable {
    /// 2026-11-22T08:15:00Z, a Sunday.
    static let start: Int64 = 1_795_335_300

    let meter: SimulatedMeter
    private let clock: HandClock

    init(number: Int = 0, configure: (inout SimulatedFleet.Options) -> Void = { _ in }) {
        let clock = HandClock(time: Self.start)
        var options = SimulatedFleet.Options()
        options.now = { clock.time.load(ordering: .relaxed) }
        configure(&options)
        meter = SimulatedMeter(number: number, options: options)
        self.clock = clock
    }

    func advance(_ seconds: Int64) {
        clock.time.add(seconds, ordering: .relaxed)
    }

    static func client(_ sap: UInt16, isAuthenticated: Bool = true) -> ServedClient {
        ServedClient(
            address: ClientAddress(clientSAP: sap, serverSAP: 1),
            isAuthenticated: isAuthenticated,
            conformance: AssociationSettings.standardConformance
        )
    }

    static let publicClient = client(16, isAuthenticated: false)
    static let reader = client(32)
    static let manager = client(1)

    func get(
        _ classID: UInt16,
        _ name: OBISCode,
        _ index: Int8,
        selection: SelectiveAccess? = nil,
        as client: ServedClient = reader
    ) -> GetResult {
        let descriptor = AttributeDescriptor(classID: classID, instanceID: name, attributeID: index)
        return meter.get(AttributeRequest(descriptor, selectiveAccess: selection), for: client)
    }

    func value(_ classID: UInt16, _ name: OBISCode, _ index: Int8, as client: ServedClient = reader) throws -> DLMSData
    {
        try #require(try get(classID, name, index, as: client).value())
    }

    func number(_ name: OBISCode, _ index: Int8 = 2, classID: UInt16 = 3) throws -> Int64 {
        try #require(try value(classID, name, index).integerValue)
    }

    func set(
        _ classID: UInt16,
        _ name: OBISCode,
        _ index: Int8,
        _ data: DLMSData,
        as client: ServedClient = manager
    ) -> DataAccessResult {
        let descriptor = AttributeDescriptor(classID: classID, instanceID: name, attributeID: index)
        return meter.set(AttributeRequest(descriptor), to: data, for: client)
    }

    func invoke(
        _ classID: UInt16,
        _ name: OBISCode,
        _ index: Int8,
        _ parameter: DLMSData = .integer(0),
        as client: ServedClient = manager
    ) -> ActionResult {
        let method = MethodDescriptor(classID: classID, instanceID: name, methodID: index)
        return meter.invoke(method, parameter: parameter, for: client).result
    }

    /// The rows of a profile, decoded as the gateway does.
    func rows(_ name: OBISCode, selection: SelectiveAccess? = nil) throws -> ProfileRows {
        let captures = try #require(CaptureObject.list(try value(7, name, 3)))
        guard case .data(let octets) = get(7, name, 2, selection: selection) else {
            throw ProfileError.notABuffer(tag: 0)
        }
        let period = try #require(try value(7, name, 4).integerValue)
        var decoder = ProfileRowDecoder(
            layout: ProfileLayout(captureObjects: captures),
            options: ProfileDecodingOptions(capturePeriod: UInt32(period))
        )
        try decoder.feed(octets)
        try decoder.finish()
        return decoder.takeRows()
    }
}

/// A time that tests move.
private final class HandClock: Sendable {
    let time: Atomic<Int64>

    init(time: Int64) { self.time = Atomic(time) }
}

/// An answer of another kind than the test is about.
struct Surprise: Error {
    let words: String

    init(_ words: String) { self.words = words }
}
