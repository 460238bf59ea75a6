// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// Turns what was read from meters into stored readings.
struct ReadingKeeper: Sendable {
    /// Values of more octets are no readings.
    private static let longestValue = 1024

    let clock: any WallClock
    /// What callers have been answered and is not stored yet.
    let queue: ReadingQueue
    private let store: any ReadingStore
    private let metrics: GatewayMetrics
    private let events: EventFeed

    init(store: any ReadingStore, clock: any WallClock, metrics: GatewayMetrics, events: EventFeed) {
        self.store = store
        self.clock = clock
        self.metrics = metrics
        self.events = events
        queue = ReadingQueue { _ = await Self.append($0, to: store, metrics, events) }
    }

    /// Keeps the values of a read that came from the meter or from a file just now.
    ///
    /// What a job read is stored when this returns; what a caller waits for is stored soon after.
    ///
    /// - Throws: what the store throws, unless a caller waits for the values: he gets them all the same.
    func keep(
        _ answer: ReadAnswer,
        of memory: MeterMemory,
        for origin: ReadingOrigin
    ) async throws(GatewayError) {
        let readings = answer.outcomes.compactMap { outcome -> Reading? in
            guard outcome.query.selection == nil, case .success(let reading) = outcome.result else { return nil }
            return reading
        }
        let live = readings.filter { $0.source == .live }.compactMap(Self.reading)
        if !live.isEmpty { try await keep(live, origin, memory.id) }
        let imported = readings.filter { $0.source == .imported }.compactMap(Self.reading)
        if !imported.isEmpty { try await keep(imported, .file, memory.id) }
    }

    private func keep(
        _ readings: [NewReading],
        _ origin: ReadingOrigin,
        _ meter: MeterID
    ) async throws(GatewayError) {
        let batch = ReadingBatch(meter: meter, origin: origin, receivedAt: clock.now(), readings: readings)
        if origin == .live { await queue.add(batch) } else { try await append(batch) }
    }

    /// Stores a batch before it returns.
    ///
    /// - Throws: what the store throws, unless a caller waits for what is in it: he gets it all the same.
    func append(_ batch: ReadingBatch) async throws(GatewayError) {
        for case .failure(let error) in await Self.append([batch], to: store, metrics, events)
        where batch.origin != .live {
            throw GatewayError(error)
        }
    }

    /// Stores batches together, counts what became of them and tells of those that are stored.
    private static func append(
        _ batches: [ReadingBatch],
        to store: any ReadingStore,
        _ metrics: GatewayMetrics,
        _ events: EventFeed
    ) async -> [Result<ReadingReceipt, StoreError>] {
        func count(_ outcome: String, _ number: Int) {
            if number > 0 { metrics.readings.increment(MetricLabels(outcome), by: UInt64(number)) }
        }
        let results = await store.append(batches)
        var stored: [(ReadingBatch, ReadingReceipt)] = []
        for (batch, result) in zip(batches, results) {
            switch result {
            case .success(let receipt):
                count("new", receipt.values.new)
                count("repeated", receipt.values.repeated)
                count("revised", receipt.values.revised)
                stored.append((batch, receipt))
            case .failure:
                count("failed", 1)
            }
        }
        await events.tellReadings(stored)
        return results
    }

    /// What is stored of a value that was read; nil for what is no reading.
    private static func reading(_ reading: Reading) -> NewReading? {
        let classID = reading.object.classID
        guard keeps(classID: classID, attribute: reading.attributeIndex) else { return nil }
        switch reading.data {
        case .array, .structure, .compactArray, .dontCare: return nil
        case .octetString(let octets) where octets.count > longestValue: return nil
        case .visibleString(let octets) where octets.count > longestValue: return nil
        case .utf8String(let octets) where octets.count > longestValue: return nil
        default: break
        }
        var scalerUnit: ScalerUnit?
        if case .known(let known) = reading.context.quantity { scalerUnit = known }
        return NewReading(
            series: ReadingSeries(
                source: .register,
                object: reading.object.logicalName,
                classID: classID,
                attribute: reading.attributeIndex
            ),
            at: reading.readAt,
            value: ReadingValue(reading.data),
            scalerUnit: scalerUnit,
            quality: reading.isVerified ? .valid : .suspect,
            reasons: reading.isVerified ? [] : ["unverified"]
        )
    }

    /// Whether an attribute is a reading: value, status and times of data, registers and their kin (Blue Book, classes 1,
    /// 3, 4, 5 and 6), but not their names and scalers.
    private static func keeps(classID: UInt16, attribute: Int8) -> Bool {
        switch classID {
        case 1, 3: attribute == 2
        case 4: [2, 4, 5].contains(attribute)
        case 5: [2, 3, 5, 6, 7].contains(attribute)
        case 6: attribute == 4
        default: false
        }
    }
}
