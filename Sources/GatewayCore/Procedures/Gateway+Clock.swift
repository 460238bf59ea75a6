// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Timekeeping

extension Gateway {
    /// What a meter's clock shows, and by how much it is wrong.
    public func clockReading(of meter: String, _ wishes: Wishes) async throws(GatewayError) -> ClockReading {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .reading, memory)
        let reading = try await clockProcedure(memory, association, wishes).read()
        await keep(reading, of: memory.id, isCorrected: false)
        return reading
    }

    /// Corrects a meter's clock.
    ///
    /// - Parameter permit: called right before something is sent that changes the clock.
    /// - Throws: ``Fleet/GatewayError``, and what `permit` throws.
    public func synchronizeClock(
        of meter: String,
        _ wish: ClockSyncWish,
        _ wishes: Wishes,
        permit: () async throws -> Void = {}
    ) async throws -> ClockSyncOutcome {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .managing, memory)
        var procedure = clockProcedure(memory, association, wishes)
        if !wish.crossesBoundaries {
            procedure.captures = CaptureGuard(periods: try await ledgers(of: memory.id).map(\.capturePeriod))
        }
        let errand = MeterErrand(
            memory: memory,
            association: association,
            budget: wishes.budget,
            priority: wishes.priority
        )
        // Two who look at the same error would both correct it.
        try await writer.turns.take(ClockProcedure.usualName, for: errand)
        defer { writer.turns.give(ClockProcedure.usualName, for: errand) }
        let outcome = try await procedure.synchronize(wish, permit: permit)
        if let after = outcome.after {
            await keep(after, of: memory.id, isCorrected: true)
        } else {
            await keep(outcome.before, of: memory.id, isCorrected: false)
        }
        return outcome
    }

    /// Finds out by reading whether a correction took effect whose answer was lost.
    func resolveClock(
        of meter: String,
        _ wish: ClockSyncWish,
        _ wishes: Wishes
    ) async throws(GatewayError) -> ClockSyncOutcome {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .managing, memory)
        return try await clockProcedure(memory, association, wishes).resolve(wish)
    }

    /// How a meter's clock went, the oldest sample first.
    ///
    /// - Throws: ``Fleet/GatewayError/meterUnknown(text:)``.
    public func clockHistory(of meter: String) async throws(GatewayError) -> [ClockSample] {
        let memory = try await directory.memory(of: meter)
        return try await translating(await store.clockSamples(memory.id))
    }

    /// Keeps what a clock showed, unless nobody can tell by how much it is wrong.
    private func keep(_ reading: ClockReading, of meter: MeterID, isCorrected: Bool) async {
        guard let offset = reading.offset, reading.ambiguity == nil else { return }
        let sample = ClockSample(
            at: reading.readAt,
            offset: offset,
            uncertainty: reading.uncertainty,
            isCorrected: isCorrected
        )
        // A sample less is no reason to withhold what was read.
        try? await store.keep(sample, of: meter)
    }

    private func clockProcedure(_ memory: MeterMemory, _ association: String, _ wishes: Wishes) -> ClockProcedure {
        ClockProcedure(access: procedureAccess(memory, association, wishes), clock: clock)
    }

    /// A meter in one association, for procedures of several exchanges.
    func procedureAccess(_ memory: MeterMemory, _ association: String, _ wishes: Wishes) -> ProcedureAccess {
        ProcedureAccess(
            exchange: exchange,
            objects: objects,
            memory: memory,
            association: association,
            priority: wishes.priority,
            deadline: wishes.budget.deadline,
            caller: wishes.budget.caller
        )
    }
}
