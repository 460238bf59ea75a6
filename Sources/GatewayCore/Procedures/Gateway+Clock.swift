// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

extension Gateway {
    /// What a meter's clock shows, and by how much it is wrong.
    public func clockReading(of meter: String, _ wishes: Wishes) async throws(GatewayError) -> ClockReading {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .reading, memory)
        return try await clockProcedure(memory, association, wishes).read()
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
        return try await clockProcedure(memory, association, wishes).synchronize(wish, permit: permit)
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
