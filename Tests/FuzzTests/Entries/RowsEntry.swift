// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Timekeeping

enum RowsEntry {
    private static let zone: any TimeZoneRules = ZoneInfo(name: "Europe/Berlin") ?? .utc
    private static let layout = ProfileLayout(
        captureObjects: [.clock]
            + [
                (1, OBISCode(0, 0, 96, 10, 1, 255)), (3, OBISCode(1, 0, 1, 8, 0, 255)),
                (3, OBISCode(1, 0, 2, 8, 0, 255)),
            ].map { CaptureObject(classID: $0, logicalName: $1, attributeIndex: 2) }
    )
    private static let periods: [UInt32] = [0, 900, 86_400, .max]

    /// Whatever the cells of a profile hold, rows are made of them in step, however the buffer is cut.
    ///
    /// The bits of the first octet choose how the buffer is to be understood.
    static func fault(of input: [UInt8]) -> String? {
        guard let choice = input.first else { return nil }
        let buffer = Array(input.dropFirst())
        let options = ProfileDecodingOptions(
            capturePeriod: periods[Int(choice & 3)],
            sortMethod: choice & 4 == 0 ? .fifo : .lifo,
            zone: zone,
            time: TimeBehaviour(
                deviationSign: choice & 8 == 0 ? .standard : .inverted,
                deviationUse: choice & 16 == 0 ? .trusted : .ignored,
                clockBase: choice & 32 == 0 ? .local : .standardTime
            ),
            rangeStart: ProfileTime(utcSeconds: 1_700_000_000, zone: zone),
            isStrict: choice & 64 != 0
        )
        var whole: Int?
        for piece in [max(buffer.count, 1), Int(choice >> 4) + 1] {
            guard let rows = rows(of: buffer, options, piece: piece) else {
                whole = whole ?? -1
                continue
            }
            guard whole == nil || whole == rows.count || whole == -1 else {
                return "the rows depend on how they are cut"
            }
            whole = rows.count
            for index in 0..<rows.count {
                let row = rows[index]
                _ = (row.time?.iso, row.time?.rawText, row.time?.reasons, row.status)
                for column in layout.columns.indices { _ = row.cell(column) }
            }
            if var coverage = ProfileCoverage(from: 1_700_000_000, to: 1_700_090_000, period: 900, zone: zone) {
                coverage.note(rows)
                guard coverage.received <= coverage.expected else { return "more rows than there is time for" }
            }
        }
        _ = try? CompactData(buffer: buffer, template: Array(buffer.prefix(8)))
        return nil
    }

    private static func rows(of buffer: [UInt8], _ options: ProfileDecodingOptions, piece: Int) -> ProfileRows? {
        var decoder = ProfileRowDecoder(layout: layout, options: options)
        do {
            for start in stride(from: 0, to: buffer.count, by: piece) {
                try decoder.feed(Array(buffer[start..<min(start + piece, buffer.count)]))
            }
            try decoder.finish()
            return decoder.takeRows()
        } catch {
            return nil
        }
    }
}
