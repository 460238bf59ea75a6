// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing
import Timekeeping

@Suite("Stores of readouts")
struct ReadoutStoreTests {
    private static func register(_ text: String, device: String?, in stores: Stores) async throws -> MeterID {
        let id = try #require(MeterID(text))
        let endpoint = NetworkEndpoint(host: "192.0.2.1")
        let configuration = MeterConfiguration(
            channel: .inline(ChannelConfiguration(path: .tcp(endpoint))),
            framing: .iec62056Part21,
            address: MeterAddress(device: device)
        )
        _ = try await stores.fleet.putMeter(id, configuration, when: .ifAbsent)
        return id
    }

    private static func readout(_ origin: StoredReadout.Origin, at seconds: Int64) -> StoredReadout {
        StoredReadout(
            origin: origin,
            takenAt: Timestamp(seconds: seconds),
            receivedAt: Timestamp(seconds: seconds + 5),
            text: "/ISk5\r\n1.8.0(\(seconds)*kWh)\r\n!\r\n"
        )
    }

    @Test(arguments: Backend.allCases)
    func `The latest readout of each origin is kept`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("T1", device: nil, in: stores)
            #expect(try await stores.fleet.readouts(meter) == [])
            #expect(try await stores.fleet.keepReadout(Self.readout(.file, at: 200), of: meter))
            #expect(try await stores.fleet.keepReadout(Self.readout(.meter, at: 100), of: meter))
            #expect(try await stores.fleet.keepReadout(Self.readout(.file, at: 150), of: meter) == false)
            #expect(try await stores.fleet.keepReadout(Self.readout(.meter, at: 300), of: meter))
            #expect(
                try await stores.fleet.readouts(meter) == [
                    Self.readout(.file, at: 200), Self.readout(.meter, at: 300),
                ]
            )
        }
    }

    @Test(arguments: Backend.allCases)
    func `Readouts go with their meter`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("T1", device: nil, in: stores)
            _ = try await stores.fleet.keepReadout(Self.readout(.file, at: 200), of: meter)
            _ = try await stores.fleet.deleteMeter(meter, when: .unconditional)
            #expect(try await stores.fleet.readouts(meter) == [])
            await #expect(throws: StoreError.referenceUnknown("T1")) {
                _ = try await stores.fleet.keepReadout(Self.readout(.file, at: 200), of: meter)
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `A meter is found by its device address whatever zeros are in front`(backend: Backend) async throws {
        try await backend.run { stores in
            let first = try await Self.register("T1", device: "0012345678", in: stores)
            _ = try await Self.register("T2", device: "99912345678", in: stores)
            _ = try await Self.register("T3", device: nil, in: stores)
            let odd = try await Self.register("T4", device: "1_%", in: stores)
            #expect(try await stores.fleet.meters(withDevice: "12345678") == [first])
            #expect(try await stores.fleet.meters(withDevice: "00000012345678") == [first])
            #expect(try await stores.fleet.meters(withDevice: "1_%") == [odd])
            #expect(try await stores.fleet.meters(withDevice: "1234") == [])
        }
    }
}
