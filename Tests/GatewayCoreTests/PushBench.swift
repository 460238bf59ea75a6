// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Fleet
import Foundation
import JSONText
import Jobs
import Logging
import MeterSessions
import SQLStore
import SQLiteDriver
import Synchronization
import Testing
import Timekeeping

@testable import GatewayCore
@testable import MeterTransport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A gateway that takes pushes, over a store in memory.
struct PushBench: Sendable {
    let database: SQLiteDatabase
    let store: SQLFleetStore
    let gateway: Gateway
    let intake: PushIntake
    let receiver: PushReceiver
    let network: MeterNetwork
    let listener: PushListener

    /// Runs a test body, and takes everything down after it.
    static func run(_ policy: PushPolicy = PushPolicy(), _ body: (PushBench) async throws -> Void) async throws {
        let clock = PushClock()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: clock.now())
        let sealer = try SecretSealer(key: Secret([UInt8](repeating: 7, count: 32)))
        let store = SQLFleetStore(database: database, sealer: sealer, clock: clock)
        let custodian = CounterCustodian(
            store: SQLInvocationCounterStore(database: database, clock: clock),
            clock: clock,
            logger: logger
        )
        let network = MeterNetwork()
        let sessions = MeterSessions(network: network, custody: custodian)
        let intake = PushIntake(settings: PushSettings(host: "127.0.0.1", port: 0), logger: logger)
        let gateway = Gateway(
            store: store,
            jobs: JobQueue(store: SQLJobStore(database: database), clock: clock),
            access: sessions,
            custodian: custodian,
            pushIntake: intake,
            settings: .init(systemTitle: SystemTitle(Array("COSEMGW1".utf8))),
            clock: clock
        )
        var policy = policy
        policy.learns = false
        let receiver = PushReceiver(gateway: gateway, policy: policy, logger: logger)
        let bench = PushBench(
            database: database,
            store: store,
            gateway: gateway,
            intake: intake,
            receiver: receiver,
            network: network,
            listener: try await PushListener.bind(intake, network: network)
        )
        let taking = Task { await receiver.run() }
        do {
            try await body(bench)
        } catch {
            Issue.record(error)
        }
        intake.close()
        await taking.value
        await bench.listener.close()
        await sessions.shutdown()
        await network.shutdown()
    }

    /// Registers a meter at an address, with other members as given.
    func register(_ id: String, at host: String = "192.0.2.1", _ members: String = "") async throws -> MeterID {
        let meter = try #require(MeterID(id))
        let text = #"{"channel":{"type":"tcp","host":"\#(host)"}\#(members.isEmpty ? "" : "," + members)}"#
        let configuration = try MeterConfiguration(
            try JSONReader.parse(Array(text.utf8)),
            secrets: .clear(keeping: [:])
        )
        _ = try await store.putMeter(meter, configuration, when: .ifAbsent)
        gateway.directory.forget(meter)
        return meter
    }

    /// Keys in the form of the configuration.
    static func security(_ key: String, _ authentication: String) -> String {
        #"""
        "associations":{"reader":{"clientAddress":1,"authentication":{"mechanism":"none"},
        "security":{"blockCipherKey":{"hex":"\#(key)"},"authenticationKey":{"hex":"\#(authentication)"}}}}
        """#
    }

    /// Hands an APDU to the intake as if it had come from an address; gives what is answered.
    func push(_ apdu: [UInt8], from address: String = "192.0.2.1") -> AsyncStream<[UInt8]> {
        let (answers, sink) = AsyncStream<[UInt8]>.makeStream()
        let now = ContinuousClock.Instant.now
        let message = PushedMessage(apdu: apdu, route: .wrapper(source: 1, destination: 102))
        let arrival = PushArrival(address: address, transport: .udp, message: message, receivedAt: now) { apdu, _ in
            sink.yield(apdu)
        }
        #expect(intake.admits(apdu, from: address, now: now))
        intake.tookDatagram(apdu, [arrival], [], from: address, now: now)
        return answers
    }

    /// The first refusal of messages of an address.
    func refusal(of address: String = "192.0.2.1") async -> String? {
        while true {
            if let status = intake.senders.first(where: { $0.address == address }) {
                if let refusal = status.refusals.keys.first { return refusal }
                if !status.meters.isEmpty { return nil }
            }
            await Task.yield()
        }
    }

    /// What is kept of a meter, once there is anything.
    func readings(of meter: MeterID, atLeast count: Int = 1) async throws -> [StoredReading] {
        for _ in 0..<200_000 {
            let series = try await store.readingSeries(of: meter)
            if series.count >= count {
                return try await store.latestReadings(of: meter, series: series)
            }
            await Task.yield()
        }
        return []
    }
}

/// A time of day that does not pass.
final class PushClock: WallClock {
    func now() -> Timestamp { Timestamp(seconds: 1_800_000_000) }

    func sleep(until deadline: Timestamp) async throws {}
}

/// A socket of a meter that pushes.
final class PushSocket {
    private let descriptor: Int32

    init(port: Int, isDatagram: Bool) throws {
        #if canImport(Glibc)
        let kind = Int32((isDatagram ? SOCK_DGRAM : SOCK_STREAM).rawValue)
        #else
        let kind = isDatagram ? SOCK_DGRAM : SOCK_STREAM
        #endif
        descriptor = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(descriptor >= 0 && result == 0)
    }

    deinit { close(descriptor) }

    func write(_ octets: [UInt8]) { #expect(Glibc.send(descriptor, octets, octets.count, 0) == octets.count) }

    func read() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(count, 0)))
    }
}

/// A notification of a real meter.
struct PushCapture: Decodable, Sendable {
    struct Parameters: Decodable, Sendable {
        var frames: Int?
        var apdu: String?
        var plaintext: String?
        var encryption_key: String?
        var authentication_key: String?
        var system_title: String?
    }
    var name: String
    var hex: String
    var params: Parameters?

    /// All there are; the tests of the codec have them, too.
    static func all() throws -> [PushCapture] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("DLMSCodecTests/Vectors/push-capture.json")
        return try JSONDecoder().decode([PushCapture].self, from: Data(contentsOf: file))
    }

    /// The APDU as it was framed.
    var apdu: [UInt8] { Hexadecimal.octets(of: params?.apdu ?? hex) ?? [] }
    /// The notification in clear.
    var notification: DataNotification? {
        Hexadecimal.octets(of: params?.plaintext ?? params?.apdu ?? hex).flatMap { try? DataNotification(octets: $0) }
    }
}
