// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// Hands out the invocation counters of one key and system title, each of them only once in all times.
///
/// One source serves one association; a connection asks it whenever what it has runs short.
public protocol InvocationCounterSource: Sendable {
    /// Reserves counters durably, so that no other caller gets them, not even after a crash.
    ///
    /// - Parameter count: how many are needed at least.
    /// - Returns: `count` counters or more, all above those handed out before.
    /// - Throws: `InvocationCounterError`.
    func reserve(_ count: Int) async throws(InvocationCounterError) -> Range<UInt64>
}

/// Why counters were not reserved.
public struct InvocationCounterError: Error, Hashable, Sendable {
    /// The reason.
    public var refusal: CounterRefusal

    /// Names the reason.
    public init(_ refusal: CounterRefusal) {
        self.refusal = refusal
    }
}
