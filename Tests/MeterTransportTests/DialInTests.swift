// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MeterTransport

@Suite("Meters that dial in")
struct DialInTests {
    let network = MeterNetwork()

    private func bind(
        _ ways: [DialInSettings.Identification] = [.address, .firstLine],
        _ change: (inout DialInSettings) -> Void = { _ in }
    ) async throws -> DialInListener {
        var settings = DialInSettings(
            host: "127.0.0.1",
            port: 0,
            identification: ways,
            firstLine: try OctetPattern("IMEI={}")
        )
        change(&settings)
        return try await DialInListener.bind(settings, network: network, logger: Logger(label: "test"))
    }

    private func dial(_ listener: DialInListener, _ greeting: String = "") async throws -> DiallingMeter {
        try await DiallingMeter.dial(
            to: TCPEndpoint(host: "127.0.0.1", port: listener.port),
            greeting: Array(greeting.utf8),
            objects: OneValueMeter(),
            network: network
        )
    }

    private func read(_ identity: String, _ timeout: Duration = .seconds(60)) async throws -> ServiceResponse {
        let (connection, _) = try await MeterConnection.open(
            to: .standing(identity: identity),
            settings: .public,
            connectTimeout: timeout,
            network: network
        )
        let answer = try await connection.perform(.get([.energy]))
        await connection.release()
        return answer.response
    }

    private func end(_ listener: DialInListener) async {
        await listener.close()
        await network.shutdown()
    }

    @Test("A meter is known by its first line, and read over its connection as often as one likes")
    func firstLine() async throws {
        let listener = try await bind()
        let meter = try await dial(listener, "IMEI=867530901234567\r\n")
        for _ in 0..<3 {
            #expect(try await read("867530901234567") == .get([.data(OneValueMeter.value)]))
        }
        #expect(meter.counters.served == [.associate: 3, .get: 3, .release: 3])
        #expect(network.standing.status(of: "867530901234567").isConnected)
        #expect(network.standing.counters.accepted == 1)
        await end(listener)
    }

    @Test("A request waits for its meter to dial in")
    func awaited() async throws {
        let listener = try await bind()
        async let answer = read("1234")
        let meter = try await dial(listener, "IMEI=1234\r")
        #expect(try await answer == .get([.data(OneValueMeter.value)]))
        await meter.close()
        await end(listener)
    }

    @Test("A meter that does not dial in in time is told from one that does not answer")
    func absent() async throws {
        await #expect(throws: TransportError(.notDialledIn(lastSeen: nil))) {
            _ = try await read("1234", .milliseconds(20))
        }
        await network.shutdown()
    }

    @Test("A caller who leaves stops waiting for a meter")
    func cancelled() async throws {
        let task = Task { try await read("1234", .seconds(3600)) }
        task.cancel()
        await #expect(throws: TransportError(.cancelled)) { _ = try await task.value }
        await network.shutdown()
    }

    @Test("A meter is known by its address, without a word of its own")
    func address() async throws {
        let listener = try await bind([.address])
        network.standing.expect("127.0.0.1")
        let meter = try await dial(listener)
        #expect(try await read("127.0.0.1") == .get([.data(OneValueMeter.value)]))
        await meter.close()
        await end(listener)
    }

    @Test("A meter is asked for its logical device name")
    func asked() async throws {
        let listener = try await bind([.asking(.wrapper(clientPort: 16, serverPort: 1))])
        let name: [UInt8] = [0x09, 4] + Array("XYZ1".utf8)
        let meter = try await DiallingMeter.dial(
            to: TCPEndpoint(host: "127.0.0.1", port: listener.port),
            objects: OneValueMeter(name),
            network: network
        )
        #expect(try await read("xyz1") == .get([.data(name)]))
        #expect(meter.counters.served == [.associate: 2, .get: 2, .release: 2])
        await end(listener)
    }

    @Test(
        "A caller that is asked and drips octets of a frame that does not end is closed in time",
        .timeLimit(.minutes(5))
    )
    func dripping() async throws {
        let listener = try await bind([.asking(.wrapper(clientPort: 16, serverPort: 1))]) {
            $0.identificationTimeout = .milliseconds(100)
        }
        let caller = try await ClientBootstrap(group: network.group).connect(host: "127.0.0.1", port: listener.port)
            .get()
        let begin: [UInt8] = [0, 1, 0, 1, 0, 16, 0xFF, 0xFF]
        try await caller.writeAndFlush(ByteBuffer(bytes: begin)).get()
        let drip = caller.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(10)) { _ in
            caller.writeAndFlush(ByteBuffer(bytes: [0]), promise: nil)
        }
        try await caller.closeFuture.get()
        drip.cancel()
        #expect(network.standing.counters.refused == [.silent: 1])
        await end(listener)
    }

    @Test("A second connection of the same meter replaces the first")
    func replaced() async throws {
        let listener = try await bind()
        network.standing.expect("1234")
        let first = try await dial(listener, "IMEI=1234\r\n")
        _ = try await read("1234")
        let second = try await dial(listener, "IMEI=1234\r\n")
        await first.ended()
        #expect(try await read("1234") == .get([.data(OneValueMeter.value)]))
        #expect(second.counters.exchanges == 1)
        #expect(network.standing.counters.replaced == 1)
        #expect(network.standing.counters.connected == 1)
        await end(listener)
    }

    @Test("A caller without a meter is listed, and becomes a meter when one is configured")
    func unknown() async throws {
        let listener = try await bind()
        let meter = try await dial(listener, "IMEI=77\r\n")
        try await until { network.standing.unknownCallers.count == 1 }
        let caller = try #require(network.standing.unknownCallers.first)
        #expect(caller.address == "127.0.0.1")
        #expect(caller.firstLine == "IMEI=77..")
        #expect(caller.names == ["127.0.0.1", "77"])
        network.standing.expect("77")
        #expect(network.standing.unknownCallers.isEmpty)
        #expect(try await read("77") == .get([.data(OneValueMeter.value)]))
        network.standing.forget("77")
        await meter.ended()
        await end(listener)
    }

    @Test("Callers without a meter are kept for a while, and only some of them")
    func unknownLimits() async throws {
        let listener = try await bind { $0.mostUnknown = 1 }
        let first = try await dial(listener, "IMEI=1\r\n")
        try await until { network.standing.unknownCallers.count == 1 }
        _ = try await dial(listener, "IMEI=2\r\n")
        await first.ended()
        #expect(network.standing.unknownCallers.map(\.names.last) == ["2"])
        #expect(network.standing.counters.refused == [.unknown: 1])
        await end(listener)

        let other = MeterNetwork()
        var settings = DialInSettings(
            host: "127.0.0.1",
            port: 0,
            identification: [.address],
            firstLine: try OctetPattern("{}")
        )
        settings.unknownTime = .milliseconds(20)
        let brief = try await DialInListener.bind(settings, network: other, logger: Logger(label: "test"))
        let caller = try await DiallingMeter.dial(
            to: TCPEndpoint(host: "127.0.0.1", port: brief.port),
            objects: OneValueMeter(),
            network: other
        )
        await caller.ended()
        #expect(other.standing.unknownCallers.isEmpty)
        await brief.close()
        await other.shutdown()
    }

    @Test("A caller that sends something else, or nothing, is closed")
    func refused() async throws {
        let listener = try await bind([.firstLine])
        let browser = try await dial(listener, "GET / HTTP/1.1\r\n")
        await browser.ended()
        #expect(network.standing.counters.refused == [.garbage: 1])
        await listener.close()
        let impatient = try await bind([.firstLine]) { $0.identificationTimeout = .milliseconds(20) }
        let scanner = try await dial(impatient)
        await scanner.ended()
        #expect(network.standing.counters.refused == [.garbage: 1, .silent: 1])
        #expect(network.standing.counters.identifying == 0)
        await impatient.close()
        await end(listener)
    }

    @Test("More callers than allowed are closed at once")
    func tooMany() async throws {
        let listener = try await bind { $0.mostCallers = 0 }
        let caller = try await dial(listener, "IMEI=1\r\n")
        await caller.ended()
        #expect(network.standing.counters.refused == [.tooMany: 1])
        await end(listener)
    }

    @Test("A first line may end after so many octets, or when nothing more comes")
    func lineEnds() async throws {
        let listener = try await bind { $0.firstLineOctets = 7 }
        _ = try await dial(listener, "IMEI=42HB")
        #expect(try await read("42") == .get([.data(OneValueMeter.value)]))
        await listener.close()
        let patient = try await bind { $0.identificationTimeout = .seconds(5) }
        _ = try await dial(patient, "IMEI=43")
        #expect(try await read("43") == .get([.data(OneValueMeter.value)]))
        await end(patient)
    }

    @Test("Heartbeats between frames do not disturb an exchange")
    func heartbeats() async throws {
        let listener = try await bind { $0.heartbeats = (try? [OctetPattern("HB*;")]) ?? [] }
        let meter = try await dial(listener, "IMEI=5\r\n")
        let (connection, _) = try await MeterConnection.open(
            to: .standing(identity: "5"),
            settings: .public,
            connectTimeout: .seconds(60),
            network: network
        )
        for count in 0..<3 {
            meter.send(Array("HB\(count);".utf8))
            let answer = try await connection.perform(.get([.energy]))
            #expect(answer.response == .get([.data(OneValueMeter.value)]))
        }
        await connection.release()
        await end(listener)
    }

    @Test("Who has the connection of a meter that leaves comes to know it")
    func lost() async throws {
        let listener = try await bind()
        let meter = try await dial(listener, "IMEI=6\r\n")
        let (ended, onClose) = AsyncStream.makeStream(of: Void.self)
        let (connection, _) = try await MeterConnection.open(
            to: .standing(identity: "6"),
            settings: .public,
            connectTimeout: .seconds(60),
            network: network,
            onClose: { onClose.finish() }
        )
        await meter.close()
        for await _ in ended {}
        #expect(!connection.isOpen)
        try await until { !network.standing.status(of: "6").isConnected }
        #expect(network.standing.status(of: "6").lastSeen != nil)
        await end(listener)
    }

    @Test("A thousand callers at once are all told apart")
    func crowd() async throws {
        let listener = try await bind()
        for number in 0..<1000 { network.standing.expect("\(number)") }
        let meters = try await withThrowingTaskGroup(of: DiallingMeter.self) { group in
            for number in 0..<1000 {
                group.addTask { try await dial(listener, "IMEI=\(number)\r\n") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(meters.count == 1000)
        for number in [0, 500, 999] { _ = try await read("\(number)") }
        try await until { network.standing.counters.connected == 1000 }
        #expect(network.standing.counters.identifying == 0)
        await end(listener)
    }

    /// Waits for what the event loop is about to do.
    private func until(_ condition: () -> Bool) async throws {
        while !condition() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
