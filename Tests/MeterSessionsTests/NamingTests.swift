// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterSessions
import MeterTransport
import Synchronization
import Testing

@Suite("Sessions find out and remember how a meter names its objects")
struct NamingTests {
    /// A route to a port with automatic referencing.
    private func route(_ bench: SessionsBench, port: Int, revision: Int = 1) -> MeterRoute {
        var route = bench.route(port: port, keepAlive: .zero, revision: revision)
        route.associations["public"]?.referencing = .automatic
        return route
    }

    private func withMeter(_ body: (SessionsBench, ShortNameMeter, MeterListener) async throws -> Void) async throws {
        try await SessionsBench.run { bench in
            let meter = ShortNameMeter()
            let listener = try await MeterListener.bind(objects: meter, network: bench.network)
            try await body(bench, meter, listener)
            await listener.close()
        }
    }

    @Test("A meter with short names is asked for them first from the second time on, and its list is read once")
    func remembered() async throws {
        try await withMeter { bench, meter, listener in
            let route = route(bench, port: listener.port)
            let first = try await bench.read(7, route: route)
            #expect(first.response == .objects(7))
            #expect(first.association.usesShortNames)
            #expect(listener.counters.served[.refuse] == 1)
            for _ in 0..<3 { #expect(try await bench.read(7, route: route).response == .objects(7)) }
            #expect(listener.counters.served[.refuse] == 1)
            #expect(meter.listsRead == 1)
            #expect(await bench.sessions.status(of: "M1").association?.shortNames?.objects.count == 3)
        }
    }

    @Test("What was learned with another configuration does not count")
    func otherRevision() async throws {
        try await withMeter { bench, meter, listener in
            _ = try await bench.read(7, route: route(bench, port: listener.port))
            _ = try await bench.read(7, route: route(bench, port: listener.port, revision: 2))
            #expect(listener.counters.served[.refuse] == 2)
            #expect(meter.listsRead == 2)
        }
    }

    @Test("A meter whose names have changed is not read wrongly")
    func changedNames() async throws {
        try await withMeter { bench, meter, listener in
            let route = route(bench, port: listener.port)
            _ = try await bench.read(7, route: route)
            meter.renumber()
            #expect(try await bench.read(7, route: route).response == .objects(7))
            #expect(meter.listsRead == 2)
        }
    }

    @Test("A meter that was changed for one with logical names is found out")
    func changedMeter() async throws {
        try await withMeter { bench, meter, listener in
            let route = route(bench, port: listener.port)
            _ = try await bench.read(7, route: route)
            meter.speakLogicalNames()
            let answer = try await bench.read(7, route: route)
            #expect(answer.response == .objects(7))
            #expect(!answer.association.usesShortNames)
            _ = try await bench.read(7, route: route)
            // The first one refused logical names, the second one short names once.
            #expect(listener.counters.served[.refuse] == 2)
        }
    }
}

/// A meter with the objects 1.0.7.8.0.255 and 1.0.9.8.0.255, whose values are their numbers.
private final class ShortNameMeter: ObjectServer {
    private struct Content {
        var numbers: [UInt8] = [7, 9]
        var usesShortNames = true
        var listsRead = 0
    }

    private static let association = OBISCode(0, 0, 40, 0, 0, 255)

    private let content = Mutex(Content())

    var listsRead: Int { content.withLock { $0.listsRead } }

    /// Gives the objects other base names.
    func renumber() {
        content.withLock { $0.numbers.reverse() }
    }

    func speakLogicalNames() {
        content.withLock { $0.usesShortNames = false }
    }

    func association(for client: ClientAddress) -> AssociationTerms? {
        var terms = AssociationTerms()
        let content = content.withLock { $0 }
        guard content.usesShortNames else { return terms }
        terms.acceptsLogicalNames = false
        let association = ShortNameDirectory.NamelessObject(
            classID: 15,
            version: 1,
            logicalName: Self.association,
            attributeCount: 9
        )
        let registers = content.numbers.map {
            ShortNameDirectory.NamelessObject(
                classID: 3,
                version: 0,
                logicalName: AttributeRequest.object($0).descriptor.instanceID,
                attributeCount: 3
            )
        }
        terms.shortNames = ShortNameTerms(directory: ShortNameDirectory(assigning: [association] + registers))
        return terms
    }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        let name = request.descriptor.instanceID
        if request.descriptor.classID == 15 {
            return content.withLock { content in
                content.listsRead += 1
                let registers = content.numbers.map { AttributeRequest.object($0).descriptor.instanceID }
                let entries = [(15, Self.association)] + registers.map { (3, $0) }
                return .data(
                    DLMSData.array(
                        entries.map { classID, name in
                            .structure([
                                .longUnsigned(UInt16(classID)), .unsigned(classID == 15 ? 1 : 0),
                                .octetString(name.octets), .structure([.array([]), .array([])]),
                            ])
                        }
                    ).octets
                )
            }
        }
        return request.descriptor.attributeID == 1
            ? .data(DLMSData.octetString(name.octets).octets) : .data(DLMSData.unsigned(name.c).octets)
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        .readWriteDenied
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        ActionOutcome(result: .objectUndefined)
    }
}
