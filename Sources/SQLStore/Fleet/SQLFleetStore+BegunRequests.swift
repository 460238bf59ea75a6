// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
public import Fleet
public import Timekeeping

extension SQLFleetStore: BegunRequestStore {
    /// Begins a request, unless one with its key was begun or made a job before whose time is not over.
    public func beginRequest(
        _ key: String,
        bodyDigest: String,
        expiresAt: Timestamp
    ) async throws(StoreError) -> BegunRequest? {
        let now = clock.now()
        return try await write { connection -> BegunRequest? in
            // Others are removed by the hour; in this place that would get in the way of requests that begin beside it.
            try connection.execute(
                "DELETE FROM idempotency_keys WHERE request_key = :key AND expires_at <= :now",
                ["key": .text(key), "now": .moment(now)]
            )
            let begun = try connection.execute(
                """
                INSERT INTO idempotency_keys (request_key, body_digest, begun_at, state, expires_at)
                VALUES (:key, :digest, :now, 'under-way', :end) ON CONFLICT DO NOTHING
                """,
                ["key": .text(key), "digest": .text(bodyDigest), "now": .moment(now), "end": .moment(expiresAt)]
            )
            guard begun == 0 else { return nil }
            return try connection.query(
                "SELECT body_digest, begun_at, state, answer FROM idempotency_keys WHERE request_key = :key",
                ["key": .text(key)]
            ).first.map { row in
                BegunRequest(bodyDigest: try row.text("body_digest"), outcome: try outcome(row, of: key))
            }
        }
    }

    /// Keeps what came of a request that was begun.
    public func settleRequest(_ key: String, answer: [UInt8]?) async throws(StoreError) {
        let sealed: String?
        do throws(SealingError) {
            sealed = try answer.map { octets throws(SealingError) in
                Hexadecimal.text(of: try sealer.seal(Secret(octets), for: Self.answerPlace(key)))
            }
        } catch {
            throw .sealing(error)
        }
        let state = sealed == nil ? "unknown" : "answered"
        try await write { connection in
            _ = try connection.execute(
                """
                UPDATE idempotency_keys SET state = :state, answer = :answer
                WHERE request_key = :key AND state IS NOT NULL
                """,
                ["key": .text(key), "state": .text(state), "answer": .text(optional: sealed)]
            )
        }
    }

    /// Forgets a request that certainly did nothing.
    public func forgetRequest(_ key: String) async throws(StoreError) {
        try await write { connection in
            _ = try connection.execute(
                "DELETE FROM idempotency_keys WHERE request_key = :key AND state IS NOT NULL",
                ["key": .text(key)]
            )
        }
    }

    private func outcome(_ row: SQLRow, of key: String) throws -> BegunRequest.Outcome {
        switch try row.optionalText("state") {
        case nil: return .job
        case "under-way": return .underWay(since: try row.moment("begun_at"))
        case "unknown": return .unknown
        default:
            let answer = try row.optionalText("answer")
            do throws(SealingError) {
                guard let octets = answer.flatMap({ Hexadecimal.octets(of: $0) }) else { throw .malformed }
                return .answered(try sealer.open(octets, for: Self.answerPlace(key)).exposedOctets)
            } catch {
                throw StoreError.sealing(error)
            }
        }
    }

    /// Where an answer is sealed for: under the name that its table had at first, so that those of that time open.
    private static func answerPlace(_ key: String) -> SealingContext {
        SealingContext(table: "begun_requests", row: key, column: "answer")
    }
}
