// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Names an execution as it was handed out once.
///
/// An execution whose lease lapsed is handed out again, perhaps to the same gateway while its first attempt still runs;
/// by this name the store tells the two apart.
public struct HeldExecution: Hashable, Sendable {
    /// The execution.
    public let id: ExecutionID
    /// Which time it was handed out, from 1.
    public let claim: Int

    /// Makes a name.
    public init(id: ExecutionID, claim: Int) {
        self.id = id
        self.claim = claim
    }
}

extension ExecutionRecord {
    /// The name under which whoever has it now may act on it.
    public var held: HeldExecution { HeldExecution(id: id, claim: claims) }
}
