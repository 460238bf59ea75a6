// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@testable import MeterSimulator

@Suite("Attribute 0 and pushes of simulated meters")
struct AllAttributesTests {
    private static func client(_ sap: UInt16) -> ServedClient {
        ServedClient(
            address: ClientAddress(clientSAP: sap, serverSAP: 1),
            isAuthenticated: true,
            conformance: AssociationSettings.fullConformance
        )
    }

    private static let scratch = OBISCode(0, 0, 96, 50, 0, 255)

    @Test("Attribute 0 is a structure of all attributes, for who agreed to it")
    func reading() throws {
        let meter = MeterAtHand()
        #expect(meter.get(1, Self.scratch, 0) == .failure(.objectUndefined))
        let all = try meter.value(1, Self.scratch, 0, as: Self.client(32))
        #expect(all == .structure([.octetString(Self.scratch.octets), .doubleLong(-42)]))
    }

    @Test("Attribute 0 writes what is not null, and stops at what may not be written")
    func writing() throws {
        let meter = MeterAtHand()
        let name = DLMSData.octetString(Self.scratch.octets)
        let manager = Self.client(1)
        #expect(meter.set(1, Self.scratch, 0, .structure([name, .doubleLong(7)]), as: manager) == .success)
        #expect(try meter.value(1, Self.scratch, 2) == .doubleLong(7))
        #expect(meter.set(1, Self.scratch, 0, .structure([.nullData, .doubleLong(8)]), as: manager) == .success)
        #expect(try meter.value(1, Self.scratch, 2) == .doubleLong(8))
        #expect(meter.set(1, Self.scratch, 0, .structure([.octetString([1])]), as: manager) == .readWriteDenied)
        #expect(meter.set(1, Self.scratch, 0, .doubleLong(1), as: manager) == .typeUnmatched)
    }

    @Test("A push set-up that is told to push sends its objects to who told it, once")
    func pushing() throws {
        let meter = MeterAtHand()
        let manager = Self.client(1)
        #expect(meter.meter.takeNotifications(for: manager).isEmpty)
        #expect(meter.invoke(40, PushObjects.onInterval, 1, as: manager) == .success)
        #expect(meter.meter.takeNotifications(for: Self.client(32)).isEmpty)
        let messages = meter.meter.takeNotifications(for: manager)
        guard case .dataNotification(let notification)? = messages.first, messages.count == 1,
            case .structure(let values) = notification.body
        else {
            Issue.record("not one notification: \(messages)")
            return
        }
        #expect(values.count == 2)
        #expect(!values.contains(.nullData))
        #expect(notification.time != nil)
        #expect(meter.meter.takeNotifications(for: manager).isEmpty)
    }
}
