// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import MeterTransport
import Synchronization
import Testing

@testable import MeterSimulator

@Suite struct ScenarioFleetTests {
    private static let serial = AttributeRequest(
        AttributeDescriptor(classID: 1, instanceID: OBISCode(0, 0, 96, 1, 0, 255), attributeID: 2)
    )

    private func fleet(_ text: String, _ observer: (@Sendable (ScenarioEvent) -> Void)? = nil) throws -> ScenarioFleet {
        ScenarioFleet(try Scenario(text: Array(text.utf8)), observer: observer)
    }

    private func serialNumber(at port: Int, _ network: MeterNetwork) async throws -> ServiceResponse {
        let (connection, _) = try await MeterConnection.open(
            to: TCPEndpoint(host: "127.0.0.1", port: port),
            settings: AssociationSettings(
                link: .wrapper(clientPort: 32, serverPort: 1),
                authentication: .low(Secret(text: "12345678"))
            ),
            connectTimeout: .seconds(5),
            network: network
        )
        let response = try await connection.perform(.get([Self.serial])).response
        await connection.release()
        return response
    }

    @Test func everyMeterOfAScenarioAnswersAsItself() async throws {
        let events = Mutex<[ScenarioEvent]>([])
        let fleet = try fleet(
            """
            {"name": "test", "lines": [
              {"listen": {"type": "tcp", "port": 0}, "count": 2, "faults": [{"fault": "duplicate", "after": 1}]},
              {"listen": {"type": "tcp", "port": 0}, "meters": [{"number": 40}]},
              {"listen": {"type": "tcp", "port": 0}}
            ]}
            """
        ) { event in events.withLock { $0.append(event) } }
        try await fleet.start()
        let network = MeterNetwork()
        let stations = await fleet.stations
        #expect(stations.map(\.number) == [0, 1, 40, 41])
        for station in stations {
            let serial = Array(station.meter.serialNumber.utf8)
            let port = try #require(station.port)
            #expect(try await serialNumber(at: port, network) == .get([.data(DLMSData.octetString(serial).octets)]))
            // Counted when the answer has left.
            while station.counters.served[.get] == nil { await Task.yield() }
            #expect(station.counters.served[.get] == 1)
        }
        await network.shutdown()
        await fleet.stop()
        #expect(stations.map(\.faults.happened.isEmpty) == [false, false, true, true])
        #expect(events.withLock { $0 }.contains { $0.meter == 1 && $0.event == .happened([.duplicate], to: .answers) })
    }

    @Test func equalLinesGetConsecutivePortsAndNumberedPaths() {
        #expect(Scenario.Place.tcp(host: "::1", port: 4059).numbered(2).description == "tcp [::1]:4061")
        #expect(Scenario.Place.tcp(host: "::1", port: 0).numbered(2) == .tcp(host: "::1", port: 0))
        #expect(Scenario.Place.pseudoterminal(path: "/tmp/line").numbered(0).description == "pseudoterminal /tmp/line")
        #expect(
            Scenario.Place.pseudoterminal(path: "/tmp/line").numbered(1).description == "pseudoterminal /tmp/line-2"
        )
    }

    @Test func anEventIsOneLine() {
        let event = ScenarioEvent(time: .milliseconds(12_345), line: "udp ::1", meter: 3, event: .received([1, 0xAB]))
        #expect(event.description == "12.345000 udp ::1 meter 3 < 01AB")
        let fault = MeterFaults.Event.happened([.loss, .cut], to: .answers)
        #expect(
            ScenarioEvent(time: .zero, line: "l", meter: 0, event: fault).description
                == "0.000000 l meter 0 fault loss, cut of answers"
        )
    }
}
