// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Keeps what was learned about meters while talking to them; what it returns from a write is durable.
public protocol LearnedQuirkStore: Sendable {
    /// What was learned about a meter, by the names of the options.
    func learnedQuirks(_ meter: MeterID) async throws(StoreError) -> [LearnedQuirk]

    /// Keeps what was learned, in place of earlier values of the same options; of a meter that is gone, nothing.
    func learn(_ quirks: [LearnedQuirk], about meter: MeterID) async throws(StoreError)

    /// Forgets everything that was learned about a meter; false when there was nothing.
    func forgetLearnedQuirks(_ meter: MeterID) async throws(StoreError) -> Bool
}
