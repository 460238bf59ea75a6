// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import MeterTransport
import Timekeeping

/// Reads rows of profiles: the asked part of the buffer, or all of it where the meter gives no parts.
struct RowsReader: Sendable {
    let exchange: MeterExchange
    let reader: AttributeReader
    let profiles: ProfileReader
    let clock: any WallClock
    let metrics: GatewayMetrics

    /// Settles which rows a query means.
    func plan(_ query: RowsQuery, of sheet: ProfileSheet, _ errand: MeterErrand) async throws(GatewayError) -> RowsPlan
    {
        let memory = errand.memory
        var query = query
        if memory.text != nil { query.entries(asTimeWith: sheet.descriptor.capturePeriod, now: clock.now()) }
        let isCompact = sheet.template != nil
        if isCompact, query.from != nil || query.to != nil || query.last != nil || query.entries != nil {
            throw .rangeNotSupported(Self.target(sheet, memory), reason: "compact data has only what it captured last")
        }
        let window = isCompact ? nil : try query.window(of: sheet, memory, now: clock.now())
        if window != nil, sheet.restrictingColumn(sheet.behaviour) == nil {
            throw .rangeNotSupported(Self.target(sheet, memory), reason: "its rows have no time")
        }
        var inUse = sheet.descriptor.entriesInUse.map(Int.init)
        if window == nil, query.entries != nil {
            let answer = try await reader.read(
                [AttributeQuery(object: sheet.object.logicalName, classID: sheet.object.classID, attribute: .index(7))],
                for: errand,
                freshness: .live
            )
            if case .success(let reading)? = answer.outcomes.first?.result {
                inUse = reading.data.integerValue.flatMap { UInt32(exactly: $0) }.map { Int($0) } ?? inUse
            }
        }
        return try RowsPlan(query, of: sheet, in: window, memory, entriesInUse: inUse)
    }

    /// Reads the rows and hands them over oldest first, as they come where the buffer's order allows it.
    ///
    /// - Parameters:
    ///   - plan: the rows.
    ///   - errand: how to ask for them.
    ///   - isEnough: asked before a further request, whether it is needed at all.
    ///   - deliver: takes rows; the next ones wait until it returns.
    /// - Returns: who chose rows and columns.
    func read(
        _ plan: RowsPlan,
        _ errand: MeterErrand,
        isEnough: () -> Bool,
        deliver: (RowsBatch) async throws -> Void
    ) async throws -> RowsSelection {
        if plan.sheet.template != nil {
            try await readCompactData(plan, errand, deliver: deliver)
            return RowsSelection(rows: .nobody, columns: plan.columns == nil ? .nobody : .gateway)
        }
        var plan = plan
        var delivered = 0
        var isStrict = true
        while true {
            do {
                return try await readOnce(plan, errand, isStrict: isStrict, skipping: delivered, isEnough) { batch in
                    delivered += batch.count
                    try await deliver(batch)
                }
            } catch let error as ProfileError {
                guard isStrict, error.isLayoutMismatch else { throw Self.unreadable(plan, errand, error) }
                // The capture objects may have changed since they were read.
                let (sheet, _) = try await profiles.profile(
                    plan.sheet.object.logicalName,
                    for: errand,
                    freshness: .live
                )
                if sheet.descriptor.captureObjects == plan.sheet.descriptor.captureObjects {
                    isStrict = false
                } else {
                    guard delivered == 0, plan.columns == nil else { throw Self.changed(plan, errand) }
                    plan = plan.with(sheet, columns: nil)
                }
            }
        }
    }

    private func readOnce(
        _ plan: RowsPlan,
        _ errand: MeterErrand,
        isStrict: Bool,
        skipping: Int,
        _ isEnough: () -> Bool,
        deliver: (RowsBatch) async throws -> Void
    ) async throws -> RowsSelection {
        var output = RowsOutput(plan: plan, skipping: skipping)
        var selection = RowsSelection.none
        let windows: [RowsQuery.Window?] = plan.window == nil ? [nil] : plan.windows
        for (index, window) in windows.enumerated() {
            let ways = RowsRequest.ways(plan, window: window, errand.memory.selections)
            selection = try await read(ways, plan, errand, isStrict: isStrict, &output, deliver)
            // A whole buffer holds the other windows too.
            if selection.rows != .meter { break }
            guard index < windows.count - 1 else { break }
            try await output.finishPart(deliver)
            if isEnough() { break }
        }
        try await output.finish(deliver)
        return selection
    }

    /// Asks in one way after the other until the meter serves one.
    private func read(
        _ ways: [RowsRequest],
        _ plan: RowsPlan,
        _ errand: MeterErrand,
        isStrict: Bool,
        _ output: inout RowsOutput,
        _ deliver: (RowsBatch) async throws -> Void
    ) async throws -> RowsSelection {
        let profile = plan.sheet.object.logicalName
        var refusal: GatewayError?
        var refused: SelectionMemory.Kind?
        for way in ways {
            if way.access == nil, plan.window != nil || plan.entries != nil, !plan.mayReadWhole {
                throw GatewayError.rangeNotSupported(
                    Self.target(plan.sheet, errand.memory),
                    reason: "the meter gives no parts of it"
                        + (refusal.map { ": \($0.detail)" } ?? ", and it is too long to be read whole")
                )
            }
            let taken = output.taken
            do {
                let selection = try await read(way, plan, errand, isStrict: isStrict, &output, deliver)
                if let refused { errand.memory.selections.note(refused, of: profile, at: clock.now()) }
                return selection
            } catch let error as GatewayError
                where way.access != nil && error.mayComeFromSelection && output.taken == taken
            {
                refusal = error
                refused = way.tries
            }
        }
        throw refusal ?? .internal(reason: "there is no way to read rows")
    }

    /// Asks in one way, anew from where it was when urgent work cut in.
    private func read(
        _ way: RowsRequest,
        _ plan: RowsPlan,
        _ errand: MeterErrand,
        isStrict: Bool,
        _ output: inout RowsOutput,
        _ deliver: (RowsBatch) async throws -> Void
    ) async throws -> RowsSelection {
        var progress = RowsProgress(plan)
        var request = way
        var hasBegun = false
        while true {
            let stream = BlockStream(
                plan.sheet.object.attribute(2),
                selectiveAccess: request.access,
                mayMakeWay: progress.mayMakeWay
            )
            async let ending = finish(stream, errand)
            var decoder = ProfileRowDecoder(layout: plan.sheet.layout, options: Self.options(plan, request, isStrict))
            var octets = 0
            let taken = output.taken
            for await block in stream.blocks {
                octets += block.count
                try decoder.feed(block)
                let rows = decoder.takeRows()
                if !hasBegun, !rows.isEmpty {
                    hasBegun = true
                    output.begin(isWhole: way.access == nil, announcedRows: decoder.announcedRows)
                }
                let window = way.access == nil ? plan.window : way.window
                try await output.add(rows, progress.take(rows), within: window, deliver)
                stream.pacing.taken(block.count)
            }
            let madeWay = try await ending
            metrics.octets.increment(MetricLabels("in"), by: UInt64(octets))
            guard !madeWay else {
                request = progress.next(way, hasAdvanced: output.taken > taken)
                continue
            }
            if octets > 0 { try decoder.finish() }
            var selection = way.selection
            if selection.columns == .meter, decoder.sendsAllColumns == true { selection.columns = .gateway }
            if selection.rows == .meter, output.isOverfull { selection.rows = .gateway }
            return selection
        }
    }

    /// Runs the exchange and ends the stream of blocks with it; true if it ended early to make way for urgent work.
    private func finish(_ stream: BlockStream, _ errand: MeterErrand) async throws(GatewayError) -> Bool {
        defer { stream.end() }
        let answer = try await exchange.perform(
            .get([stream.request]),
            for: errand,
            makesWay: stream.mayMakeWay,
            pacing: stream.pacing,
            onBlock: stream.take
        )
        switch answer.response {
        case .streamed, .text: return answer.madeWay
        case .get(let results):
            switch results.first {
            case .data(let octets):
                stream.take(octets)
                return false
            case .failure(let reason):
                let descriptor = stream.request.descriptor
                throw GatewayError(
                    reason,
                    to: "get",
                    ObjectTarget(
                        meter: errand.memory.id,
                        object: descriptor.instanceID,
                        classID: descriptor.classID,
                        member: .attribute(2)
                    ),
                    name: "buffer",
                    isListed: nil
                )
            case nil: throw .internal(reason: "a GET has no result")
            }
        case .set, .sent, .action, .actions, .access: throw .internal(reason: "a GET was answered by another service")
        }
    }

    private static func options(_ plan: RowsPlan, _ way: RowsRequest, _ isStrict: Bool) -> ProfileDecodingOptions {
        ProfileDecodingOptions(
            capturePeriod: plan.sheet.descriptor.capturePeriod,
            sortMethod: plan.sheet.descriptor.sortMethod ?? .fifo,
            zone: plan.zone,
            time: plan.behaviour.time,
            expandsNull: plan.behaviour.nullCell == .repeated,
            rangeStart: way.access == nil
                ? nil : way.window.flatMap { ProfileTime(utcSeconds: $0.from.seconds, zone: plan.zone) },
            columns: plan.columns,
            sentColumns: way.sentColumns ?? (plan.columns == nil ? nil : Array(plan.sheet.layout.columns.indices)),
            isStrict: isStrict
        )
    }

    private static func target(_ sheet: ProfileSheet, _ memory: MeterMemory) -> ObjectTarget {
        sheet.object.target(.attribute(2), of: memory.id)
    }

    private static func unreadable(_ plan: RowsPlan, _ errand: MeterErrand, _ error: ProfileError) -> GatewayError {
        .protocolError(
            errand.memory.id,
            reason: "the buffer of \(plan.sheet.object.logicalName) cannot be read: \(error)"
        )
    }

    private static func changed(_ plan: RowsPlan, _ errand: MeterErrand) -> GatewayError {
        .protocolError(errand.memory.id, reason: "the columns of \(plan.sheet.object.logicalName) changed; ask again")
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
