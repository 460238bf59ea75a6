// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Synchronization

/// Remembers what came of orders by their `Idempotency-Key`, so that a repeated order is not sent again.
///
/// Kept in memory: it does not outlive the process. A lock, because the first of two equal orders must win at once.
final class IdempotencyLedger<Outcome: Sendable>: Sendable {
    private enum State {
        case inFlight
        case settled(Result<Outcome, GatewayError>)
    }

    private struct Entry {
        let body: JSONValue
        var state: State
    }

    private struct Entries {
        var byKey: [String: Entry] = [:]
        var order: [String] = []
    }

    private let mostEntries: Int
    private let entries = Mutex(Entries())

    init(mostEntries: Int = 10_000) {
        self.mostEntries = mostEntries
    }

    /// Carries an order out unless it was carried out before; then gives its outcome again.
    ///
    /// An order that certainly did nothing may be tried again with the same key.
    ///
    /// - Throws: ``GatewayError/idempotencyInFlight``, ``GatewayError/idempotencyKeyReused``, and what the order throws.
    func once(
        _ key: String,
        body: JSONValue,
        _ order: () async throws(GatewayError) -> Outcome
    ) async throws(GatewayError) -> (outcome: Outcome, isReplayed: Bool) {
        if let earlier = try claim(key, body: body) { return (try earlier.get(), true) }
        do throws(GatewayError) {
            let outcome = try await order()
            settle(key, .success(outcome))
            return (outcome, false)
        } catch {
            settle(key, .failure(error))
            throw error
        }
    }

    private func claim(_ key: String, body: JSONValue) throws(GatewayError) -> Result<Outcome, GatewayError>? {
        let claimed: Result<Result<Outcome, GatewayError>?, GatewayError> = entries.withLock { entries in
            if let entry = entries.byKey[key] {
                guard entry.body == body else { return .failure(.idempotencyKeyReused) }
                switch entry.state {
                case .inFlight: return .failure(.idempotencyInFlight)
                case .settled(let result): return .success(result)
                }
            }
            entries.byKey[key] = Entry(body: body, state: .inFlight)
            entries.order.append(key)
            if entries.order.count > mostEntries { entries.byKey.removeValue(forKey: entries.order.removeFirst()) }
            return .success(nil)
        }
        return try claimed.get()
    }

    private func settle(_ key: String, _ result: Result<Outcome, GatewayError>) {
        entries.withLock { entries in
            if case .failure(let error) = result, !error.mayHaveActed {
                entries.byKey.removeValue(forKey: key)
                entries.order.removeAll { $0 == key }
            } else {
                entries.byKey[key]?.state = .settled(result)
            }
        }
    }
}

extension GatewayError {
    /// Whether the meter may have carried out what was asked for in spite of the error.
    var mayHaveActed: Bool {
        if case .outcomeUnknown = self { true } else { false }
    }
}
