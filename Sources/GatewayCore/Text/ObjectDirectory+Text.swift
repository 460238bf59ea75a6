// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

extension ObjectDirectory {
    /// Access modes of the association class: read, read and write.
    private static let (reading, readingAndWriting): (UInt8, UInt8) = (1, 3)

    /// The objects that the readouts of a text meter list, with its clock and profiles; reads it out if it never was.
    ///
    /// What a meter reads out does not change from day to day, so that a list holds as long as its readout.
    func textList(
        _ text: TextMemory,
        for errand: MeterErrand,
        freshness: Freshness
    ) async throws(GatewayError) -> Answer {
        let (memory, association) = (errand.memory, errand.association)
        var latest = text.latest
        var source = latest?.origin.source ?? .live
        var timings = ExchangeTimings.none
        let age = latest.map { clock.now() - $0.takenAt } ?? .zero
        if latest == nil || freshness.maxAge != nil && !freshness.accepts(age: age, usual: Self.usualAge) {
            guard !freshness.onlyIfCached else { throw .notCached(memory.id) }
            metrics.cacheMisses.increment(MetricLabels("objects"))
            var session = TextMeterSession(exchange: exchange, errand: errand, text: text)
            latest = try await session.readOut()
            timings = session.timings
            source = session.isShared ? .shared : .live
        } else {
            metrics.cacheHits.increment(MetricLabels("objects"))
        }
        let readAt = latest?.takenAt ?? clock.now()
        if let kept = memory.objectList(association) {
            return Answer(list: kept, source: source, timings: timings)
        }
        let list: ObjectList
        do {
            list = try ObjectList(Self.entries(of: text, isWritable: Self.hasPassword(memory, association)))
        } catch {
            throw .protocolError(memory.id, reason: "its readout lists too much: \(error)")
        }
        let listed = ListedObjects(list, readAt: readAt)
        memory.keep(listed, for: association)
        return Answer(list: listed, source: source, timings: timings)
    }

    private static func hasPassword(_ memory: MeterMemory, _ association: String) -> Bool {
        memory.record.configuration.associations[association]?.authentication.secret != nil
    }

    /// What stands in the object list of an association (Blue Book, class 15).
    private static func entries(of text: TextMemory, isWritable: Bool) -> DLMSData {
        let value = isWritable ? readingAndWriting : reading
        var entries = text.objects.map { object in
            entry(
                object.classID,
                0,
                object.logicalName,
                object.attributes.map { ($0, $0 == 2 ? value : reading) }
            )
        }
        if text.clock != nil {
            entries.append(entry(TextClock.classID, 0, TextClock.logicalName, [(1, reading), (2, value)]))
        }
        for name in text.profiles.keys.sorted() {
            let attributes: [Int8] = [1, 2, 3, 4, 5, 6]
            entries.append(entry(ProfileReader.profileClass, 1, name, attributes.map { ($0, reading) }))
        }
        return .array(entries)
    }

    private static func entry(
        _ classID: UInt16,
        _ version: UInt8,
        _ name: OBISCode,
        _ attributes: [(index: Int8, mode: UInt8)]
    ) -> DLMSData {
        .structure([
            .longUnsigned(classID), .unsigned(version), .octetString(name.octets),
            .structure([
                .array(
                    attributes.map { .structure([.integer($0.index), .enumeration($0.mode), .nullData]) }
                ),
                .array([]),
            ]),
        ])
    }
}
