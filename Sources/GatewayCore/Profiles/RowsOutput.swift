// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel

/// Some of the rows that were decoded together.
public struct RowsBatch: Sendable {
    /// The rows.
    public let rows: ProfileRows
    /// Which of them, in the order they are to be taken.
    public let indices: [Int]

    /// How many there are.
    public var count: Int { indices.count }

    /// The instant of the row at a place of ``indices``.
    func seconds(_ place: Int) -> Int64? { rows.utcSeconds(indices[place]) }

    /// Only some of them.
    func selecting(_ places: Range<Int>) -> RowsBatch { RowsBatch(rows: rows, indices: Array(indices[places])) }
}

/// Puts rows into the order oldest first, leaves out what was not asked for, and holds back no more than that needs.
struct RowsOutput {
    private let plan: RowsPlan
    private var order: RowsPlan.Order
    /// The last so many rows are wanted, so that all have to be seen first.
    private var tail: Int?
    private var held: [RowsBatch] = []
    private var heldCount = 0
    /// Rows that were handed over when the reading began anew.
    private var skipping: Int
    /// The order of the buffer is known from its rows.
    private var isOrderSeen = false
    /// More rows came than were asked for by number.
    private(set) var isOverfull = false
    /// How many rows have come so far.
    private(set) var taken = 0

    init(plan: RowsPlan, skipping: Int) {
        self.plan = plan
        self.skipping = skipping
        order = plan.order
        tail = plan.window == nil ? nil : plan.entries
    }

    /// The first rows of an answer are there.
    mutating func begin(isWhole: Bool, announcedRows: Int?) {
        guard plan.window == nil, let entries = plan.entries else { return }
        if isWhole {
            tail = entries
        } else if announcedRows.map({ $0 > entries }) ?? true {
            isOverfull = announcedRows != nil
            tail = entries
        }
    }

    /// Takes rows in the order of the buffer, and leaves out those outside of a stretch of time; rows without an instant stay.
    mutating func add(
        _ rows: ProfileRows,
        _ indices: some Sequence<Int>,
        within window: RowsQuery.Window?,
        _ deliver: (RowsBatch) async throws -> Void
    ) async throws {
        let wanted = indices.filter { index in
            guard let window, let seconds = rows.utcSeconds(index) else { return true }
            return window.contains(seconds)
        }
        let batch = RowsBatch(rows: rows, indices: wanted)
        guard batch.count > 0 else { return }
        taken += batch.count
        held.append(batch)
        heldCount += batch.count
        seeOrder()
        if order == .oldestFirst, tail == nil {
            // With one row nothing tells whether the order is as the descriptor says.
            if isOrderSeen || heldCount > 1 { try await flush(deliver) }
        } else if order == .oldestFirst, let tail {
            while let first = held.first, heldCount - first.count >= tail {
                held.removeFirst()
                heldCount -= first.count
            }
        }
    }

    /// A part of the asked time is complete; the next one is later.
    mutating func finishPart(_ deliver: (RowsBatch) async throws -> Void) async throws {
        guard tail == nil, order != .other else { return }
        arrange()
        try await flush(deliver)
    }

    /// Everything has come.
    mutating func finish(_ deliver: (RowsBatch) async throws -> Void) async throws {
        arrange()
        if let tail, heldCount > tail {
            var excess = heldCount - tail
            while excess > 0, let first = held.first {
                if first.count <= excess {
                    held.removeFirst()
                } else {
                    held[0] = first.selecting(excess..<first.count)
                }
                excess -= min(excess, first.count)
            }
            heldCount = tail
        }
        try await flush(deliver)
    }

    /// Looks at the first two different instants: some meters say first in, first out and send the newest row first.
    private mutating func seeOrder() {
        guard !isOrderSeen, order != .other, heldCount > 1 else { return }
        var first: Int64?
        for batch in held {
            for place in 0..<batch.count {
                guard batch.rows[batch.indices[place]].time?.source != .inferred, let seconds = batch.seconds(place)
                else { continue }
                guard let before = first else {
                    first = seconds
                    continue
                }
                guard before != seconds else { continue }
                order = seconds > before ? .oldestFirst : .newestFirst
                isOrderSeen = true
                return
            }
        }
    }

    /// Puts what is held into order.
    private mutating func arrange() {
        switch order {
        case .oldestFirst: return
        case .newestFirst:
            held = held.reversed().map { RowsBatch(rows: $0.rows, indices: $0.indices.reversed()) }
        case .other:
            let places = held.enumerated().flatMap { number, batch in
                (0..<batch.count).map { (number, $0, batch.seconds($0) ?? .max) }
            }
            held = places.sorted { ($0.2, $0.0, $0.1) < ($1.2, $1.0, $1.1) }
                .map { held[$0.0].selecting($0.1..<$0.1 + 1) }
        }
    }

    private mutating func flush(_ deliver: (RowsBatch) async throws -> Void) async throws {
        let ready = held
        held = []
        heldCount = 0
        for batch in ready {
            guard skipping > 0 else {
                try await deliver(batch)
                continue
            }
            let skipped = min(skipping, batch.count)
            skipping -= skipped
            if skipped < batch.count { try await deliver(batch.selecting(skipped..<batch.count)) }
        }
    }
}
