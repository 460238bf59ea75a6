// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import MeterSimulator
import MeterTransport
import Testing

@Suite struct FleetTests {
    private static let serial = AttributeRequest(
        AttributeDescriptor(classID: 1, instanceID: OBISCode(0, 0, 96, 1, 0, 255), attributeID: 2)
    )

    private func read(
        _ request: AttributeRequest,
        port: Int,
        client: UInt16,
        _ authentication: AssociationAuthentication,
        _ network: MeterNetwork
    ) async throws -> ServiceResponse {
        let (connection, _) = try await MeterConnection.open(
            to: TCPEndpoint(host: "127.0.0.1", port: port),
            settings: AssociationSettings(
                link: .wrapper(clientPort: client, serverPort: 1),
                authentication: authentication
            ),
            connectTimeout: .seconds(5),
            network: network
        )
        let answer = try await connection.perform(.get([request])).response
        await connection.release()
        return answer
    }

    @Test func everyMeterAnswersAtItsPort() async throws {
        let fleet = SimulatedFleet(count: 3, basePort: 0)
        try await fleet.start()
        let network = MeterNetwork()
        let password = AssociationAuthentication.low(Secret(text: "12345678"))
        for (number, port) in await fleet.ports.enumerated() {
            let expected = Array(fleet.meters[number].serialNumber.utf8)
            for (client, authentication) in [(UInt16(32), password), (1, password), (16, .none), (16, password)] {
                let answer = try await read(Self.serial, port: port, client: client, authentication, network)
                #expect(answer == .get([.data(DLMSData.octetString(expected).octets)]))
            }
            #expect(await fleet.counters(ofMeter: number)?.exchanges == 4)
        }
        let energy = AttributeRequest(
            AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, 1, 8, 0, 255), attributeID: 2)
        )
        let port = await fleet.ports[0]
        #expect(try await read(energy, port: port, client: 16, .none, network) == .get([.failure(.objectUndefined)]))
        guard case .get(let values) = try await read(energy, port: port, client: 16, password, network),
            case .data? = values.first
        else { throw Surprise("the password does not make a reader of the public client") }
        await #expect(throws: TransportError.self) {
            try await read(Self.serial, port: port, client: 32, .low(Secret(text: "wrong")), network)
        }
        await network.shutdown()
        await fleet.stop()
    }

    @Test func aPortInUseFailsTheStart() async throws {
        let first = SimulatedFleet(count: 1, basePort: 0)
        try await first.start()
        let taken = await first.ports[0]
        let second = SimulatedFleet(count: 1, basePort: taken)
        await #expect(throws: TransportError.self) { try await second.start() }
        await first.stop()
    }
}
