// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import Fleet

extension Gateway {
    /// One row of an event log.
    public struct MeterEvent: Sendable {
        /// The log.
        public let log: OBISCode
        /// The time stamp; nil if the row has none.
        public let time: ProfileTime?
        /// The code; nil if the row has none.
        public let code: Int64?
        /// What the code means; nil if that is not known.
        public let name: String?
        /// How far the time can be trusted.
        public let quality: ProfileQuality
        /// What else the log captures with the event, by the keys of its columns.
        public let values: [(key: String, data: ReadingValue)]
    }

    /// The entries of a meter's event logs, the oldest first.
    ///
    /// - Parameters:
    ///   - query: which rows of the logs.
    ///   - log: one of the logs; nil for all (0-b:99.98.e.255).
    ///   - wishes: whether the meter may be asked, as for rows of profiles.
    /// - Returns: the events, and logs that could not be read.
    public func meterEvents(
        _ query: RowsQuery,
        log: OBISCode?,
        of meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> (events: [MeterEvent], failures: [(log: OBISCode, error: GatewayError)]) {
        let memory = try await directory.memory(of: meter)
        var events: [MeterEvent] = []
        var failures: [(log: OBISCode, error: GatewayError)] = []
        for profile in try await eventLogs(log, of: memory, wishes) {
            do throws(GatewayError) {
                let pending = try await prepareRows(query, of: profile, meter, wishes)
                let answer = try await collectRows(pending)
                for batch in answer.batches {
                    for index in batch.indices {
                        events.append(Self.event(batch.rows, index, of: profile, answer.sheet.behaviour.statusTable))
                    }
                }
            } catch {
                guard log == nil, error.dlms != nil || error.name == "range-not-supported" else { throw error }
                failures.append((profile, error))
            }
        }
        events.sort { ($0.time?.utcSeconds ?? .min, $0.log) < ($1.time?.utcSeconds ?? .min, $1.log) }
        return (events, failures)
    }

    private func eventLogs(
        _ log: OBISCode?,
        of memory: MeterMemory,
        _ wishes: Wishes
    ) async throws(GatewayError) -> [OBISCode] {
        if let log { return [log] }
        if wishes.freshness.onlyIfCached {
            return try await translating(await store.storedProfiles(of: memory.id).filter(\.isEventLog))
        }
        let listed = try await objectList(
            of: memory.id.text,
            Wishes(association: wishes.association, budget: wishes.budget, priority: wishes.priority)
        )
        return listed.list.entries.filter { $0.classID == 7 && $0.logicalName.isEventLog }.map(\.logicalName).sorted()
    }

    private static func event(
        _ rows: ProfileRows,
        _ index: Int,
        of log: OBISCode,
        _ table: ProfileStatusTable
    ) -> MeterEvent {
        var code: Int64?
        var values: [(key: String, data: ReadingValue)] = []
        for place in rows.layout.valueColumns {
            let column = rows.layout.columns[place]
            let value = ReadingValue(rows.cell(index, column: place), others: rows.others)
            if code == nil, column.capture.logicalName.isEventCode, case .integer(let number) = value {
                code = number
            } else {
                values.append((column.key, value))
            }
        }
        return MeterEvent(
            log: log,
            time: rows.time(index),
            code: code,
            name: code.flatMap { MeterEventCodes.standard.name(of: $0) },
            quality: rows.quality(index, table),
            values: values
        )
    }
}

extension OBISCode {
    /// An event log, 0-b:99.98.e.255.
    fileprivate var isEventLog: Bool { a == 0 && c == 99 && d == 98 }
}
