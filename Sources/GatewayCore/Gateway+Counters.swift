// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import MeterSessions

/// How things stand with the invocation counters of one association.
public struct AssociationCounters: Sendable {
    /// The name of the association.
    public let association: String
    /// The client's system title, which the counter belongs to together with the key.
    public let clientSystemTitle: SystemTitle
    /// The value that is used next; nil when the key was never used.
    public let next: UInt64?
    /// The first value that no gateway over this database has reserved; nil when the key was never used.
    public let stored: InvocationCounterState?
    /// The highest counter that the meter has proven to have used; nil when there is none yet.
    public let server: PeerCounter?
    /// The last jumps, the newest first.
    public let repairs: [CounterRepair]
}

extension Gateway {
    private static let mostRepairs = 100

    /// How things stand with the counters of a meter's protected associations, by their names; without meter traffic.
    ///
    /// - Throws: ``GatewayError/meterUnknown(text:)``, errors of the store.
    public func counters(of id: String) async throws(GatewayError) -> [AssociationCounters] {
        let memory = try await directory.memory(of: id)
        var all: [AssociationCounters] = []
        for (name, plan) in memory.route.counters.sorted(by: { $0.key < $1.key }) {
            all.append(try await counters(name, plan, of: memory.id))
        }
        return all
    }

    /// Makes the counter of an association jump over a value, because a person knows that the meter has seen it.
    ///
    /// - Parameters:
    ///   - id: the meter.
    ///   - association: the name of the association.
    ///   - value: the highest value that must not be used any more.
    ///   - note: why, in the person's words.
    ///   - caller: who asks.
    /// - Returns: how things stand afterwards, and the jump; no jump when the counter was above the value already.
    /// - Throws: ``GatewayError/meterUnknown(text:)``, ``GatewayError/associationUnknown(_:name:known:)`` also for one
    ///   without counters, ``GatewayError/invocationCounterRejected(_:_:)``, errors of the store.
    public func raiseCounter(
        of id: String,
        association: String,
        above value: UInt32,
        note: String,
        by caller: String
    ) async throws(GatewayError) -> (counters: AssociationCounters, repair: CounterRepair?) {
        let memory = try await directory.memory(of: id)
        let plans = memory.route.counters
        guard let plan = plans[association] else {
            throw .associationUnknown(memory.id, name: association, known: plans.keys.sorted())
        }
        let custodian = try keeper()
        let repair: CounterRepair?
        do {
            repair = try await custodian.raise(
                plan.counterID,
                above: value,
                because: CounterRepairReason(
                    cause: .operator,
                    meter: memory.id,
                    association: association,
                    madeBy: caller,
                    note: note
                ),
                isLimited: false
            )
        } catch {
            throw Self.failure(error, memory.id)
        }
        return (try await counters(association, plan, of: memory.id), repair)
    }

    private func counters(
        _ name: String,
        _ plan: CounterPlan,
        of meter: MeterID
    ) async throws(GatewayError) -> AssociationCounters {
        let custodian = try keeper()
        do {
            let id = try plan.counterID
            let state = try await custodian.state(id)
            return AssociationCounters(
                association: name,
                clientSystemTitle: id.systemTitle,
                next: state?.next,
                stored: state?.stored,
                server: try await custodian.peerCounter(of: meter, key: plan.key),
                repairs: try await custodian.repairs(id, limit: Self.mostRepairs)
            )
        } catch {
            throw Self.failure(error, meter)
        }
    }

    private func keeper() throws(GatewayError) -> CounterCustodian {
        guard let custodian else { throw .internal(reason: "nobody keeps invocation counters") }
        return custodian
    }

    private static func failure(_ error: any Error, _ meter: MeterID) -> GatewayError {
        switch error {
        case CounterStoreError.exhausted: .invocationCounterRejected(meter, .exhausted)
        case CounterStoreError.store(let error): GatewayError(error)
        default: .internal(reason: "\(error)")
        }
    }
}
