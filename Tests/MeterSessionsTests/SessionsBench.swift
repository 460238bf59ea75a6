// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import MeterSessions
import MeterTransport
import Synchronization
import Testing

/// A meter on a port of this process with a manager that talks to it, and a clock that both see as standing still.
struct SessionsBench: Sendable {
    let network = MeterNetwork()
    let clock = ManualClock()
    let meter = LoggingMeter()
    let listener: MeterListener
    let sessions: MeterSessions

    init(
        options: MeterSessions.Options = .init(),
        listener listenerOptions: MeterListener.Options = .init(),
        chance: @escaping @Sendable () -> Double = { 0.5 }
    ) async throws {
        listener = try await MeterListener.bind(objects: meter, options: listenerOptions, network: network)
        sessions = MeterSessions(network: network, options: options, clock: clock.sessionClock, chance: chance)
    }

    /// Runs a test body and takes everything down after it.
    static func run(
        options: MeterSessions.Options = .init(),
        listener: MeterListener.Options = .init(),
        _ body: (SessionsBench) async throws -> Void
    ) async throws {
        let bench = try await SessionsBench(options: options, listener: listener)
        try await body(bench)
        await bench.close()
    }

    func close() async {
        listener.setAnswering(.prompt)
        await sessions.shutdown()
        await listener.close()
        await network.shutdown()
    }

    func route(
        password: String = "12345678",
        port: Int? = nil,
        responseTimeout: Duration = .seconds(20),
        keepAlive: Duration = .seconds(10),
        revision: Int = 1,
        meter: String = "M1",
        channel: String? = nil,
        group: ChannelGroupPlan? = nil
    ) -> MeterRoute {
        let secret = Secret(text: password)
        return MeterRoute(
            meter: meter,
            channel: ChannelKey(channel ?? meter),
            group: group,
            medium: .tcp(TCPEndpoint(host: "127.0.0.1", port: port ?? listener.port)),
            associations: [
                "public": AssociationSettings(
                    link: .wrapper(clientPort: 16, serverPort: 1),
                    responseTimeout: responseTimeout
                ),
                "small": AssociationSettings(
                    link: .wrapper(clientPort: 16, serverPort: 1),
                    maxReceivePDUSize: 64,
                    responseTimeout: responseTimeout
                ),
                "reading": AssociationSettings(
                    link: .wrapper(clientPort: 32, serverPort: 1),
                    authentication: .low(secret),
                    responseTimeout: responseTimeout
                ),
            ],
            connectTimeout: .seconds(5),
            keepAlive: keepAlive,
            revision: revision
        )
    }

    /// A route to one of several meters behind the same listener, which has to be ``MeterListener/Options/hdlc``.
    func hdlcRoute(_ meter: String, device: UInt16) throws -> MeterRoute {
        let server = try #require(HDLCAddress(width: .two, upper: 1, lower: device))
        var route = route(meter: meter, channel: "line")
        for name in route.associations.keys {
            route.associations[name]?.link = .hdlc(HDLCLinkSettings(client: 16, server: server))
        }
        return route
    }

    /// Reads attributes of the objects 1.0.x.8.0.255.
    func read(
        _ objects: UInt8...,
        in association: String = "public",
        route: MeterRoute? = nil,
        within: Duration = .seconds(60),
        priority: UInt8 = 5,
        caller: String = ""
    ) async throws -> SessionAnswer {
        try await sessions.perform(
            SessionRequest(service: .get(objects.map { .object($0) }), association: association, caller: caller),
            on: route ?? self.route(),
            deadline: clock.now + within,
            priority: priority
        )
    }

    func write(
        _ object: UInt8,
        in association: String = "public",
        route: MeterRoute? = nil,
        priority: UInt8 = 5
    ) async throws -> SessionAnswer {
        try await sessions.perform(
            SessionRequest(
                service: .set([AttributeWrite(.object(object), value: .unsigned(1))]),
                association: association
            ),
            on: route ?? self.route(),
            deadline: clock.now + .seconds(60),
            priority: priority
        )
    }

    /// Returns when something has become true, or the time of the test is over.
    func until(_ condition: () async -> Bool) async {
        while !Task.isCancelled, !(await condition()) { try? await Task.sleep(for: .milliseconds(1)) }
    }

    /// Returns when the meter was asked for so many attributes since the start.
    func untilAsked(_ count: Int) async {
        await until { meter.log.count >= count }
    }

    /// Returns when the meter has sent, kept or lost its answers to so many GET requests since the start.
    func untilServed(_ count: Int) async {
        await until { listener.counters.served[.get, default: 0] >= count }
    }

    func untilQueued(_ count: Int) async {
        await until { await sessions.metrics().queueLength >= count }
    }
}

/// A meter that answers every GET with the number of the object, and remembers what it was asked for.
final class LoggingMeter: ObjectServer {
    private let entries = Mutex<[UInt8]>([])
    private let written = Mutex(0)
    private let conformance = Mutex(AssociationSettings.standardConformance)

    /// The value of object 200.
    static let long = DLMSData.octetString([UInt8](repeating: 7, count: 1000)).octets

    /// The objects asked for, in order.
    var log: [UInt8] { entries.withLock { $0 } }
    var writes: Int { written.withLock { $0 } }

    /// Lets clients have notifications from now on.
    func agreesToNotifications() {
        conformance.withLock { $0.formUnion(.dataNotification) }
    }

    func association(for client: ClientAddress) -> AssociationTerms? {
        let agreed = conformance.withLock { $0 }
        return client.clientSAP == 16
            ? AssociationTerms(conformance: agreed)
            : AssociationTerms(authentication: .low(Secret(text: "12345678")), conformance: agreed)
    }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        let object = request.descriptor.instanceID.octets[2]
        entries.withLock { $0.append(object) }
        return .data(object == 200 ? Self.long : DLMSData.unsigned(object).octets)
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        written.withLock { $0 += 1 }
        return .success
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        ActionOutcome(result: .success)
    }
}

extension AttributeRequest {
    static func object(_ number: UInt8) -> AttributeRequest {
        AttributeRequest(
            AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, number, 8, 0, 255), attributeID: 2)
        )
    }
}

extension ServiceResponse {
    /// The answer to a read of these objects.
    static func objects(_ numbers: UInt8...) -> ServiceResponse {
        .get(numbers.map { .data(DLMSData.unsigned($0).octets) })
    }
}

extension MeterListener.Options {
    /// Serves by HDLC at every address, as if each were a meter of its own.
    static var hdlc: MeterListener.Options {
        var options = MeterListener.Options()
        options.framing = .hdlc(HDLCServerSettings())
        return options
    }
}
