// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

extension SQLJobStore {
    /// Why nothing passes a gate at present; nil when it is open.
    public func hold(of gate: String) async throws(JobStoreError) -> GateHold? {
        try await read { try GateRows.hold(of: gate, on: $0, locking: "") }
    }

    /// Looks whether a gate would let that many more executions be made now.
    public func checkAdmission(of count: Int, to gate: JobGate, now: Timestamp) async throws(JobStoreError) {
        try await write { [dialect] in try GateRows.admit(count, to: gate, at: now, on: $0, dialect: dialect) }
    }

    /// Holds a gate, or with nil opens it again.
    public func setHold(_ hold: GateHold?, of gate: String) async throws(JobStoreError) {
        try await write { connection in
            _ = try connection.execute(
                "UPDATE job_gates SET held = :held, held_by = :by, held_at = :at, reason = :reason WHERE name = :name",
                [
                    "held": .flag(hold != nil), "by": .text(optional: hold?.by), "at": .moment(optional: hold?.since),
                    "reason": .text(optional: hold?.reason), "name": .text(gate),
                ]
            )
        }
    }
}

/// The rows that let jobs pass, read inside the transaction that acts on them.
enum GateRows {
    /// Why nothing passes a gate.
    static func hold(
        of gate: String,
        on connection: any SQLConnection,
        locking lock: String
    ) throws(SQLError) -> GateHold? {
        let rows = try connection.query(
            "SELECT held, held_by, held_at, reason FROM job_gates WHERE name = :name \(lock)",
            ["name": .text(gate)]
        )
        guard let row = rows.first else { throw .unexpectedResult(reason: "there is no gate \(gate)") }
        guard try row.flag("held") else { return nil }
        return GateHold(
            by: try row.optionalText("held_by") ?? "",
            since: try row.moment("held_at"),
            reason: try row.optionalText("reason")
        )
    }

    /// Looks whether that many more may be promised, counting what was sent and what may still be.
    ///
    /// The lock on the gate makes those who count take turns.
    static func admit(
        _ count: Int,
        to gate: JobGate,
        at now: Timestamp,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws {
        if try hold(of: gate.name, on: connection, locking: dialect.forUpdate) != nil { throw JobStoreError.gateHeld }
        guard let fuse = gate.fuse else { return }
        let sent = try sent(through: gate, fuse, at: now, on: connection)
        let rows = try connection.query(
            """
            SELECT count(*) AS pending FROM jobs JOIN executions ON executions.job_id = jobs.id
            WHERE jobs.finished_at IS NULL AND jobs.gate = :gate AND jobs.fuse_limit IS NOT NULL
                AND executions.finished_at IS NULL AND executions.transmitted_at IS NULL
            """,
            ["gate": .text(gate.name)]
        )
        let pending = try rows.first?.integer("pending") ?? 0
        guard sent.count + pending + count <= fuse.limit else {
            throw JobStoreError.limitReached(until: (sent.oldest ?? now) + fuse.window)
        }
    }

    /// Looks whether one more may be sent now.
    static func refusal(
        of gate: JobGate,
        at now: Timestamp,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws(SQLError) -> TransmissionRefusal? {
        if try hold(of: gate.name, on: connection, locking: dialect.forUpdate) != nil { return .held }
        guard let fuse = gate.fuse else { return nil }
        let sent = try sent(through: gate, fuse, at: now, on: connection)
        return sent.count < fuse.limit ? nil : .limited(until: (sent.oldest ?? now) + fuse.window)
    }

    private static func sent(
        through gate: JobGate,
        _ fuse: JobFuse,
        at now: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) -> (count: Int, oldest: Timestamp?) {
        let rows = try connection.query(
            """
            SELECT count(*) AS sent, min(executions.transmitted_at) AS oldest
            FROM executions JOIN jobs ON jobs.id = executions.job_id
            WHERE executions.transmitted_at > :since AND jobs.gate = :gate AND jobs.fuse_limit IS NOT NULL
            """,
            ["since": .moment(now + (.zero - fuse.window)), "gate": .text(gate.name)]
        )
        return (try rows.first?.integer("sent") ?? 0, try rows.first?.optionalMoment("oldest"))
    }
}
