// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A series with the number that stands for it in the store.
public struct NumberedSeries: Hashable, Sendable {
    /// The number, from 1, unique within the meter.
    public let number: Int
    /// What it stands for.
    public let series: ReadingSeries

    /// Makes a pair.
    public init(number: Int, series: ReadingSeries) {
        self.number = number
        self.series = series
    }
}

extension NumberedSeries {
    /// Whether this stands for rows of a profile and so has no values of its own.
    public var isRows: Bool {
        guard case .profile(let profile) = series.source else { return false }
        return series == .rows(of: profile)
    }
}
