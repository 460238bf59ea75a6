// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import Logging
import Synchronization

/// Records of what came of requests that the database did not take; they are kept with the next request that is audited.
///
/// What a request did is not undone because its record cannot be written, and who is told that it failed would send it
/// again. That it was asked for is on record in any case.
final class AuditBacklog: Sendable {
    /// More are not remembered; the log of the gateway has them all the same.
    private static let most = 1000
    /// How many are caught up with before a request.
    private static let atOnce = 50

    private let entries = Mutex<[AuditEntry]>([])
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// Keeps a record in the audit log, or remembers it for later.
    func keep(_ entry: AuditEntry, in gateway: Gateway) async {
        do throws(GatewayError) {
            try await gateway.audit(entry)
        } catch {
            logger.error(
                "a record of the audit log has to wait",
                metadata: [
                    "action": "\(entry.action)", "caller": "\(entry.caller.name)",
                    "request": "\(entry.traceID ?? "")", "outcome": "\(entry.outcome ?? "")",
                    "error": "\(error.name)",
                ]
            )
            entries.withLock { entries in
                if entries.count < Self.most { entries.append(entry) }
            }
        }
    }

    /// Keeps what has to wait, now that the database takes records again.
    func catchUp(in gateway: Gateway) async {
        // Not all at once: a caller waits meanwhile.
        let waiting = entries.withLock { entries in
            defer { entries.removeFirst(min(entries.count, Self.atOnce)) }
            return Array(entries.prefix(Self.atOnce))
        }
        for entry in waiting { await keep(entry, in: gateway) }
    }
}
