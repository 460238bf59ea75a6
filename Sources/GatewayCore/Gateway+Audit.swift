// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

extension Gateway {
    /// Adds to the audit log; durable when this returns.
    ///
    /// - Throws: ``GatewayError/storeUnavailable(reason:)``: what cannot be recorded is not done.
    public func audit(_ entry: AuditEntry) async throws(GatewayError) {
        do throws(StoreError) {
            try await store.append(entry)
        } catch {
            throw GatewayError(error)
        }
    }

    /// Records of the audit log, the newest first.
    public func auditRecords(
        matching query: AuditQuery,
        before ordinal: Int64?,
        limit: Int
    ) async throws(GatewayError) -> [AuditRecord] {
        do throws(StoreError) {
            return try await store.auditRecords(matching: query, before: ordinal, limit: limit)
        } catch {
            throw GatewayError(error)
        }
    }
}
