// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// What rows of a profile are to be read, settled before the meter is asked for them.
struct RowsPlan: Sendable {
    let sheet: ProfileSheet
    let window: RowsQuery.Window?
    let entries: Int?
    let columns: [Int]?
    let zone: any TimeZoneRules
    let behaviour: ProfileBehaviour
    /// How many rows the buffer has, as far as it is known.
    let entriesInUse: Int?

    /// More rows than this are asked for in several requests, so that urgent work can pass between them and a slow
    /// reader of a long answer does not make memory grow.
    static let mostRowsInRequest = 4096
    /// A buffer with more entries than this is not read whole for a part of it.
    static let mostEntriesReadWhole = 10_000

    /// The order of the rows in the buffer.
    enum Order: Hashable {
        case oldestFirst
        case newestFirst
        /// Sorted by something other than time.
        case other
    }

    var order: Order {
        switch sheet.descriptor.sortMethod {
        case .fifo, nil: .oldestFirst
        case .lifo: .newestFirst
        case .largest, .smallest, .nearestToZero, .farthestFromZero: .other
        }
    }

    /// Whether the whole buffer may be read if the meter refuses a part of it.
    var mayReadWhole: Bool { (entriesInUse ?? 0) <= Self.mostEntriesReadWhole }

    /// The columns of the rows made.
    var layout: ProfileLayout { columns.map { sheet.layout.selecting($0) } ?? sheet.layout }

    /// The stretches of time to ask for one after the other; none if the rows are not chosen by time.
    var windows: [RowsQuery.Window] {
        guard let window else { return [] }
        let most = min(behaviour.mostRowsInRange.map(Int.init) ?? Self.mostRowsInRequest, Self.mostRowsInRequest)
        let period = Int64(sheet.descriptor.capturePeriod)
        let (length, overflow) = period.multipliedReportingOverflow(by: Int64(most))
        guard period > 0, !overflow, length < window.to.seconds - window.from.seconds else { return [window] }
        // Nothing was recorded before the buffer's oldest row, wherever the caller begins.
        let entries = max(Int64(sheet.descriptor.profileEntries ?? 0), Int64(entriesInUse ?? 0))
        // Both numbers are the meter's, so that their product may be anything.
        let (product, isTooLong) = entries.multipliedReportingOverflow(by: period)
        let held = entries > 0 && !isTooLong ? product : .max
        let bounds = ProfileBehaviour.knownInstants
        var start = max(window.from.seconds, bounds.lowerBound)
        let end = min(window.to.seconds, bounds.upperBound)
        guard start < end else { return [window] }
        var windows: [RowsQuery.Window] = []
        if held < .max, (end - start) / length > 2 * (held / length) + 4 {
            // What lies far before is empty, and asked for at once.
            let recent = max(start, end - (held / length + 2) * length)
            windows.append(RowsQuery.Window(from: window.from, to: Timestamp(seconds: recent)))
            start = recent
        }
        while start < end {
            let next = min(start + length, end)
            windows.append(RowsQuery.Window(from: Timestamp(seconds: start), to: Timestamp(seconds: next)))
            start = next
        }
        return windows
    }

    /// The same for another description of the profile.
    func with(_ sheet: ProfileSheet, columns: [Int]?) -> RowsPlan {
        RowsPlan(
            sheet: sheet,
            window: window,
            entries: entries,
            columns: columns,
            zone: zone,
            behaviour: behaviour,
            entriesInUse: entriesInUse
        )
    }
}

extension RowsPlan {
    /// Plans for the rows of a profile that a query means, whoever has them.
    ///
    /// - Parameters:
    ///   - query: what is asked for.
    ///   - sheet: the profile.
    ///   - window: the stretch of time that is meant; nil for none.
    ///   - memory: the meter.
    ///   - entriesInUse: how many rows the buffer has, as far as it is known.
    init(
        _ query: RowsQuery,
        of sheet: ProfileSheet,
        in window: RowsQuery.Window?,
        _ memory: MeterMemory,
        entriesInUse: Int?
    ) throws(GatewayError) {
        self.init(
            sheet: sheet,
            window: window,
            entries: query.entries,
            columns: try sheet.places(of: query.columns, meter: memory.id),
            zone: memory.zone,
            behaviour: sheet.behaviour,
            entriesInUse: entriesInUse
        )
    }
}

extension RowsQuery {
    /// The stretch of time that is meant of a profile's rows, nil if only a number of rows is.
    ///
    /// - Throws: ``Fleet/GatewayError/rangeNotSupported(_:reason:)`` for one that ends before it begins.
    func window(of sheet: ProfileSheet, _ memory: MeterMemory, now: Timestamp) throws(GatewayError) -> Window? {
        guard let window = window(now: now) else { return nil }
        guard window.from <= window.to else {
            let target = sheet.object.target(.attribute(2), of: memory.id)
            throw .rangeNotSupported(target, reason: "it ends before it begins")
        }
        return window
    }
}

/// One way to ask for rows.
struct RowsRequest: Sendable {
    /// The selective access, nil for the whole buffer.
    var access: SelectiveAccess?
    /// The part of the window that is asked for.
    var window: RowsQuery.Window?
    /// Which columns the meter is asked for; nil for all.
    var sentColumns: [Int]?
    /// Who chooses.
    var selection: RowsSelection
    /// What the meter refuses if it refuses this but serves the next way.
    var tries: SelectionMemory.Kind?

    /// The ways to ask for rows, the most selective one first.
    static func ways(_ plan: RowsPlan, window: RowsQuery.Window?, _ memory: SelectionMemory) -> [RowsRequest] {
        let profile = plan.sheet.object.logicalName
        let byGateway: RowsSelection.Chooser = plan.columns == nil ? .nobody : .gateway
        let allows = { memory.allows($0, of: profile, plan.behaviour) }
        var ways: [RowsRequest] = []
        if let window, allows(.range) {
            if let columns = plan.columns, allows(.columns), let access = range(plan, window, columns: columns) {
                ways.append(
                    RowsRequest(
                        access: access,
                        window: window,
                        sentColumns: columns,
                        selection: RowsSelection(rows: .meter, columns: .meter),
                        tries: .columns
                    )
                )
            }
            if let access = range(plan, window, columns: []) {
                ways.append(
                    RowsRequest(
                        access: access,
                        window: window,
                        selection: RowsSelection(rows: .meter, columns: byGateway),
                        tries: .range
                    )
                )
            }
        } else if plan.window == nil, let entries = plan.entries, let inUse = plan.entriesInUse, entries < inUse,
            plan.order != .other, allows(.entries)
        {
            let first = plan.order == .newestFirst ? 1 : UInt32(clamping: inUse - entries + 1)
            let last = plan.order == .newestFirst ? UInt32(clamping: entries) : 0
            if let columns = plan.columns, allows(.columns), let low = columns.first, let high = columns.last {
                ways.append(
                    RowsRequest(
                        access: .entries(
                            from: first,
                            to: last,
                            firstColumn: UInt16(clamping: low + 1),
                            lastColumn: UInt16(clamping: high + 1)
                        ),
                        sentColumns: Array(low...high),
                        selection: RowsSelection(rows: .meter, columns: .meter),
                        tries: .columns
                    )
                )
            }
            ways.append(
                RowsRequest(
                    access: .entries(from: first, to: last),
                    selection: RowsSelection(rows: .meter, columns: byGateway),
                    tries: .entries
                )
            )
        }
        let isPart = plan.window != nil || plan.entries.map { $0 < plan.entriesInUse ?? .max } ?? false
        ways.append(
            RowsRequest(selection: RowsSelection(rows: isPart ? .gateway : .nobody, columns: byGateway))
        )
        return ways
    }

    /// The same for a part of the window; nil if it is not asked for by time.
    func narrowed(_ plan: RowsPlan, to window: RowsQuery.Window) -> RowsRequest? {
        guard access != nil, self.window != nil else { return nil }
        let columns = selection.columns == .meter ? sentColumns ?? [] : []
        guard let access = Self.range(plan, window, columns: columns) else { return nil }
        var request = self
        request.access = access
        request.window = window
        return request
    }

    private static func range(
        _ plan: RowsPlan,
        _ window: RowsQuery.Window,
        columns: [Int]
    ) -> SelectiveAccess? {
        guard let restricting = plan.sheet.restrictingColumn(plan.behaviour),
            let bounds = plan.behaviour.rangeBounds(
                from: window.from.seconds,
                to: window.to.seconds,
                zone: plan.zone,
                restricting: restricting
            )
        else { return nil }
        return .range(
            from: bounds.from,
            to: bounds.to,
            restricting: restricting,
            columns: columns.map { plan.sheet.layout.columns[$0].capture }
        )
    }
}
