// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// Which rows and columns of a profile a selective access means (Blue Book, class 7).
struct BufferSelection: Hashable, Sendable {
    /// The rows by their place.
    var rows: Range<Int>
    /// The columns by their place, in their order.
    var columns: [Int]

    /// Why a selection cannot be served.
    struct Refusal: Error, Hashable, Sendable {
        let result: DataAccessResult
    }

    static func make(
        _ selection: SelectiveAccess?,
        profile: ProfileDefinition,
        times: [Int64],
        meter: MeterSnapshot
    ) -> Result<BufferSelection, Refusal> {
        let all = BufferSelection(rows: 0..<times.count, columns: Array(profile.columns.indices))
        guard let selection else { return .success(all) }
        guard profile.selects != .nothing else { return .failure(Refusal(result: .otherReason)) }
        guard case .structure(let parameters) = selection.parameters, parameters.count == 4 else {
            return .failure(Refusal(result: .typeUnmatched))
        }
        if profile.selects == .rows, asksForColumns(selection.selector, parameters) {
            return .failure(Refusal(result: .otherReason))
        }
        let made =
            switch selection.selector {
            case 1: range(parameters, all, profile: profile, times: times, meter: meter)
            case 2: entries(parameters, all, isNewestFirst: profile.form == .newestFirst)
            default: nil as BufferSelection?
            }
        return made.map { .success($0) } ?? .failure(Refusal(result: .typeUnmatched))
    }

    /// Rows whose time lies between two, both included; an open end is no limit.
    private static func range(
        _ parameters: [DLMSData],
        _ all: BufferSelection,
        profile: ProfileDefinition,
        times: [Int64],
        meter: MeterSnapshot
    ) -> BufferSelection? {
        guard let restricting = CaptureObject(parameters[0]), restricting == profile.columns.first?.capture,
            let from = bound(parameters[1], open: .min, meter), let to = bound(parameters[2], open: .max, meter),
            case .array(let selected) = parameters[3]
        else { return nil }
        var selection = all
        let first = times.firstIndex { $0 >= from } ?? times.count
        let end = times.firstIndex { $0 > to } ?? times.count
        selection.rows = first..<max(first, end)
        if !selected.isEmpty {
            let wanted = selected.compactMap { CaptureObject($0) }
            guard wanted.count == selected.count else { return nil }
            selection.columns = profile.columns.indices.filter { wanted.contains(profile.columns[$0].capture) }
        }
        return selection
    }

    private static func asksForColumns(_ selector: UInt8, _ parameters: [DLMSData]) -> Bool {
        if case .array(let columns) = parameters[3] { return !columns.isEmpty }
        let (first, last) = (parameters[2].integerValue ?? 0, parameters[3].integerValue ?? 0)
        return selector == 2 && (first > 1 || last > 0)
    }

    private static func bound(_ data: DLMSData, open: Int64, _ meter: MeterSnapshot) -> Int64? {
        switch data {
        case .octetString(let octets):
            guard let dateTime = try? COSEMDateTime(octets: octets) else { return nil }
            return meter.instant(dateTime) ?? open
        case .dateTime(let dateTime): return meter.instant(dateTime) ?? open
        case .doubleLongUnsigned(let seconds): return Int64(seconds)
        default: return nil
        }
    }

    /// Rows and columns by number from 1; 0 as the last one means "to the end".
    private static func entries(
        _ parameters: [DLMSData],
        _ all: BufferSelection,
        isNewestFirst: Bool
    ) -> BufferSelection? {
        let numbers = parameters.compactMap { $0.integerValue.flatMap { Int(exactly: $0) } }
        guard numbers.count == 4, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
        var selection = all
        let count = all.rows.count
        let rows = part(numbers[0], numbers[1], of: count)
        selection.rows = isNewestFirst ? count - rows.upperBound..<count - rows.lowerBound : rows
        selection.columns = Array(all.columns[part(numbers[2], numbers[3], of: all.columns.count)])
        return selection
    }

    private static func part(_ from: Int, _ to: Int, of count: Int) -> Range<Int> {
        let first = min(max(from, 1) - 1, count)
        let end = to == 0 ? count : min(to, count)
        return first..<max(first, end)
    }
}
