// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
public import Fleet
public import Timekeeping

extension SQLFleetStore: BegunRequestStore {
    /// Begins a request, unless one with its key was begun before whose time is not over.
    public func beginRequest(
        _ key: String,
        bodyDigest: String,
        expiresAt: Timestamp
    ) async throws(StoreError) -> BegunRequest? {
        let now = clock.now()
        return try await write { connection -> BegunRequest? in
            // Others are removed by the hour; in this place that would get in the way of requests that begin beside it.
            try connection.execute(
                "DELETE FROM begun_requests WHERE request_key = :key AND expires_at <= :now",
                ["key": .text(key), "now": .moment(now)]
            )
            let begun = try connection.execute(
                """
                INSERT INTO begun_requests (request_key, body_digest, begun_at, state, expires_at)
                VALUES (:key, :digest, :now, 'under-way', :end) ON CONFLICT DO NOTHING
                """,
                ["key": .text(key), "digest": .text(bodyDigest), "now": .moment(now), "end": .moment(expiresAt)]
            )
            guard begun == 0 else { return nil }
            return try connection.query(
                "SELECT body_digest, begun_at, state, answer FROM begun_requests WHERE request_key = :key",
                ["key": .text(key)]
            ).first.map { row in
                BegunRequest(
                    bodyDigest: try row.text("body_digest"),
                    begunAt: try row.moment("begun_at"),
                    outcome: try outcome(try row.text("state"), try row.optionalText("answer"), of: key)
                )
            }
        }
    }

    /// Whether a request with this key was begun whose time is not over.
    public func hasBegunRequest(_ key: String) async throws(StoreError) -> Bool {
        let now = clock.now()
        return try await read { connection in
            try !connection.query(
                "SELECT 1 AS found FROM begun_requests WHERE request_key = :key AND expires_at > :now",
                ["key": .text(key), "now": .moment(now)]
            ).isEmpty
        }
    }

    /// Keeps what came of a request that was begun.
    public func settleRequest(_ key: String, _ outcome: BegunRequest.Outcome) async throws(StoreError) {
        var answer: String?
        let state: String
        switch outcome {
        case .underWay: state = "under-way"
        case .unknown: state = "unknown"
        case .answered(let octets):
            state = "answered"
            do throws(SealingError) {
                answer = Hexadecimal.text(of: try sealer.seal(Secret(octets), for: Self.answerPlace(key)))
            } catch {
                throw .sealing(error)
            }
        }
        try await write { [answer] connection in
            _ = try connection.execute(
                "UPDATE begun_requests SET state = :state, answer = :answer WHERE request_key = :key",
                ["key": .text(key), "state": .text(state), "answer": .text(optional: answer)]
            )
        }
    }

    /// Forgets a request that certainly did nothing.
    public func forgetRequest(_ key: String) async throws(StoreError) {
        try await write { connection in
            _ = try connection.execute("DELETE FROM begun_requests WHERE request_key = :key", ["key": .text(key)])
        }
    }

    private func outcome(
        _ state: String,
        _ answer: String?,
        of key: String
    ) throws(StoreError) -> BegunRequest.Outcome {
        switch state {
        case "under-way": return .underWay
        case "unknown": return .unknown
        default:
            do throws(SealingError) {
                guard let octets = answer.flatMap({ Hexadecimal.octets(of: $0) }) else { throw .malformed }
                return .answered(try sealer.open(octets, for: Self.answerPlace(key)).exposedOctets)
            } catch {
                throw .sealing(error)
            }
        }
    }

    private static func answerPlace(_ key: String) -> SealingContext {
        SealingContext(table: "begun_requests", row: key, column: "answer")
    }
}
