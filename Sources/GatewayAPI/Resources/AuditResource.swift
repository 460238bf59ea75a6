// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs

/// What was changed, and by whom.
extension GatewayAPI {
    @Sendable func listAuditRecords(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = try request.query.single("meter")
        guard meter.map({ MeterID($0) != nil }) ?? true else {
            throw Problem.badParameter("meter", expected: "the id of a meter")
        }
        let action = try request.query.single("action")
        guard action.map({ (1...64).contains($0.utf8.count) }) ?? true else {
            throw Problem.badParameter("action", expected: "the name of an action")
        }
        let job = try request.query.single("job")
        guard job.map({ JobID($0) != nil }) ?? true else {
            throw Problem.badParameter("job", expected: "the id of a job")
        }
        let query = AuditQuery(
            meter: meter,
            action: action,
            job: job
        )
        let limit = try request.pageLimit()
        let before: Int64? = try request.query.integer("cursor", in: 1...Int64.max)
        let records = try await gateway.auditRecords(matching: query, before: before, limit: limit)
        let next = records.count == limit ? records.last.map { self.next(request, cursor: "\($0.ordinal)") } : nil
        return ListPage.answer(records, next: next) { record, writer in writer.raw(record.line) }
            .with("Cache-Control", "no-store")
    }

    @Sendable func checkAuditChain(_ request: RoutedRequest) async throws -> HTTPResponse {
        let cursor = try request.query.single("cursor")
        guard let start = cursor.map({ AuditHead($0) }) ?? .beginning else {
            throw Problem.badParameter("cursor", expected: "as given in 'next'")
        }
        let finding = try await gateway.checkAudit(after: start)
        let next = finding.isComplete ? nil : next(request, cursor: finding.head.description)
        let response = HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("checked", finding.head.ordinal)
            writer.member("head", finding.head.description)
            writer.name("fault")
            if let fault = finding.fault {
                writer.beginObject()
                writer.member("ordinal", fault.ordinal)
                writer.member("reason", fault.reason)
                writer.endObject()
            } else {
                writer.null()
            }
            writer.member("next", next)
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
        return next.map { response.with("Link", "<\($0)>; rel=\"next\"") } ?? response
    }
}
