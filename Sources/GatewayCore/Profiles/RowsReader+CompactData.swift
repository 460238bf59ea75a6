// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet

/// Compact data objects (Blue Book, class 62): a profile of the one row that was captured last.
extension RowsReader {
    /// Reads the buffer and makes its row; when it has another template than was known, that is read again.
    func readCompactData(
        _ plan: RowsPlan,
        _ errand: MeterErrand,
        deliver: (RowsBatch) async throws -> Void
    ) async throws {
        var sheet = plan.sheet
        var buffer = try await compactBuffer(sheet, errand)
        if buffer.first != sheet.template?.number {
            (sheet, _) = try await profiles.profile(sheet.object.logicalName, for: errand, freshness: .live)
            buffer = try await compactBuffer(sheet, errand)
        }
        guard let template = sheet.template, buffer.first == template.number else {
            throw Self.fault(sheet, errand, "has another template than it says")
        }
        var values: [DLMSData]
        do {
            values = try CompactData(buffer: buffer, template: template.description).values
        } catch {
            throw Self.fault(sheet, errand, "cannot be taken apart: \(error)")
        }
        let captured = sheet.descriptor.captureObjects
        // The number of the template stands in front, whether it is among the captured objects or not.
        if values.count == captured.count + 1 { values.removeFirst() }
        guard values.count == captured.count else {
            throw Self.fault(sheet, errand, "has \(values.count) values for \(captured.count) captured objects")
        }
        values = zip(captured, values).filter { !ProfileSheet.isTemplateNumber($0.0, of: sheet.object) }.map(\.1)
        let options = ProfileDecodingOptions(
            zone: plan.zone,
            time: plan.behaviour.time,
            expandsNull: false,
            columns: plan.columns,
            sentColumns: plan.columns == nil ? nil : Array(sheet.layout.columns.indices)
        )
        var decoder = ProfileRowDecoder(layout: sheet.layout, options: options)
        do {
            try decoder.feed(DLMSData.array([.structure(values)]).octets)
            try decoder.finish()
        } catch {
            throw Self.fault(sheet, errand, "cannot be read: \(error)")
        }
        let rows = decoder.takeRows()
        try await deliver(RowsBatch(rows: rows, indices: Array(rows.indices)))
    }

    private func compactBuffer(_ sheet: ProfileSheet, _ errand: MeterErrand) async throws(GatewayError) -> [UInt8] {
        let answer = try await reader.read(
            [AttributeQuery(object: sheet.object.logicalName, classID: sheet.object.classID, attribute: .index(2))],
            for: errand,
            freshness: .live
        )
        guard let outcome = answer.outcomes.first else { throw .internal(reason: "a buffer was not read") }
        guard case .octetString(let octets) = try outcome.result.get().data else {
            throw Self.fault(sheet, errand, "is no octet-string")
        }
        return octets
    }

    private static func fault(_ sheet: ProfileSheet, _ errand: MeterErrand, _ words: String) -> GatewayError {
        .protocolError(errand.memory.id, reason: "the compact buffer of \(sheet.object.logicalName) \(words)")
    }
}
