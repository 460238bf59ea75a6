// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// What a listener served so far.
public struct ListenerCounters: Hashable, Sendable {
    /// Connections accepted.
    public var accepted = 0
    /// Connections open now.
    public var open = 0
    /// Requests answered, by kind; each block counts as one.
    public var served: [ServedRequest: Int] = [:]

    /// All counters at zero.
    public init() {}

    /// Requests for services answered: GET, SET, ACTION, ACCESS and their blocks.
    public var exchanges: Int {
        served[.get, default: 0] + served[.set, default: 0] + served[.action, default: 0]
            + served[.access, default: 0]
    }
}
