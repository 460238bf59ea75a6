// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Testing

@testable import MeterTransport

@Suite("Lines of modems")
struct ModemLineTests {
    let network = MeterNetwork()

    private func settings(_ number: String, busyRetries: Int = 0) -> ModemSettings {
        ModemSettings(
            dial: "ATDT\(number)",
            commandTimeout: .seconds(5),
            busyRetries: busyRetries,
            busyPause: .milliseconds(1),
            guardTime: .milliseconds(1)
        )
    }

    /// A modem with a meter behind it, on a port of its own.
    private func start(_ numbers: [String: SimulatedModem.Number]) async throws -> (SimulatedModem, MeterListener) {
        let modem = SimulatedModem(numbers)
        var options = MeterListener.Options()
        options.modem = modem
        return (modem, try await MeterListener.bind(objects: OneValueMeter(), options: options, network: network))
    }

    private func medium(_ modem: MeterListener, _ number: String, busyRetries: Int = 0) -> MeterMedium {
        .modem(
            .tcp(TCPEndpoint(host: "127.0.0.1", port: modem.port)),
            settings(number, busyRetries: busyRetries)
        )
    }

    private func open(_ medium: MeterMedium, _ tap: LineRecorder? = nil) async throws(TransportError) -> MeterLine {
        try await MeterLine.open(medium, timeout: .seconds(10), network: network, tap: tap)
    }

    @Test("A call is made, used for one meter after the other, and ended")
    func called() async throws {
        let (modem, listener) = try await start(["1": .answers])
        let tap = LineRecorder()
        let line = try await open(medium(listener, "1"), tap)
        for _ in 0..<2 {
            let (connection, _) = try await MeterConnection.open(on: line, settings: .public)
            #expect(try await connection.perform(.get([.energy])).response == .get([.data(OneValueMeter.value)]))
            await connection.release(keepingLine: true)
        }
        #expect(line.isOpen)
        await line.close()
        #expect(!line.isOpen)
        #expect(modem.commands == ["ATZ", "ATE0Q0V1", "ATDT1", "+++", "ATH"])
        let dialogue = tap.events.compactMap { if case .sent(let octets) = $0 { octets } else { nil } }
        #expect(dialogue.first == Array("ATZ\r".utf8))
        #expect(dialogue.last == Array("ATH\r".utf8))
        await listener.close()
        await network.shutdown()
    }

    @Test("Each fault says who failed, and leaves the modem free")
    func faults() async throws {
        let (_, listener) = try await start(
            [
                "2": .says(["BUSY"]), "3": .says(["NO CARRIER"]), "4": .says(["NO ANSWER"]),
                "5": .says(["BUSY", "BUSY", "CONNECT"]),
            ]
        )
        for (number, fault) in [
            ("2", ModemFault.busy(attempts: 1)), ("3", .noCarrier), ("4", .noAnswer), ("9", .commandRefused("ATDT9")),
        ] {
            await #expect(throws: TransportError(.modem(fault))) { _ = try await open(medium(listener, number)) }
        }
        let line = try await open(medium(listener, "5", busyRetries: 2))
        #expect(line.isOpen)
        await line.close()
        await listener.close()
        await network.shutdown()
    }

    @Test("A modem has one call at a time, and the next waits until it is ended")
    func oneCall() async throws {
        let (modem, listener) = try await start(["1": .answers])
        let first = try await open(medium(listener, "1"))
        let second = Task { try await open(medium(listener, "1")) }
        let third = Task { try await open(medium(listener, "1")) }
        third.cancel()
        await #expect(throws: TransportError(.cancelled)) { _ = try await third.value }
        #expect(modem.commands.count { $0 == "ATDT1" } == 1)
        await first.close()
        let line = try await second.value
        #expect(modem.commands.count { $0 == "ATDT1" } == 2)
        #expect(modem.commands.firstIndex(of: "ATH").map { $0 < 6 } == true)
        await line.close()
        await listener.close()
        await network.shutdown()
    }

    @Test("A lost call ends the connection, and says so")
    func lost() async throws {
        let (modem, listener) = try await start(["1": .answers])
        let line = try await open(medium(listener, "1"))
        let (ended, onClose) = AsyncStream.makeStream(of: Void.self)
        let (connection, _) = try await MeterConnection.open(
            on: line,
            settings: .public,
            onClose: { onClose.finish() }
        )
        modem.loseCarrier()
        for await _ in ended {}
        #expect(!connection.isOpen)
        #expect(!modem.commands.contains("+++"))
        await listener.close()
        await network.shutdown()
    }

    @Test("Dialling stops when nobody wants the call any more")
    func cancelled() async throws {
        let (modem, listener) = try await start(["6": .says([])])
        let task = Task { try await open(medium(listener, "6")) }
        while !modem.commands.contains("ATDT6") { await Task.yield() }
        task.cancel()
        await #expect(throws: TransportError(.cancelled)) { _ = try await task.value }
        await listener.close()
        await network.shutdown()
    }
}
