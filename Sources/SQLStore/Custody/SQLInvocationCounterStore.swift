// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSSecurity
public import Fleet
public import Timekeeping

/// Keeps invocation counters in a SQL database.
public struct SQLInvocationCounterStore: Sendable {
    let database: any SQLDatabase
    let clock: any WallClock

    /// Makes a store over a database whose schema is up to date (see ``Migrator``).
    public init(database: any SQLDatabase, clock: any WallClock = SystemWallClock()) {
        self.database = database
        self.clock = clock
    }

    private func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws(CounterStoreError) -> Result {
        do {
            return try await database.read(body)
        } catch {
            throw CounterStoreError(error)
        }
    }

    private func write<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws(CounterStoreError) -> Result {
        do {
            return try await database.write(body)
        } catch {
            throw CounterStoreError(error)
        }
    }
}

extension SQLInvocationCounterStore: InvocationCounterStore {
    /// The system title that all gateways over this store have.
    public func clientSystemTitle(orKeep drawn: SystemTitle) async throws(CounterStoreError) -> SystemTitle {
        try await write { connection in
            try connection.execute(
                "INSERT INTO client_identity (id, system_title) VALUES (1, :title) ON CONFLICT (id) DO NOTHING",
                ["title": .text(drawn.description)]
            )
            let row = try connection.query("SELECT system_title FROM client_identity WHERE id = 1", [:]).first
            guard
                let title = try row.map({ try $0.text("system_title") }).flatMap({ Hexadecimal.octets(of: $0) })
                    .flatMap({ SystemTitle($0) })
            else { throw SQLError.unexpectedResult(reason: "the gateway's system title does not read back") }
            return title
        }
    }

    /// Reserves values for the caller alone.
    public func reserve(
        _ id: InvocationCounterID,
        count: UInt64
    ) async throws(CounterStoreError) -> Range<UInt64> {
        let now = clock.now()
        let rows = CounterRows(dialect: database.dialect)
        return try await write { connection in
            let next = try rows.lock(id, now: now, on: connection)
            guard next < InvocationCounterState.exhausted else { throw CounterStoreError.exhausted }
            let end = next + min(max(count, 1), InvocationCounterState.exhausted - next)
            try rows.setNext(end, id, now: now, on: connection)
            return next..<end
        }
    }

    /// Makes the counter jump over a value, and writes the jump down.
    public func raise(
        _ id: InvocationCounterID,
        above value: UInt32,
        from present: UInt64?,
        because reason: CounterRepairReason,
        within limits: CounterRepairLimits?
    ) async throws(CounterStoreError) -> CounterRepair? {
        let now = clock.now()
        let rows = CounterRows(dialect: database.dialect)
        return try await write { connection in
            let next = try rows.lock(id, now: now, on: connection)
            let from = min(present ?? next, next)
            let to = UInt64(value) + 1
            guard to > from else { return nil }
            guard to <= InvocationCounterState.exhausted else { throw CounterStoreError.exhausted }
            if let limits, let limit = try rows.limit(limits, id, from: from, to: to, now: now, on: connection) {
                throw CounterStoreError.beyondLimit(limit)
            }
            if to > next { try rows.setNext(to, id, now: now, on: connection) }
            let repair = CounterRepair(reason: reason, madeAt: now, from: from, to: to)
            try rows.append(repair, id, on: connection)
            return repair
        }
    }

    /// How things stand with a counter.
    public func state(_ id: InvocationCounterID) async throws(CounterStoreError) -> InvocationCounterState? {
        let rows = CounterRows(dialect: database.dialect)
        return try await read { connection in
            try rows.next(id, on: connection).map { InvocationCounterState(next: $0) }
        }
    }

    /// The last jumps of a counter, the newest first.
    public func repairs(_ id: InvocationCounterID, limit: Int) async throws(CounterStoreError) -> [CounterRepair] {
        let rows = CounterRows(dialect: database.dialect)
        return try await read { connection in try rows.repairs(id, limit: limit, on: connection) }
    }

    /// The highest counter that a meter has proven to have used with a key.
    public func peerCounter(of meter: MeterID, key: KeyFingerprint) async throws(CounterStoreError) -> PeerCounter? {
        try await read { connection in
            let row = try connection.query(
                """
                SELECT system_title, last_value FROM peer_counters
                WHERE key_fingerprint = :key AND meter_id = :meter ORDER BY updated_at DESC LIMIT 1
                """,
                ["key": .text(key.description), "meter": .text(meter.text)]
            ).first
            guard let row else { return nil }
            guard let value = UInt32(exactly: try row.integer("last_value")),
                let title = Hexadecimal.octets(of: try row.text("system_title")).flatMap({ SystemTitle($0) })
            else { throw SQLError.unexpectedResult(reason: "a counter of meter \(meter) does not read back") }
            return PeerCounter(meter: meter, id: InvocationCounterID(key: key, systemTitle: title), value: value)
        }
    }

    /// Keeps counters that meters have used.
    public func keepPeerCounters(_ counters: [PeerCounter]) async throws(CounterStoreError) {
        guard !counters.isEmpty else { return }
        let now = clock.now()
        try await write { connection in
            for counter in counters {
                var binds = CounterRows.binds(counter.id)
                binds["value"] = .integer(Int64(counter.value))
                binds["meter"] = .text(counter.meter.text)
                binds["now"] = .moment(now)
                try connection.execute(
                    """
                    INSERT INTO peer_counters (key_fingerprint, system_title, last_value, meter_id, updated_at)
                    VALUES (:key, :title, :value, :meter, :now)
                    ON CONFLICT (key_fingerprint, system_title) DO UPDATE
                    SET last_value = excluded.last_value, meter_id = excluded.meter_id, updated_at = excluded.updated_at
                    WHERE peer_counters.last_value < excluded.last_value
                    """,
                    binds
                )
            }
        }
    }
}

extension CounterStoreError {
    /// Takes an error of the store's own from inside a transaction as it is; everything else is the database's.
    fileprivate init(_ error: any Error) {
        switch error {
        case let error as CounterStoreError: self = error
        default: self = .store(StoreError(error))
        }
    }
}
