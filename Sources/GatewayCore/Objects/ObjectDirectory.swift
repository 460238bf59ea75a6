// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

/// Reads and keeps the object lists of meters.
struct ObjectDirectory: Sendable {
    /// The association object in whose view the list is (Blue Book, class 15: 0.0.40.0.0.255 is the present association).
    static let currentAssociation = AttributeDescriptor(
        classID: 15,
        instanceID: OBISCode(0, 0, 40, 0, 0, 255),
        attributeID: 2
    )
    /// How long a list holds unless the caller wants it younger.
    static let usualAge = Duration.seconds(86_400)

    let exchange: MeterExchange
    let clock: any WallClock
    let metrics: GatewayMetrics

    /// A list with its source and price.
    struct Answer: Sendable {
        let list: ListedObjects
        let source: ReadingSource
        let timings: ExchangeTimings
    }

    /// The objects that an association shows.
    func list(
        of memory: MeterMemory,
        association: String,
        freshness: Freshness,
        within budget: WaitBudget,
        priority: UInt8
    ) async throws(GatewayError) -> Answer {
        if let kept = memory.objectList(association),
            freshness.accepts(age: clock.now() - kept.readAt, usual: Self.usualAge)
        {
            metrics.cacheHits.increment(MetricLabels("objects"))
            return Answer(list: kept, source: .cache, timings: .none)
        }
        guard !freshness.onlyIfCached else { throw .notCached(memory.id) }
        metrics.cacheMisses.increment(MetricLabels("objects"))
        let answer = try await exchange.perform(
            .get([AttributeRequest(Self.currentAssociation)]),
            in: association,
            of: memory,
            within: budget,
            priority: priority
        )
        let target = ObjectTarget(
            meter: memory.id,
            object: Self.currentAssociation.instanceID,
            classID: 15,
            member: .attribute(2)
        )
        guard case .get(let results) = answer.response, let result = results.first else {
            throw .internal(reason: "a GET was answered by another service")
        }
        switch result {
        case .failure(let reason):
            throw GatewayError(reason, to: "get", target, name: "object_list", isListed: nil)
        case .data(let octets):
            metrics.octets.increment(MetricLabels("in"), by: UInt64(octets.count))
            let list: ListedObjects
            do {
                list = ListedObjects(try ObjectList(DLMSData(octets: octets)), readAt: clock.now())
            } catch {
                throw .protocolError(memory.id, reason: "its object list cannot be read: \(error)")
            }
            memory.keep(list, for: association)
            return Answer(list: list, source: answer.isShared ? .shared : .live, timings: answer.timings)
        }
    }
}
