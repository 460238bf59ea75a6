// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Jobs
import Timekeeping

/// Requests that must not be carried out twice: their keys, and those that make no job.
extension Gateway {
    /// No request takes longer: what is under way after this time was lost with the gateway that did it.
    private static let longestRequest = Duration.seconds(300)

    /// How long an Idempotency-Key is remembered.
    private static let keyRetention = Duration.seconds(8 * 86_400)

    /// The key of a request: who sent it, where, and what it said.
    ///
    /// - Parameters:
    ///   - place: method and path.
    ///   - body: the body as it was understood.
    public func idempotencyKey(
        _ key: String,
        place: String,
        caller: Caller,
        body: [UInt8]
    ) throws(GatewayError) -> IdempotencyKey {
        guard let digest = try? AuditRecord.hash(of: body) else { throw .internal(reason: "there is no SHA-256") }
        return IdempotencyKey(
            key: "\(caller.name) \(place) \(key)",
            bodyDigest: digest,
            expiresAt: clock.now() + Self.keyRetention
        )
    }

    /// Carries a request out unless it was carried out before, by this gateway or another one on the database, before a
    /// restart or after; then gives its answer again.
    ///
    /// Nothing is done before the key is claimed in the database; a job claims its key in the same place, when it is
    /// stored. A request that certainly did nothing may be tried again with the same key.
    ///
    /// - Parameters:
    ///   - key: tells this request from others.
    ///   - meter: the meter that it is about.
    ///   - work: carries it out, and gives its answer in octets.
    /// - Throws: ``Fleet/GatewayError/idempotencyInFlight``, ``Fleet/GatewayError/idempotencyKeyReused``,
    ///   ``Fleet/GatewayError/outcomeUnknown(_:operation:)`` when it was begun and nobody knows what came of it, and what
    ///   the work throws.
    public func once(
        _ key: IdempotencyKey,
        at meter: String,
        _ work: () async throws(GatewayError) -> [UInt8]
    ) async throws(GatewayError) -> (answer: [UInt8], isReplayed: Bool) {
        let target = try await self.meter(meter).id
        let earlier = try await translating(
            await store.beginRequest(key.key, bodyDigest: key.bodyDigest, expiresAt: key.expiresAt)
        )
        if let earlier {
            guard earlier.bodyDigest == key.bodyDigest else { throw .idempotencyKeyReused }
            switch earlier.outcome {
            case .job: throw .idempotencyKeyReused
            case .answered(let answer): return (answer, true)
            case .underWay(let start) where clock.now() - start < Self.longestRequest: throw .idempotencyInFlight
            case .underWay, .unknown: throw .outcomeUnknown(target, operation: "action")
            }
        }
        do throws(GatewayError) {
            let answer = try await work()
            // What was done stays done when that cannot be kept; who asks again is told that nobody knows.
            try? await store.settleRequest(key.key, answer: answer)
            return (answer, false)
        } catch {
            if case .outcomeUnknown = error {
                try? await store.settleRequest(key.key, answer: nil)
            } else {
                try? await store.forgetRequest(key.key)
            }
            throw error
        }
    }
}
