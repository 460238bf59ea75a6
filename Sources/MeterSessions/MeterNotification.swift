// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// Something that a meter sent without having been asked, in an association that the gateway had opened.
public struct MeterNotification: Hashable, Sendable {
    /// The identifier of the meter.
    public var meter: String
    /// What it sent, after its protection was taken off.
    public var message: UnsolicitedMessage
    /// When it came.
    public var receivedAt: ContinuousClock.Instant

    /// Gathers a notification.
    public init(meter: String, message: UnsolicitedMessage, receivedAt: ContinuousClock.Instant) {
        self.meter = meter
        self.message = message
        self.receivedAt = receivedAt
    }
}
