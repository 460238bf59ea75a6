// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import Fleet
import JSONText
public import Jobs

extension Gateway {
    /// Makes a job that replaces keys of a meter.
    ///
    /// - Parameters:
    ///   - order: which keys.
    ///   - given: new keys that the caller chose; those left out are made here.
    ///   - meter: the meter.
    ///   - caller: who asks.
    ///   - traceID: ties the job to the request.
    /// - Throws: ``Fleet/GatewayError/secretsPending(_:)`` while an earlier change is not settled.
    public func submitKeyChange(
        _ order: KeyChangeOrder,
        given: [TransferredKey: Secret],
        meter: String,
        caller: String,
        traceID: String
    ) async throws(GatewayError) -> JobRecord {
        let change = try await secretChange(.keys(order), meter, Wishes(budget: WaitBudget(.zero)))
        if order.method == .agreement {
            _ = try change.agreementTerms(of: order)
            try await requireSettledSecrets(of: meter)
            return try await submit(
                .keyChange(order),
                targets: [meter],
                priority: 5,
                caller: caller,
                traceID: traceID
            )
        }
        let secrets = try change.secrets(given: given, password: nil)
        var order = order
        order.hasKeptKeys = true
        return try await submit(.keyChange(order), keeping: secrets, meter, caller, traceID)
    }

    /// Makes a job that replaces the password or secret of an association.
    ///
    /// - Throws: ``Fleet/GatewayError/secretsPending(_:)`` while an earlier change is not settled.
    public func submitSecretChange(
        _ order: SecretChangeOrder,
        to secret: Secret,
        meter: String,
        caller: String,
        traceID: String
    ) async throws(GatewayError) -> JobRecord {
        let change = try await secretChange(.secret(order), meter, Wishes(budget: WaitBudget(.zero)))
        let secrets = try change.secrets(given: [:], password: secret)
        return try await submit(.secretChange(order), keeping: secrets, meter, caller, traceID)
    }

    /// Finds out which secrets a meter has after a change whose answer was lost.
    ///
    /// - Throws: ``Fleet/GatewayError/secretsPending(_:)`` while the new ones wait to be sent, or somebody is at it.
    public func resolveSecrets(of meter: String, _ wishes: Wishes) async throws(GatewayError) -> SecretChangeOutcome {
        let change = try await secretChange(.keys(KeyChangeOrder(keys: [])), meter, wishes)
        let id = change.memory.id
        guard try await !hasOpenSecretJob(at: meter, includingSent: false) else { throw .secretsPending(id) }
        try beginSecretWork(at: id)
        defer { endSecretWork(at: id) }
        guard let pending = try await pendingSecrets(of: change.memory.id) else {
            return SecretChangeOutcome(state: .none, places: [])
        }
        let outcome = try await change.settle(pending, newFirst: true)
        if outcome.state == .kept { try await abandonPendingSecrets(of: change.memory.id) }
        return outcome
    }

    /// The new secrets are durable before the job is, and the job before anything is sent.
    private func submit(
        _ order: JobOrder,
        keeping secrets: [JSONPointer: Secret],
        _ meter: String,
        _ caller: String,
        _ traceID: String
    ) async throws(GatewayError) -> JobRecord {
        let id = try meterID(meter)
        try await requireSettledSecrets(of: meter)
        try await beginSecretChange(of: id, secrets)
        do throws(GatewayError) {
            return try await submit(order, targets: [meter], priority: 5, caller: caller, traceID: traceID)
        } catch {
            // Nothing was sent, and nobody would send it.
            try await abandonPendingSecrets(of: id)
            throw error
        }
    }

    /// Sees to it that no change is under way.
    ///
    /// - Throws: ``GatewayError/secretsPending(_:)`` while a job looks after an earlier change.
    private func requireSettledSecrets(of meter: String) async throws(GatewayError) {
        let id = try meterID(meter)
        // Keys that are being agreed on are not kept before the meter has answered, so the job counts, too.
        guard try await !hasOpenSecretJob(at: meter) else { throw .secretsPending(id) }
        guard try await pendingSecrets(of: id) != nil else { return }
        // Left behind by a process that died before it could make the job.
        _ = try await resolveSecrets(of: meter, Wishes(budget: WaitBudget(Self.patience)))
    }

    /// How long a caller waits for an earlier change to be settled.
    private static let patience = Duration.seconds(60)

    /// Whether a job looks after secrets that are on their way to a meter.
    ///
    /// - Parameter includingSent: whether a job counts that has sent them and waits for the meter.
    private func hasOpenSecretJob(
        at meter: String,
        includingSent: Bool = true
    ) async throws(GatewayError) -> Bool {
        let open = Set(JobState.allCases.filter { !$0.isFinal })
        for kind in [JobKind.keyChange, .secretChange] {
            let query = JobQuery(states: open, kind: kind, target: meter)
            for job in try await jobList(matching: query, before: nil, limit: 10) {
                if includingSent { return true }
                // The job may have other meters, too.
                let executions = try await executions(of: job.id.text, after: nil, limit: 10_000)
                let mine = executions.filter { $0.target == meter && $0.finishedAt == nil }
                if mine.contains(where: { !$0.hasTransmitted || $0.state == .running }) { return true }
            }
        }
        return false
    }

    /// A change of secrets at a meter.
    func secretChange(
        _ message: SecretChange.Message,
        _ meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> SecretChange {
        let memory = try await directory.memory(of: meter)
        return SecretChange(gateway: self, memory: memory, message: message, wishes: wishes)
    }

    /// Keeps others from settling or sending secrets of a meter at the same time.
    ///
    /// - Throws: ``Fleet/GatewayError/secretsPending(_:)`` when somebody is at it.
    func beginSecretWork(at meter: MeterID) throws(GatewayError) {
        guard secretWork.withLock({ $0.insert(meter).inserted }) else { throw .secretsPending(meter) }
    }

    func endSecretWork(at meter: MeterID) {
        _ = secretWork.withLock { $0.remove(meter) }
    }

    func pendingSecrets(of meter: MeterID) async throws(GatewayError) -> PendingSecrets? {
        try await translating(await store.pendingSecrets(meter))
    }

    func beginSecretChange(of meter: MeterID, _ secrets: [JSONPointer: Secret]) async throws(GatewayError) {
        do throws(StoreError) {
            try await store.beginSecretChange(meter, secrets)
        } catch {
            if case .inUse = error { throw .secretsPending(meter) }
            throw GatewayError(error)
        }
    }

    func adoptPendingSecrets(of meter: MeterID) async throws(GatewayError) {
        _ = try await translating(await store.adoptPendingSecrets(meter))
        directory.forget(meter)
    }

    func abandonPendingSecrets(of meter: MeterID) async throws(GatewayError) {
        try await translating(await store.abandonPendingSecrets(meter))
    }
}
