// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Timekeeping

/// How fast a clock gets wrong, by the samples since it was last set.
public struct ClockDrift: Hashable, Sendable {
    /// What the clock gains, in millionths of the time that passes; 11.6 is a second a day.
    public let partsPerMillion: Double
    /// How far that may be wrong.
    public let uncertainty: Double
    /// How many samples tell it.
    public let sampleCount: Int
    /// The times of the first and of the last of them.
    public let range: ClosedRange<Timestamp>

    /// Samples that lie closer together than this tell nothing.
    private static let shortestTime = Duration.seconds(600)
    /// No clock drifts faster, in millionths; what looks like it is a clock that somebody set.
    private static let fastestDrift = 2000.0

    /// Fits a line to the newest run of samples that is long enough; nil when there is none.
    ///
    /// - Parameter samples: the oldest first.
    public init?(_ samples: [ClockSample]) {
        for run in Self.runs(samples).reversed() {
            if let drift = Self(run: run) {
                self = drift
                return
            }
        }
        return nil
    }

    private init?(run: ArraySlice<ClockSample>) {
        guard let first = run.first, let last = run.last, last.at - first.at >= Self.shortestTime else { return nil }
        let times = run.map { ($0.at - first.at) / .seconds(1) }
        let mean = times.reduce(0, +) / Double(times.count)
        let spread = times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        var slope = 0.0
        var error = 0.0
        for (time, sample) in zip(times, run) {
            slope += (time - mean) * (sample.offset / .seconds(1))
            error += (time - mean).magnitude * (sample.uncertainty / .seconds(1))
        }
        partsPerMillion = slope / spread * 1_000_000
        uncertainty = error / spread * 1_000_000
        sampleCount = run.count
        range = first.at...last.at
    }

    /// The samples between two settings of the clock, whoever set it.
    private static func runs(_ samples: [ClockSample]) -> [ArraySlice<ClockSample>] {
        var runs: [ArraySlice<ClockSample>] = []
        var start = samples.startIndex
        for index in samples.indices.dropFirst() {
            let (before, sample) = (samples[index - 1], samples[index])
            let passed = (sample.at - before.at) / .seconds(1)
            let moved = (sample.offset - before.offset).magnitude / .seconds(1)
            let allowed =
                (before.uncertainty + sample.uncertainty) / .seconds(1) + passed * fastestDrift / 1_000_000
            if sample.isCorrected || moved > allowed {
                runs.append(samples[start..<index])
                start = index
            }
        }
        runs.append(samples[start...])
        return runs
    }
}
