// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

/// Reads rows of profiles: the asked part of the buffer, or all of it where the meter gives no parts.
struct RowsReader: Sendable {
    /// A buffer with more entries than this is not read whole for a part of it.
    static let mostEntriesReadWhole = 10_000

    /// Meters know no times outside of 1970 to 2100; what is beyond means "from the beginning" or "to the end" all the same.
    static let bounds: ClosedRange<Int64> = 0...4_102_444_800

    let exchange: MeterExchange
    let reader: AttributeReader
    let clock: any WallClock
    let metrics: GatewayMetrics

    /// What to read, settled before the meter is asked for rows.
    struct Plan: Sendable {
        let sheet: ProfileSheet
        let window: RowsQuery.Window?
        let entries: Int?
        let zone: any TimeZoneRules
        /// The part to ask for, nil for the whole buffer.
        let selection: SelectiveAccess?
        /// Whether the whole buffer may be read if the meter refuses the part.
        let mayReadWhole: Bool
    }

    /// Settles how to read the rows that a query means.
    func plan(
        _ query: RowsQuery,
        of sheet: ProfileSheet,
        _ memory: MeterMemory,
        association: String,
        within budget: WaitBudget,
        priority: UInt8
    ) async throws(GatewayError) -> Plan {
        let zone: any TimeZoneRules = ZoneInfo(name: memory.record.configuration.timeZone) ?? .utc
        let window = query.window(now: clock.now())
        if let window, window.from > window.to {
            throw .rangeNotSupported(Self.target(sheet, memory), reason: "it ends before it begins")
        }
        var selection: SelectiveAccess?
        var inUse = sheet.descriptor.entriesInUse.map(Int.init)
        if let window {
            selection = Self.range(window, sheet, zone)
            if selection == nil {
                throw .rangeNotSupported(Self.target(sheet, memory), reason: "its rows have no time")
            }
        } else if let entries = query.entries {
            let answer = try await reader.read(
                [AttributeQuery(object: sheet.object.logicalName, classID: 7, attribute: .index(7))],
                of: memory,
                association: association,
                freshness: .live,
                within: budget,
                priority: priority
            )
            if case .success(let reading)? = answer.outcomes.first?.result {
                inUse = reading.data.integerValue.flatMap { Int(exactly: $0) } ?? inUse
            }
            if let inUse, entries < inUse {
                selection =
                    sheet.isNewestFirst
                    ? .entries(from: 1, to: UInt32(clamping: entries))
                    : .entries(from: UInt32(clamping: inUse - entries + 1))
            }
        }
        return Plan(
            sheet: sheet,
            window: window,
            entries: query.entries,
            zone: zone,
            selection: selection,
            mayReadWhole: (inUse ?? 0) <= Self.mostEntriesReadWhole
        )
    }

    /// Reads the rows and hands them over in the order of the buffer as they come, those outside of the window left out.
    ///
    /// - Parameter deliver: takes rows; the next ones wait until it returns.
    func read(
        _ plan: Plan,
        of memory: MeterMemory,
        association: String,
        within budget: WaitBudget,
        priority: UInt8,
        deliver: (ProfileRow) async throws -> Void
    ) async throws {
        do {
            try await read(plan, plan.selection, memory, association, budget, priority, deliver)
        } catch let error as GatewayError where plan.selection != nil && error.mayComeFromSelection {
            guard plan.mayReadWhole else {
                throw GatewayError.rangeNotSupported(
                    Self.target(plan.sheet, memory),
                    reason: "the meter gives no parts of it: \(error.detail)"
                )
            }
            try await read(plan, nil, memory, association, budget, priority, deliver)
        }
    }

    private func read(
        _ plan: Plan,
        _ selection: SelectiveAccess?,
        _ memory: MeterMemory,
        _ association: String,
        _ budget: WaitBudget,
        _ priority: UInt8,
        _ deliver: (ProfileRow) async throws -> Void
    ) async throws {
        let request = AttributeRequest(
            AttributeDescriptor(
                classID: plan.sheet.object.classID,
                instanceID: plan.sheet.object.logicalName,
                attributeID: 2
            ),
            selectiveAccess: selection
        )
        let (blocks, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        async let answer = finish(request, memory, association, budget, priority, continuation)
        var decoder = ProfileRowDecoder(layout: plan.sheet.layout, options: Self.options(plan))
        var octets = 0
        do {
            for await block in blocks {
                octets += block.count
                try decoder.feed(block)
                let rows = decoder.takeRows()
                for index in 0..<rows.count where Self.isWanted(rows[index], plan) { try await deliver(rows[index]) }
            }
            try await answer
            if octets > 0 { try decoder.finish() }
        } catch let error as ProfileError {
            throw GatewayError.protocolError(
                memory.id,
                reason: "the buffer of \(plan.sheet.object.logicalName) cannot be read: \(error)"
            )
        }
        metrics.octets.increment(MetricLabels("in"), by: UInt64(octets))
    }

    /// Runs the exchange and ends the stream of blocks with it.
    private func finish(
        _ request: AttributeRequest,
        _ memory: MeterMemory,
        _ association: String,
        _ budget: WaitBudget,
        _ priority: UInt8,
        _ blocks: AsyncStream<[UInt8]>.Continuation
    ) async throws(GatewayError) {
        defer { blocks.finish() }
        let answer = try await exchange.perform(
            .get([request]),
            in: association,
            of: memory,
            within: budget,
            priority: priority
        ) { blocks.yield($0) }
        switch answer.response {
        case .streamed: return
        case .get(let results):
            switch results.first {
            case .data(let octets): blocks.yield(octets)
            case .failure(let reason):
                let descriptor = request.descriptor
                throw GatewayError(
                    reason,
                    to: "get",
                    ObjectTarget(
                        meter: memory.id,
                        object: descriptor.instanceID,
                        classID: descriptor.classID,
                        member: .attribute(2)
                    ),
                    name: "buffer",
                    isListed: nil
                )
            case nil: throw .internal(reason: "a GET has no result")
            }
        case .set, .action, .actions, .access: throw .internal(reason: "a GET was answered by another service")
        }
    }

    private static func isWanted(_ row: ProfileRow, _ plan: Plan) -> Bool {
        guard let window = plan.window, let seconds = row.time?.utcSeconds else { return true }
        let moment = Timestamp(seconds: seconds)
        return moment >= window.from && moment < window.to
    }

    private static func options(_ plan: Plan) -> ProfileDecodingOptions {
        ProfileDecodingOptions(
            capturePeriod: plan.sheet.descriptor.capturePeriod,
            sortMethod: plan.sheet.descriptor.sortMethod ?? .fifo,
            zone: plan.zone,
            rangeStart: plan.window.flatMap { ProfileTime(utcSeconds: $0.from.seconds, zone: plan.zone) }
        )
    }

    /// The range descriptor of a window, in local time; nil if the rows have no time.
    private static func range(
        _ window: RowsQuery.Window,
        _ sheet: ProfileSheet,
        _ zone: any TimeZoneRules
    ) -> SelectiveAccess? {
        guard let column = sheet.layout.timeColumn else { return nil }
        let capture = sheet.layout.columns[column].capture
        let from = min(max(window.from.seconds, bounds.lowerBound), bounds.upperBound)
        let to = min(max(window.to.seconds, bounds.lowerBound), bounds.upperBound)
        if capture.classID != 8 {
            return .range(
                from: .doubleLongUnsigned(UInt32(clamping: from)),
                to: .doubleLongUnsigned(UInt32(clamping: to)),
                restricting: capture
            )
        }
        guard let first = ProfileTime(utcSeconds: from, zone: zone), let last = ProfileTime(utcSeconds: to, zone: zone)
        else { return nil }
        return .range(from: first.dateTime, to: last.dateTime, restricting: capture)
    }

    private static func target(_ sheet: ProfileSheet, _ memory: MeterMemory) -> ObjectTarget {
        ObjectTarget(
            meter: memory.id,
            object: sheet.object.logicalName,
            classID: sheet.object.classID,
            member: .attribute(2)
        )
    }
}

extension GatewayError {
    /// Whether a meter may have answered so because it does not give parts of a buffer.
    fileprivate var mayComeFromSelection: Bool {
        switch self {
        case .deniedByMeter, .meterRefused, .typeMismatch, .objectUnavailable, .objectUndefined, .meterHardwareFault,
            .attributeUndefined, .exceptionResponse, .objectClassInconsistent:
            true
        default: false
        }
    }
}
