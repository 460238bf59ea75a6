// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Timekeeping

/// Tells that readings were stored.
extension EventFeed {
    /// So many values stand in one event.
    private static let valuesInEvent = 200

    /// Tells what batches brought, if anybody wants to know; the readings are stored whatever becomes of it.
    func tellReadings(_ stored: [(ReadingBatch, ReadingReceipt)]) async {
        guard isAnybodyAfterReadings else { return }
        let drafts = stored.flatMap(Self.drafts)
        guard !drafts.isEmpty else { return }
        // That it was not told leaves the readings where they are.
        try? await publishReadings(drafts)
    }

    private static func drafts(_ batch: ReadingBatch, _ receipt: ReadingReceipt) -> [Draft] {
        guard receipt.values.new + receipt.values.revised > 0 else { return [] }
        var drafts: [Draft] = []
        for start in stride(from: 0, to: batch.readings.count, by: valuesInEvent) {
            let part = batch.readings[start..<min(start + valuesInEvent, batch.readings.count)]
            drafts.append(Draft(.readingStored, meter: batch.meter, data: data(of: part, batch.origin)))
        }
        for rows in receipt.profiles where rows.counts.new + rows.counts.revised > 0 {
            drafts.append(Draft(.readingStored, meter: batch.meter, data: data(of: rows, batch.origin)))
        }
        return drafts
    }

    private static func data(of readings: ArraySlice<NewReading>, _ origin: ReadingOrigin) -> JSONObject {
        var data = JSONObject()
        data["origin"] = .string(origin.word)
        data["readings"] = .array(
            readings.map { reading in
                var item = JSONObject()
                item["name"] = .string(ReadingName.usual(reading.series))
                let text = reading.value.decimalText(scaler: Int(reading.scalerUnit?.scaler ?? 0))
                switch reading.value {
                case .boolean(let flag): item["value"] = .bool(flag)
                case .text(let words): item["value"] = .string(words)
                default: item["value"] = text.flatMap { JSONNumber(text: $0) }.map { .number($0) } ?? .null
                }
                item["unit"] = (reading.scalerUnit?.symbol).map { .string($0) } ?? .null
                item["time"] = .string(reading.at.rfc3339)
                item["quality"] = .string(reading.quality.rawValue)
                item["object"] = .string(reading.series.object.description)
                item["attribute"] = .integer(reading.series.attribute)
                return .object(item)
            }
        )
        return data
    }

    /// Rows may be many: how many, and of when, tells where to look for them.
    private static func data(of rows: ReadingReceipt.Rows, _ origin: ReadingOrigin) -> JSONObject {
        var data = JSONObject()
        data["origin"] = .string(origin.word)
        data["profile"] = .string(rows.profile.description)
        data["newRows"] = .integer(rows.counts.new)
        data["revisedRows"] = .integer(rows.counts.revised)
        data["from"] = (rows.newTimes.first?.rfc3339).map { .string($0) } ?? .null
        data["to"] = (rows.newTimes.last?.rfc3339).map { .string($0) } ?? .null
        return data
    }
}
