// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Timekeeping

/// How far a read has come that may end between two blocks to make way for urgent work, and how it goes on after that.
///
/// The meter is asked anew from the instant of the last row that was complete; rows that come a second time are left
/// out. In between the meter may have captured new rows, and may have dropped old ones.
struct RowsProgress {
    private let plan: RowsPlan
    /// The order of the rows as they come; nil until two of them differ.
    private var order: RowsPlan.Order?
    /// The latest instant of a row, in the order in which they come.
    private var last: Int64?
    /// How many rows had that instant.
    private var alike = 0
    /// How many rows without an instant came after those.
    private var timeless = 0
    /// What is still to be left out; nil when everything is new.
    private var repeated: (alike: Int, timeless: Int)?
    /// Requests that brought no new row, or had to begin again.
    private var detours = 0

    init(_ plan: RowsPlan) {
        self.plan = plan
    }

    /// Whether the read may make way: not without times to go on from, and not for ever.
    var mayMakeWay: Bool {
        plan.order != .other && plan.sheet.restrictingColumn(plan.behaviour) != nil && detours < 3
    }

    /// Takes rows as they come, and tells which of them are new.
    mutating func take(_ rows: ProfileRows) -> [Int] {
        rows.indices.filter { index in
            let seconds = rows.utcSeconds(index)
            guard !isRepeated(seconds) else { return false }
            note(seconds)
            return true
        }
    }

    /// The read made way: how it goes on.
    ///
    /// - Parameters:
    ///   - way: how it was asked for at first.
    ///   - hasAdvanced: whether a new row came.
    mutating func next(_ way: RowsRequest, hasAdvanced: Bool) -> RowsRequest {
        repeated = last == nil && timeless == 0 ? nil : (alike, timeless)
        let narrowed = hasAdvanced ? narrowed(way) : nil
        if narrowed == nil { detours += 1 }
        return narrowed ?? self.narrowed(way) ?? way
    }

    private func narrowed(_ way: RowsRequest) -> RowsRequest? {
        guard let window = way.window, let last else { return nil }
        let reached = Timestamp(seconds: last)
        return switch order {
        case .oldestFirst: way.narrowed(plan, to: RowsQuery.Window(from: max(reached, window.from), to: window.to))
        case .newestFirst:
            way.narrowed(plan, to: RowsQuery.Window(from: window.from, to: min(reached + .seconds(1), window.to)))
        case .other, nil: nil
        }
    }

    /// Whether a row came before.
    private mutating func isRepeated(_ seconds: Int64?) -> Bool {
        guard let left = repeated else { return false }
        guard let seconds else {
            guard left.alike == 0, left.timeless > 0 else {
                // Among rows that came before, unless those were all.
                if left.alike > 0 { return true }
                repeated = nil
                return false
            }
            repeated?.timeless -= 1
            return true
        }
        guard let last else { return false }
        if seconds == last, left.alike > 0 {
            repeated?.alike -= 1
            return true
        }
        let isBefore =
            switch order {
            case .oldestFirst: seconds < last
            case .newestFirst: seconds > last
            case .other, nil: false
            }
        if !isBefore { repeated = nil }
        return isBefore
    }

    private mutating func note(_ seconds: Int64?) {
        guard let seconds else {
            timeless += 1
            return
        }
        if seconds == last {
            alike += 1
        } else {
            if let last, order == nil { order = seconds > last ? .oldestFirst : .newestFirst }
            (last, alike) = (seconds, 1)
        }
        timeless = 0
    }
}
