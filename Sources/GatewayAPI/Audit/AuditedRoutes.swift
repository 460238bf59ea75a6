// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Lets no request change anything without a record.
extension GatewayAPI {
    /// Operations that are not GET and change nothing all the same; everything else that is not GET is audited.
    static let unaudited: Set<String> = [
        "decodeOctets", "readBatch", "checkMeter", "readOutMeter", "previewSchedule", "previewRecurrence",
        "createEventTicket",
    ]
    /// Operations that are GET and make a job when the caller prefers one; then they are audited.
    private static let jobMaking: Set<String> = ["getAttribute", "listProfileRows"]
    /// Classes whose attributes may hold secrets: associations, security set-up.
    private static let secretive: Set<Int64> = [12, 15, 64]
    /// Longer values are kept by their hash, in octets.
    private static let longestValue = 500

    /// The routes with those audited that change something.
    ///
    /// Done here, over the whole table, so that a new route cannot be forgotten.
    func audited(_ routes: [Route]) -> [Route] {
        routes.map { route in
            if Self.jobMaking.contains(route.name) {
                let audited = audited(route)
                return route.handled { try await ($0.prefersJob ? audited : route).handler($0) }
            }
            return route.method == .get || Self.unaudited.contains(route.name) ? route : audited(route)
        }
    }

    private func audited(_ route: Route) -> Route {
        route.handled { request in
            var entry = try entry(for: request)
            // Before anything is done, so that a crash leaves at least who wanted what.
            try await gateway.audit(entry)
            await auditBacklog.catchUp(in: gateway)
            do {
                let response = try await route.handler(request)
                entry.fill(from: response)
                await settle(&entry, "\(response.status)")
                return response
            } catch {
                let outcome = (error as? Problem) ?? problem(of: error, now: gateway.clock.now())
                await settle(&entry, "\(outcome.status) \(outcome.name)")
                throw error
            }
        }
    }

    private func entry(for request: RoutedRequest) throws -> AuditEntry {
        let path = request.route.pattern.text
        return AuditEntry(
            at: gateway.clock.now(),
            caller: request.caller,
            action: request.route.name,
            stage: .asked,
            meter: path.hasPrefix("/meters/{id}") ? request.parameter("id") : nil,
            job: path.hasPrefix("/jobs/{id}") ? request.parameter("id") : nil,
            traceID: request.id,
            bodyHash: request.body.isEmpty ? nil : try AuditRecord.hash(of: request.body)
        )
    }

    private func settle(_ entry: inout AuditEntry, _ outcome: String) async {
        entry.at = gateway.clock.now()
        entry.stage = .answered
        entry.outcome = outcome
        await auditBacklog.keep(entry, in: gateway)
    }

    /// A value in short: as it is, or by its hash.
    static func short(_ value: JSONValue?) -> String? {
        guard let value, !value.isNull else { return nil }
        let octets = value.octets
        guard octets.count > longestValue else { return String(decoding: octets, as: UTF8.self) }
        return (try? AuditRecord.hash(of: octets)).map { "sha256:\($0)" }
    }

    /// Whether a document tells values of an object that may hold secrets.
    static func isSecretive(_ document: JSONValue) -> Bool {
        (document["object"]?["class"]?.number?.exactInt64).map { secretive.contains($0) } ?? true
    }
}

extension AuditEntry {
    /// Takes over what an answer tells of the job, and of the values or the revision.
    fileprivate mutating func fill(from response: HTTPResponse) {
        if job == nil, let place = response.headers["Location"]?.jobInPath { job = place }
        after = response.headers["ETag"]
        guard case .octets(let octets) = response.body, octets.count <= 65_536,
            let document = try? JSONReader.parse(octets), !GatewayAPI.isSecretive(document)
        else { return }
        before = GatewayAPI.short(document["before"])
        after = GatewayAPI.short(document["after"]) ?? after
    }
}

extension String {
    /// The job that a path ends with, if it does.
    fileprivate var jobInPath: String? {
        let pieces = split(separator: "/")
        guard pieces.count >= 2, pieces[pieces.count - 2] == "jobs" else { return nil }
        return String(pieces[pieces.count - 1])
    }
}
