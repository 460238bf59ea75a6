// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import Timekeeping

/// A message of which it is known whose it is.
struct JudgedPush: Sendable {
    /// What protected a message.
    struct Protection: Sendable {
        /// The message with its protection taken off.
        let opened: OpenedNotification
        /// Which of the meter's keys opened it.
        let keys: Int
    }

    /// The meter.
    let memory: MeterMemory
    /// What it sent, in clear.
    let message: UnsolicitedMessage
    /// What proves that it is of the meter.
    let trust: PushTrust
    /// What protected it; nil for nothing.
    var protection: Protection?
    /// The counter that it used, to be kept with it.
    var mark: PushMark?
    /// The counter before it.
    var markBefore: PushMark?
    /// Whether it has been kept before, and only its confirmation was lost.
    var isRepeated = false
    /// When it came.
    var receivedAt = Timestamp(microseconds: 0)
}

extension PushedBatch {
    /// Whether there is nothing to keep.
    var isEmpty: Bool { readings.isEmpty && events.isEmpty && marks.isEmpty }
}
