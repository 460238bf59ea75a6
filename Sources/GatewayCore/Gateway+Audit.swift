// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

extension Gateway {
    /// Adds to the audit log; durable when this returns.
    ///
    /// - Throws: ``GatewayError/storeUnavailable(reason:)``: what cannot be recorded is not done.
    public func audit(_ entry: AuditEntry) async throws(GatewayError) {
        _ = try await translating(await store.append(entry))
    }

    /// Records of the audit log, the newest first.
    public func auditRecords(
        matching query: AuditQuery,
        before ordinal: Int64?,
        limit: Int
    ) async throws(GatewayError) -> [AuditRecord] {
        try await translating(await store.auditRecords(matching: query, before: ordinal, limit: limit))
    }

    /// How many records of the audit log one look checks.
    private static let auditStride: Int64 = 20_000

    /// Checks some thousand records of the audit log behind one up to which all are sound.
    public func checkAudit(after head: AuditHead) async throws(GatewayError) -> AuditFinding {
        try await translating(await store.checkAudit(after: head, limit: Self.auditStride))
    }
}
