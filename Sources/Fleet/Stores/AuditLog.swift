// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Keeps what was changed and by whom, in one chain for all gateways on a database; nothing in it is ever changed.
public protocol AuditLog: Sendable {
    /// Adds an entry to the end; it is durable when this returns.
    @discardableResult
    func append(_ entry: AuditEntry) async throws(StoreError) -> AuditRecord

    /// Records that match, the newest first, older than the one given.
    func auditRecords(
        matching query: AuditQuery,
        before ordinal: Int64?,
        limit: Int
    ) async throws(StoreError) -> [AuditRecord]

    /// The end of the chain, as it is kept apart from the records.
    func auditHead() async throws(StoreError) -> AuditHead

    /// Checks some records behind one up to which all are sound.
    ///
    /// - Parameters:
    ///   - head: that record; ``AuditHead/beginning`` begins with the first.
    ///   - limit: how many at most, about.
    func checkAudit(after head: AuditHead, limit: Int64) async throws(StoreError) -> AuditFinding
}

/// Which records a list shows; conditions left out do not restrict.
public struct AuditQuery: Hashable, Sendable {
    /// The meter they concern.
    public var meter: String?
    /// The action.
    public var action: String?
    /// The job they are part of.
    public var job: String?

    /// Makes a query, by default for all records.
    public init(meter: String? = nil, action: String? = nil, job: String? = nil) {
        self.meter = meter
        self.action = action
        self.job = job
    }
}
