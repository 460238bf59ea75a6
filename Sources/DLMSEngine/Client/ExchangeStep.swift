// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What an exchange wants done next.
enum ExchangeStep<Outcome: Hashable & Sendable>: Hashable, Sendable {
    /// Send this APDU and wait for what is named.
    case send([UInt8], awaiting: Awaited)
    /// The exchange is complete; nothing of it is on its way any more.
    case finished(Outcome)
    /// The exchange broke.
    case failed(EngineError)
    /// The APDU belongs to something else, such as a late answer to an earlier request; go on waiting.
    case ignored
}
