// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs
import Timekeeping

/// Work on many meters.
extension GatewayAPI {
    @Sendable func listJobs(_ request: RoutedRequest) async throws -> HTTPResponse {
        var query = JobQuery()
        if let state = try request.query.choice("state", of: JobState.self) { query.states = [state] }
        query.kind = try Self.kind(try request.query.single("kind"))
        query.target = try request.query.single("meter")
        if let meter = query.target, MeterID(meter) == nil {
            throw Problem.badParameter("meter", expected: "the id of a meter")
        }
        query.createdAfter = try request.moment("createdAfter")
        query.createdBy = try request.query.single("createdBy")
        guard query.createdBy != "" else { throw Problem.badParameter("createdBy", expected: "the name of a caller") }
        if try request.confinement() != nil { query.createdBy = request.caller.name }
        let limit = try request.pageLimit()
        var before: JobID?
        if let cursor = try request.query.single("cursor") {
            guard let id = JobID(cursor) else { throw Problem.badParameter("cursor", expected: "as given in 'next'") }
            before = id
        }
        let jobs = try await gateway.jobList(matching: query, before: before, limit: limit)
        let next = jobs.count == limit ? jobs.last.map { self.next(request, cursor: $0.id.text) } : nil
        let (basePath, now) = (settings.basePath, gateway.clock.now())
        return ListPage.answer(jobs, next: next) { job, writer in
            JobDocument.write(job, basePath: basePath, now: now, into: &writer)
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func createJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        let body = try request.json(limits: Self.jobLimits)
        let (order, named, plan): (JobOrder, TargetSelection, JobPlan) = try request.members(of: body) { members in
            let text = try members.requiredString("kind")
            guard let kind = JobKind.named(text), JobKind.offered.contains(kind) else {
                let words = JobKind.offered.map(\.rawValue)
                throw JSONMemberError(
                    .invalid(
                        expected: "one of \(words.joined(separator: ", "))",
                        suggestion: nearest(text, in: words)
                    ),
                    at: "/kind"
                )
            }
            let targets = try TargetSelection(members.requiredValue("target"), at: "/target")
            guard kind == .disconnect || kind == .reconnect else {
                let terms = try JobConditions(&members, now: gateway.clock.now())
                return (try JobOrder(kind: kind, members: &members), targets, JobPlan.usual(terms))
            }
            // Orders have the priority that orders have.
            _ = try members.optionalInteger("priority", in: UInt8(0)...9)
            let terms = try OrderTerms(&members)
            return (try JobOrder(kind: kind, members: &members), targets, .order(terms))
        }
        for scope in order.scopes { try request.require(scope) }
        let targets = try await confine(named, for: request)
        let terms: JobConditions
        switch plan {
        case .usual(let own): terms = own
        case .order(let own):
            guard case .disconnector(let wish) = order else { throw Problem.internalFault }
            // Who is named is looked up with everything else that is checked of an order.
            var meters: [String] = []
            if case .meters(let named) = targets {
                meters = named.map(\.text)
            } else {
                meters = try await gateway.meters(of: targets)
            }
            return try await take(wish, targets: meters, terms: own, body, request)
        }
        let key = try request.idempotencyKey()
        if key == nil, order.isHarmfulTwice { throw GatewayError.idempotencyKeyMissing }
        let (job, isReplayed) = try await gateway.submit(
            JobRequest(
                order,
                targets: targets,
                terms: terms,
                caller: request.caller.name,
                traceID: request.traceID,
                idempotency: try key.map {
                    try gateway.idempotencyKey($0, place: "POST /jobs", caller: request.caller, body: body.octets)
                }
            )
        )
        let answer = newJobAnswer(job)
        return isReplayed ? answer.with("Idempotency-Replayed", "true") : answer
    }

    @Sendable func getJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        let known = request.headers.list("If-None-Match").compactMap { tag in
            tag.hasPrefix("W/\"") && tag.hasSuffix("\"") ? Int64(tag.dropFirst(3).dropLast()) : nil
        }.max()
        let job = try await gateway.job(request.parameter("id"), wait: request.preferredWait, after: known)
        let tag = EntityTag("\(job.version)", isWeak: true)
        let answer = jobAnswer(job)
        guard tag.matchesIfNoneMatch(request.headers) else { return answer }
        return HTTPResponse(status: 304, headers: HTTPHeaders([.init(name: "ETag", value: tag.description)]))
    }

    @Sendable func listExecutions(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let after: Int? = try request.query.integer("cursor", in: 0...Int(Int32.max))
        let state = try request.query.choice("state", of: ExecutionState.self)
        let executions = try await gateway.executions(
            of: request.parameter("id"),
            in: state.map { [$0] },
            after: after,
            limit: limit
        )
        let next =
            executions.count == limit
            ? executions.last.map { self.next(request, cursor: "\($0.id.ordinal)") } : nil
        return ListPage.answer(executions, next: next) { execution, writer in
            JobDocument.write(execution, into: &writer)
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func cancelJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await checkSteering(request)
        return jobAnswer(try await gateway.steerJob(request.parameter("id"), .cancel))
    }

    @Sendable func pauseJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await checkSteering(request)
        return jobAnswer(try await gateway.steerJob(request.parameter("id"), .pause))
    }

    @Sendable func resumeJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await checkRepeating(request)
        return jobAnswer(try await gateway.steerJob(request.parameter("id"), .resume))
    }

    @Sendable func retryJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        let key = try request.idempotencyKey()
        let order = try await checkRepeating(request)
        let id = request.parameter("id")
        // An order of supply is not tried again at all.
        if key == nil, order.isHarmfulTwice, order.kind != .disconnect, order.kind != .reconnect {
            throw GatewayError.idempotencyKeyMissing
        }
        let (job, isReplayed) = try await gateway.retryJob(
            id,
            caller: request.caller.name,
            idempotency: try key.map {
                try gateway.idempotencyKey($0, place: "POST /jobs/\(id)/retry", caller: request.caller, body: [])
            }
        )
        let answer = newJobAnswer(job)
        return isReplayed ? answer.with("Idempotency-Replayed", "true") : answer
    }

    /// Checks that the caller may do itself what the job does: who has it done again or go on has it done.
    @discardableResult
    private func checkRepeating(_ request: RoutedRequest) async throws -> JobOrder {
        let order = try JobOrder(try await gateway.job(request.parameter("id")).specification)
        for scope in order.scopes.sorted() { try request.require(scope) }
        return order
    }

    /// Checks that the caller may steer the job: orders by who may order, everything else by who may make jobs.
    private func checkSteering(_ request: RoutedRequest) async throws {
        let isOrder = try await gateway.job(request.parameter("id")).disconnectorOrder != nil
        try request.require(isOrder ? .disconnectorOperate : .jobsWrite)
    }

    /// The answer to a request that made a job.
    func newJobAnswer(_ job: JobRecord) -> HTTPResponse {
        jobAnswer(job, status: 202).with("Location", "\(settings.basePath)/jobs/\(job.id.text)")
    }

    func jobAnswer(_ job: JobRecord, status: Int = 200) -> HTTPResponse {
        let response = HTTPResponse.json(status: status) {
            JobDocument.write(job, basePath: settings.basePath, now: gateway.clock.now(), into: &$0)
        }
        .with("Cache-Control", "no-store")
        .with("ETag", EntityTag("\(job.version)", isWeak: true).description)
        return job.state.isFinal ? response : response.with("Retry-After", "1")
    }

    /// A list of a hundred thousand meters is long.
    private static let jobLimits = JSONLimits(octets: 8 << 20)

    private static func kind(_ text: String?) throws(Problem) -> JobKind? {
        guard let text else { return nil }
        let words = JobKind.known.map(\.rawValue)
        guard let kind = JobKind.named(text) else {
            throw .badParameter(
                "kind",
                expected: "one of \(words.joined(separator: ", "))",
                found: text,
                among: words
            )
        }
        return kind
    }
}

/// When and how a job is to be done: orders that switch supply have terms of their own.
private enum JobPlan {
    case usual(JobConditions)
    case order(OrderTerms)
}
