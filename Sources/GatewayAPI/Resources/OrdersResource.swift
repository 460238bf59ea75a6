// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs
import Timekeeping

/// Disconnectors, and the orders that switch them.
extension GatewayAPI {
    @Sendable func getDisconnector(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let object = try request.objectChoice()
        let reading = try await gateway.disconnector(of: meter, object: object, try request.wishes())
        var shown = JSONWriter()
        shown.beginObject()
        DisconnectorRepresentation.writeMembers(reading, into: &shown)
        shown.endObject()
        let tag = EntityTag(String(try AuditRecord.hash(of: shown.takeOctets()).prefix(16)), isWeak: true)
        guard !tag.matchesIfNoneMatch(request.headers) else {
            return HTTPResponse(status: 304).with("ETag", tag.description).with("Cache-Control", "no-cache")
        }
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter)
            ReadingRepresentation.write(reading.object, into: &writer)
            DisconnectorRepresentation.writeMembers(reading, into: &writer)
            writer.member("readAt", reading.readAt.rfc3339)
            writer.member("association", reading.association)
            writer.endObject()
        }
        .with("ETag", tag.description)
        .with("Cache-Control", "no-cache")
    }

    @Sendable func createDisconnectorOrder(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let body = try request.json()
        let (order, terms) = try request.members(of: body) { members in
            let text = try members.requiredString("action")
            guard let action = DisconnectControl.Order(word: text) else {
                let words = DisconnectControl.Order.allCases.map(\.word)
                throw JSONMemberError(
                    .invalid(
                        expected: "one of \(words.joined(separator: ", "))",
                        suggestion: nearest(text, in: words)
                    ),
                    at: "/action"
                )
            }
            return (try DisconnectorOrder(action, &members), try OrderTerms(&members))
        }
        guard order.isDryRun else { return try await take(order, targets: [meter], terms: terms, body, request) }
        _ = try Self.idempotencyKey(request)
        let preview = try await gateway.previewOrder(
            order,
            at: meter,
            terms: terms,
            caller: request.caller,
            Gateway.Wishes(budget: request.budget, priority: request.priority)
        )
        return HTTPResponse.json { DisconnectorRepresentation.write(preview, meter: meter, into: &$0) }
            .with("Cache-Control", "no-store")
    }

    /// Takes an order, and waits for what comes of it if the caller does.
    ///
    /// - Parameter body: the request's body, which was read with the limits of its route.
    func take(
        _ order: DisconnectorOrder,
        targets: [String],
        terms: OrderTerms,
        _ body: JSONValue,
        _ request: RoutedRequest
    ) async throws -> HTTPResponse {
        let key = try gateway.idempotencyKey(
            try Self.idempotencyKey(request),
            place: "POST \(request.request.rawPath)",
            caller: request.caller,
            body: body.octets
        )
        let taken = try await gateway.submitOrder(
            order,
            targets: targets,
            terms: terms,
            caller: request.caller,
            key: key,
            traceID: request.traceID
        )
        var response = try await answer(taken.job, request)
            .with("Location", "\(settings.basePath)/jobs/\(taken.job.id.text)")
        if taken.isReplayed { response = response.with("Idempotency-Replayed", "true") }
        return response
    }

    /// The job; for a caller that waits, what came of it: a single order that failed is answered with its problem.
    private func answer(_ job: JobRecord, _ request: RoutedRequest) async throws -> HTTPResponse {
        guard let wait = request.preferredWait, job.state != .awaitingConfirmation else {
            return jobAnswer(job, status: 202)
        }
        let present = try await gateway.job(job.id.text, wait: wait)
        guard present.state.isFinal else { return jobAnswer(present, status: 202) }
        if let lapse = present.orderLapse { return HTTPResponse(Problem(lapse).with("job", .string(job.id.text))) }
        guard present.state == .failed, present.progress.total == 1,
            let execution = try await gateway.executions(of: job.id.text, after: nil, limit: 1).first,
            let problem = execution.problem, let kind = ProblemKind.named(problem.name)
        else { return jobAnswer(present) }
        let document = try JSONReader.parse(problem.document)
        var answer = Problem(
            kind.name,
            status: kind.status,
            title: kind.title,
            detail: document["detail"]?.string ?? kind.title,
            hint: document["hint"]?.string
        )
        for member in document.object?.members ?? [] { answer.members[member.name] = member.value }
        answer.members["job"] = .string(job.id.text)
        return HTTPResponse(answer)
    }

    @Sendable func confirmJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (token, count) = try request.members { members in
            (try members.optionalString("token"), try members.optionalInteger("count", in: 1...Int(Int32.max)))
        }
        // Who made an order confirms it by the scope that made it; for somebody else's there is a scope of its own.
        let creator = try await gateway.job(request.parameter("id")).specification.createdBy
        try request.require(creator == request.caller.name ? .disconnectorOperate : .disconnectorConfirm)
        return jobAnswer(
            try await gateway.confirmOrder(
                request.parameter("id"),
                caller: request.caller,
                token: token,
                count: count
            )
        )
    }

    @Sendable func getOrdersHold(_ request: RoutedRequest) async throws -> HTTPResponse {
        Self.answer(try await gateway.ordersHold())
    }

    @Sendable func holdOrders(_ request: RoutedRequest) async throws -> HTTPResponse {
        var reason: String?
        if !request.body.isEmpty {
            reason = try request.members { try $0.optionalString("reason") }
        }
        if let reason,
            !(1...200).contains(reason.unicodeScalars.count)
                || !reason.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        {
            throw JSONMemberError(
                .invalid(expected: "1 to 200 characters without control characters", suggestion: nil),
                at: "/reason"
            )
        }
        try await gateway.holdOrders(
            GateHold(by: request.caller.name, since: gateway.clock.now(), reason: reason)
        )
        return Self.answer(try await gateway.ordersHold())
    }

    @Sendable func releaseOrders(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.holdOrders(nil)
        return Self.answer(try await gateway.ordersHold())
    }

    private static func answer(_ hold: GateHold?) -> HTTPResponse {
        HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("held", hold != nil)
            writer.member("by", hold?.by)
            writer.member("since", hold?.since.rfc3339)
            writer.member("reason", hold?.reason)
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }
}
