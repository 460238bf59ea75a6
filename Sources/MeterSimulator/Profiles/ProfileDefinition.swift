// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// A profile of a simulated meter: its columns, and its rows made when they are asked for.
struct ProfileDefinition: Sendable {
    /// One column: what is captured, and its value in a row.
    struct Column: Sendable {
        let capture: CaptureObject
        let write: @Sendable (Row, MeterSnapshot, inout OctetWriter) -> Void
    }

    /// What a row is made of.
    struct Row: Sendable {
        let time: Int64
        /// The energies at that time.
        var energies = LoadModel.Totals()
        /// The code of an event.
        var event: UInt8 = 0
        /// The start of the period that the row closes.
        var periodStart: Int64 = 0
    }

    /// How the rows are written into the buffer.
    enum Form: Hashable, Sendable {
        /// As they are, the oldest first.
        case plain
        /// As they are, the newest first.
        case newestFirst
        /// Cells that are as in the row before, and times one period on, as null-data.
        case nullCompressed
        /// Numbers as differences to the row before.
        case differences
        /// Without tags, as one compact array.
        case compactArray
    }

    /// What selective access serves.
    enum Selects: Hashable, Sendable {
        case rowsAndColumns
        case rows
        case nothing
    }

    let logicalName: OBISCode
    let columns: [Column]
    var form = Form.plain
    var selects = Selects.rowsAndColumns
    /// Seconds between two rows, 0 for rows made by events or the calendar.
    let capturePeriod: UInt32
    /// How many rows there can be.
    let capacity: @Sendable (SimulatedFleet.Options) -> Int
    /// The times of all rows, oldest first.
    let times: @Sendable (MeterSnapshot) -> [Int64]
    /// Makes rows of some of these times, by their place.
    let rows: @Sendable (MeterSnapshot, [Int64], Range<Int>) -> [Row]

    /// Encodes the rows that a selection asks for.
    func buffer(_ meter: MeterSnapshot, selection: SelectiveAccess?) -> Result<[UInt8], BufferSelection.Refusal> {
        let times = times(meter)
        return BufferSelection.make(selection, profile: self, times: times, meter: meter).map { selection in
            let rows = rows(meter, times, selection.rows).map { row in
                selection.columns.map { column in
                    var writer = OctetWriter()
                    columns[column].write(row, meter, &writer)
                    return writer.octets
                }
            }
            return BufferWriting.octets(rows, form, timeColumn: selection.columns.firstIndex(of: 0))
        }
    }

    /// The object that shows the profile.
    var object: ObjectDefinition {
        let name = logicalName
        return ObjectDefinition(
            7,
            version: 1,
            name,
            [
                // Made by `buffer`, which can take a part of it.
                .constant(2, .array([])),
                .constant(3, .array(columns.map(\.capture.data))),
                .constant(4, .doubleLongUnsigned(capturePeriod)),
                .constant(5, .enumeration(form == .newestFirst ? 2 : 1)),
                .constant(6, columns.first?.capture.data ?? .nullData),
                .value(7) { .doubleLongUnsigned(UInt32(times($0).count)) },
                .value(8) { .doubleLongUnsigned(UInt32(capacity($0.options))) },
            ],
            methods: [
                MethodDefinition(index: 1) { state, _, meter in
                    state.profileResetTimes[name] = meter.time
                    if name == ProfileObjects.standardLogName { state.standardEvents.removeAll() }
                    if name == ProfileObjects.disconnectorLogName { state.disconnectorEvents.removeAll() }
                    return .success
                },
                // A capture out of turn would need a stored row, so it is refused.
                MethodDefinition(index: 2) { _, _, _ in .readWriteDenied },
            ],
            profile: self
        )
    }
}
