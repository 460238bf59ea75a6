// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// By how much a meter's clock was wrong at one time.
public struct ClockSample: Hashable, Sendable {
    /// The moment at which the meter looked at its clock.
    public var at: Timestamp
    /// How far the meter was ahead.
    public var offset: Duration
    /// How far that may be wrong.
    public var uncertainty: Duration
    /// Whether the clock was corrected right before, so that drift is counted from here on.
    public var isCorrected: Bool

    /// Makes a sample.
    public init(at: Timestamp, offset: Duration, uncertainty: Duration, isCorrected: Bool = false) {
        self.at = at
        self.offset = offset
        self.uncertainty = uncertainty
        self.isCorrected = isCorrected
    }
}

/// Keeps how the clocks of meters go.
public protocol ClockSampleStore: Sendable {
    /// Keeps a sample in place of an earlier one of the same ten minutes, and only the newest 200 of each meter.
    ///
    /// Of a meter that is gone, nothing is kept.
    func keep(_ sample: ClockSample, of meter: MeterID) async throws(StoreError)

    /// The samples of a meter, the oldest first.
    func clockSamples(_ meter: MeterID) async throws(StoreError) -> [ClockSample]
}
