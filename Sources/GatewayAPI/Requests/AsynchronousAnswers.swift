// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs

/// Answers to callers who would rather have a job than wait (RFC 7240, `respond-async`).
extension GatewayAPI {
    /// Stores a job for the meter in the path and answers 202 with its address.
    func accepted(_ order: JobOrder, _ request: RoutedRequest) async throws -> HTTPResponse {
        acceptedAnswer(try await job(for: order, request).job, request)
    }

    /// Stores a job for the meter in the path, and waits for its end as long as the caller wishes to.
    ///
    /// - Parameter idempotency: makes a repeated request find the first one's job.
    func job(
        for order: JobOrder,
        _ request: RoutedRequest,
        idempotency: IdempotencyKey? = nil
    ) async throws -> (job: JobRecord, isReplayed: Bool) {
        let text = request.parameter("id")
        guard let meter = MeterID(text) else { throw GatewayError.meterUnknown(text: text) }
        // A job reads from the meter, whatever the request itself would have been answered from.
        for scope in order.scopes.subtracting([.jobsWrite]).sorted() { try request.require(scope) }
        let taken = try await gateway.submit(
            JobRequest(
                order,
                targets: .meters([meter]),
                terms: JobConditions(priority: request.priority),
                caller: request.caller.name,
                traceID: request.traceID,
                idempotency: idempotency
            )
        )
        guard request.prefersAsynchronous, let wait = request.preferredWait, wait > .zero else {
            return (taken.job, taken.isReplayed)
        }
        return (try await gateway.job(taken.job.id.text, wait: wait), taken.isReplayed)
    }

    /// The job as it is, with its address.
    func acceptedAnswer(_ job: JobRecord, _ request: RoutedRequest) -> HTTPResponse {
        request.appliedPreference(to: newJobAnswer(job))
    }
}

extension RoutedRequest {
    /// Whether the caller wants a job in place of an answer (RFC 7240, respond-async).
    var prefersAsynchronous: Bool {
        headers.directives("Prefer").contains { $0.name == "respond-async" }
    }

    /// Whether a read is to become a job: who may not have meters asked gets what is kept, and that at once.
    var prefersJob: Bool { prefersAsynchronous && identity.may(.readingsLive) }

    /// The answer with the preferences that were followed (RFC 7240 §3).
    func appliedPreference(to response: HTTPResponse) -> HTTPResponse {
        guard prefersAsynchronous else { return response }
        let wait = preferredWait.map { ", wait=\($0.components.seconds)" } ?? ""
        return response.with("Preference-Applied", "respond-async\(wait)")
    }
}
