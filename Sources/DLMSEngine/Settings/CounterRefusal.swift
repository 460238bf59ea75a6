// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why there are no invocation counters for a message.
public enum CounterRefusal: String, Hashable, Sendable {
    /// All counters of the key are used up: the key has to be changed.
    case exhausted
    /// The reservation could not be stored, so using counters would risk using them twice: us.
    case notStored
    /// Nobody keeps counters for this association although its messages are protected: us.
    case noSource
    /// The reservation did not come in time: us.
    case late
}
