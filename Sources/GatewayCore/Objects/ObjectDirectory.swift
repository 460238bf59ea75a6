// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

/// Reads and keeps the object lists of meters.
struct ObjectDirectory: Sendable {
    /// The association object in whose view the list is (Blue Book, classes 12 and 15: 0.0.40.0.0.255 is the present
    /// association); class 12 where short names are used.
    static let currentAssociation = OBISCode(0, 0, 40, 0, 0, 255)
    /// How long a list holds unless the caller wants it younger.
    static let usualAge = Duration.seconds(86_400)

    let exchange: MeterExchange
    let clock: any WallClock
    let metrics: GatewayMetrics
    /// What meters that are alike share.
    let pool = ObjectListPool()

    /// A list with its source and price.
    struct Answer: Sendable {
        let list: ListedObjects
        let source: ReadingSource
        let timings: ExchangeTimings
    }

    /// The objects that an association shows.
    func list(
        for errand: MeterErrand,
        freshness: Freshness
    ) async throws(GatewayError) -> Answer {
        let memory = errand.memory
        if let text = memory.text {
            return try await textList(text, for: errand, freshness: freshness)
        }
        if let kept = memory.objectList(errand.association),
            freshness.accepts(age: clock.now() - kept.readAt, usual: Self.usualAge)
        {
            metrics.cacheHits.increment(MetricLabels("objects"))
            return Answer(list: kept, source: .cache, timings: .none)
        }
        guard !freshness.onlyIfCached else { throw .notCached(memory.id) }
        metrics.cacheMisses.increment(MetricLabels("objects"))
        let source = AssociationReading(exchange: exchange, errand: errand)
        var listed = try await source.attribute(2, of: 15)
        // The engine knows that there is no such object, so that this costs no exchange.
        if listed.usesShortNames, case .failure = listed.result {
            let spent = listed.timings
            listed = try await source.attribute(2, of: 12)
            listed.timings += spent
        }
        let target = ObjectTarget(
            meter: memory.id,
            object: Self.currentAssociation,
            classID: listed.usesShortNames ? 12 : 15,
            member: .attribute(2)
        )
        switch listed.result {
        case .failure(let reason):
            throw GatewayError(reason, to: "get", target, name: "object_list", isListed: nil)
        case .data(let octets):
            metrics.octets.increment(MetricLabels("in"), by: UInt64(octets.count))
            var rights: DLMSData?
            var rightsOctets: [UInt8] = []
            if listed.usesShortNames {
                let answer = try await source.attribute(3, of: 12)
                listed.timings += answer.timings
                // Old versions of the class do not have the rights, and no list depends on them.
                if case .data(let read) = answer.result, let data = try? DLMSData(octets: read) {
                    rights = data
                    rightsOctets = read
                }
            }
            let view: ObjectListPool.View
            do {
                view = try pool.view(of: octets + rightsOctets) {
                    let objects = try ObjectList(DLMSData(octets: octets))
                    return rights.map { objects.adding(accessRights: $0) } ?? objects
                }
            } catch {
                throw .protocolError(memory.id, reason: "its object list cannot be read: \(error)")
            }
            let list = ListedObjects(view, readAt: clock.now())
            memory.keep(list, for: errand.association)
            return Answer(list: list, source: listed.isShared ? .shared : .live, timings: listed.timings)
        }
    }
}

/// Reads attributes of the present association.
private struct AssociationReading {
    /// A value with its price.
    struct Value {
        var result: GetResult
        var usesShortNames: Bool
        var isShared: Bool
        var timings: ExchangeTimings
    }

    let exchange: MeterExchange
    let errand: MeterErrand

    func attribute(_ index: Int8, of classID: UInt16) async throws(GatewayError) -> Value {
        let descriptor = AttributeDescriptor(
            classID: classID,
            instanceID: ObjectDirectory.currentAssociation,
            attributeID: index
        )
        let answer = try await exchange.perform(.get([AttributeRequest(descriptor)]), for: errand)
        return Value(
            result: try answer.values(of: 1)[0],
            usesShortNames: answer.usesShortNames,
            isShared: answer.isShared,
            timings: answer.timings
        )
    }
}
