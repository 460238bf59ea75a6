// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import Fleet
import GatewayAPI
import GatewayCore
import HTTPKit
import JSONText
import Jobs
import Logging
import MeterSessions
import MeterTransport
import SQLStore
import SQLiteDriver
import Synchronization
import Testing
import Timekeeping

/// A time of day that a test moves by hand.
final class HandClock: WallClock {
    private let moment = Mutex(Timestamp(seconds: SampleMeter.firstRow + 900 * 150))

    func now() -> Timestamp { moment.withLock { $0 } }

    func set(_ timestamp: Timestamp) {
        moment.withLock { $0 = timestamp }
    }

    func advance(by duration: Duration) {
        moment.withLock { $0 = $0 + duration }
    }

    func sleep(until deadline: Timestamp) async throws {
        while now() < deadline { try await Task.sleep(for: .milliseconds(5)) }
    }
}

/// The API without a socket, over a real store, a real connection manager and a meter in this process.
struct APIBench: Sendable {
    let meter = SampleMeter()
    let clock = HandClock()
    let network = MeterNetwork()
    let listener: MeterListener
    let sessions: MeterSessions
    let gateway: Gateway
    let api: GatewayAPI
    let responder: HTTPEdge
    let queue: JobQueue
    let store: SQLFleetStore
    let database: HeldDatabase
    private let sealer: SecretSealer

    private init(
        _ makeObjects: ((HandClock) -> any ObjectServer)?,
        _ framing: ServerFraming,
        _ storedRowsAreFinal: Bool,
        _ orders: OrderSettings,
        _ courier: (any WebhookCourier)?
    ) async throws {
        var options = MeterListener.Options()
        options.framing = framing
        listener = try await MeterListener.bind(
            objects: makeObjects?(clock) ?? meter,
            options: options,
            network: network
        )
        database = HeldDatabase(try SQLiteDatabase.inMemory())
        _ = try await Migrator.migrate(database, now: clock.now())
        let custodian = CounterCustodian(
            store: SQLInvocationCounterStore(database: database, clock: clock),
            clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        sessions = MeterSessions(network: network, custody: custodian)
        sealer = try SecretSealer(key: Secret([UInt8](repeating: 7, count: 32)))
        store = SQLFleetStore(database: database, sealer: sealer, clock: clock)
        queue = JobQueue(store: SQLJobStore(database: database), clock: clock)
        gateway = Gateway(
            store: store,
            jobs: queue,
            access: sessions,
            custodian: custodian,
            courier: courier,
            settings: .init(storedRowsAreFinal: storedRowsAreFinal, orders: orders),
            clock: clock
        )
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        api = GatewayAPI(gateway: gateway, logger: logger)
        responder = api.makeResponder()
    }

    /// Runs a test body with the meter registered as M1, and takes everything down after it.
    ///
    /// - Parameters:
    ///   - serving: makes the meter that is served; a ``SampleMeter`` unless said otherwise.
    ///   - framing: what it speaks.
    ///   - storedRowsAreFinal: whether rows that are all stored are told again without the meter.
    ///   - orders: what keeps orders in bounds.
    ///   - courier: the way out to webhooks.
    static func run(
        serving makeObjects: ((HandClock) -> any ObjectServer)? = nil,
        framing: ServerFraming = .wrapper,
        storedRowsAreFinal: Bool = false,
        orders: OrderSettings = OrderSettings(),
        courier: (any WebhookCourier)? = nil,
        _ body: (APIBench) async throws -> Void
    ) async throws {
        let bench = try await APIBench(makeObjects, framing, storedRowsAreFinal, orders, courier)
        let made = try await bench.send(.put, "/meters/M1", bench.configuration())
        #expect(made.status == 201)
        try await body(bench)
        bench.listener.setAnswering(.prompt)
        await bench.sessions.shutdown()
        await bench.listener.close()
        await bench.network.shutdown()
    }

    /// Another gateway with the same meters, over its own way to the database.
    func anotherGateway(over database: any SQLDatabase) -> Gateway {
        Gateway(
            store: SQLFleetStore(database: database, sealer: sealer, clock: clock),
            jobs: JobQueue(store: SQLJobStore(database: database), clock: clock),
            access: sessions,
            clock: clock
        )
    }

    /// The body that registers the meter.
    func configuration(port: Int? = nil, password: String = "12345678", response: String = "PT10S") -> String {
        """
        {"name":"Flat 12","labels":{"region":"north"},"timeZone":"Europe/Bratislava",
         "channel":{"type":"tcp","host":"127.0.0.1","port":\(port ?? listener.port)},
         "associations":{"reader":{"clientAddress":32,"authentication":{"mechanism":"low","secret":{"text":"\(password)"}}},
                         "manager":{"clientAddress":1,"authentication":{"mechanism":"low","secret":{"text":"\(password)"}}}},
         "timeouts":{"connect":"PT5S","response":"\(response)"}}
        """
    }

    /// One answer, its body complete.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        /// The body as JSON; null if it is none.
        var json: JSONValue { (try? JSONReader.parse(body, limits: JSONLimits(octets: 1 << 24))) ?? .null }
        /// The last part of the problem's type.
        var problem: String? { json["type"]?.string?.split(separator: "/").last.map(String.init) }
    }

    func send(
        _ method: HTTPMethod,
        _ target: String,
        _ body: String = "",
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(method, target, octets: Array(body.utf8), headers: headers)
    }

    func send(
        _ method: HTTPMethod,
        _ target: String,
        octets body: [UInt8],
        headers: [String: String] = [:]
    ) async throws -> Answer {
        // A test that asks again and again ends with its time.
        try Task.checkCancellation()
        var fields = HTTPHeaders(headers.map { .init(name: $0.key, value: $0.value) })
        if !body.isEmpty, fields["Content-Type"] == nil { fields.add("Content-Type", "application/json") }
        let request = HTTPRequest(method: method, rawTarget: target, headers: fields, body: body)
        let atHand = responder.answerAtHand(for: request)
        let response = if let atHand { atHand } else { await responder.respond(to: request) }
        let octets: [UInt8]
        switch response.body {
        case .octets(let complete): octets = complete
        case .stream(let stream):
            let collector = BodyCollector()
            try await stream.produce(collector)
            octets = collector.octets
        case .problem: octets = []
        }
        return Answer(status: response.status, headers: response.headers, body: octets)
    }

    /// Runs a job runner beside a test body.
    func working(_ body: () async throws -> Void) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let runner = JobRunner(
            queue: queue,
            handlers: api.jobHandlers,
            settings: .init(holder: "test"),
            logger: logger
        )
        let work = Task { try await runner.run() }
        defer { work.cancel() }
        try await body()
        work.cancel()
        _ = try? await work.value
    }

    /// The execution of the job for one target at a path, once the job is over; pauses go by the clock of the test.
    func finishedExecution(of path: String) async throws -> JSONValue {
        while try await get(path).json["finishedAt"]?.string == nil {
            // What runs needs time of the machine, what waits time of the clock.
            let state = try await get(path + "/executions").json["items"]?[0]?["state"]?.string
            clock.advance(by: state == "running" ? .milliseconds(10) : .seconds(1))
            try await Task.sleep(for: .milliseconds(2))
        }
        return try await get(path + "/executions").json["items"]?[0] ?? .null
    }

    func get(_ target: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send(.get, target, headers: headers)
    }
}

/// Takes a streamed body.
private final class BodyCollector: HTTPBodyWriter {
    private let collected = Mutex<[UInt8]>([])

    var octets: [UInt8] { collected.withLock { $0 } }

    func write(_ octets: [UInt8]) async throws(HTTPStreamClosed) {
        collected.withLock { $0 += octets }
    }
}
