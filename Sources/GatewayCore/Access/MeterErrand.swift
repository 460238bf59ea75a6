// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Something to do at one meter: in whose view, how long there is for it, and how it ranks among others.
struct MeterErrand: Sendable {
    /// The meter.
    let memory: MeterMemory
    /// The configured association to do it in.
    let association: String
    /// How long whoever wants it waits.
    let budget: WaitBudget
    /// 0 to 9, 9 goes first.
    let priority: UInt8
}
