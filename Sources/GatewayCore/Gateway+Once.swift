// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Jobs
import Timekeeping

/// Requests that must not be carried out twice and make no job.
extension Gateway {
    /// No request takes longer: what is under way after this time was lost with the gateway that did it.
    private static let longestRequest = Duration.seconds(300)

    /// Refuses to make a job with a key under which the same was asked for at once: it would be carried out twice.
    ///
    /// - Throws: ``Fleet/GatewayError/idempotencyKeyReused``.
    public func refuseBegun(_ key: IdempotencyKey) async throws(GatewayError) {
        if try await translating(await store.hasBegunRequest(key.key)) { throw .idempotencyKeyReused }
    }

    /// Carries a request out unless it was carried out before, by this gateway or another one on the database, before a
    /// restart or after; then gives its answer again.
    ///
    /// A request that certainly did nothing may be tried again with the same key.
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
        guard try await translating(await jobs.job(withKey: key.key), operation: "invoke") == nil else {
            throw .idempotencyKeyReused
        }
        let earlier = try await translating(
            await store.beginRequest(key.key, bodyDigest: key.bodyDigest, expiresAt: key.expiresAt)
        )
        if let earlier {
            guard earlier.bodyDigest == key.bodyDigest else { throw .idempotencyKeyReused }
            switch earlier.outcome {
            case .answered(let answer): return (answer, true)
            case .underWay where clock.now() - earlier.begunAt < Self.longestRequest: throw .idempotencyInFlight
            case .underWay, .unknown: throw .outcomeUnknown(target, operation: "action")
            }
        }
        do throws(GatewayError) {
            let answer = try await work()
            // What was done stays done when that cannot be kept; who asks again is told that nobody knows.
            try? await store.settleRequest(key.key, .answered(answer))
            return (answer, false)
        } catch {
            if case .outcomeUnknown = error {
                try? await store.settleRequest(key.key, .unknown)
            } else {
                try? await store.forgetRequest(key.key)
            }
            throw error
        }
    }
}
