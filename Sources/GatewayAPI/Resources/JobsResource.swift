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
        let limit = try request.pageLimit()
        var before: JobID?
        if let cursor = try request.query.single("cursor") {
            guard let id = JobID(cursor) else { throw Problem.badParameter("cursor", expected: "as given in 'next'") }
            before = id
        }
        let jobs = try await gateway.jobList(matching: query, before: before, limit: limit)
        let next = jobs.count == limit ? jobs.last.map { self.next(request, cursor: $0.id.text) } : nil
        let basePath = settings.basePath
        return ListPage.answer(jobs, next: next) { job, writer in
            JobDocument.write(job, basePath: basePath, into: &writer)
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func createJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (order, targets, priority, terms) = try request.members { members in
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
            let targets = try Self.targets(&members)
            let priority: UInt8 = try members.optionalInteger("priority", in: 0...9) ?? 5
            let terms = kind == .disconnect || kind == .reconnect ? try OrderTerms(&members) : nil
            return (try JobOrder(kind: kind, members: &members), targets, priority, terms)
        }
        if case .disconnector(let wish) = order {
            return try await take(wish, targets: targets, terms: terms ?? OrderTerms(), request)
        }
        let job = try await gateway.submit(
            order,
            targets: targets,
            priority: priority,
            caller: "anonymous",
            traceID: request.id
        )
        return jobAnswer(job, status: 202).with("Location", "\(settings.basePath)/jobs/\(job.id.text)")
    }

    @Sendable func getJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        jobAnswer(try await gateway.job(request.parameter("id"), wait: request.preferredWait))
    }

    @Sendable func listExecutions(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let after: Int? = try request.query.integer("cursor", in: 0...Int(Int32.max))
        let executions = try await gateway.executions(
            of: request.parameter("id"),
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
        jobAnswer(try await gateway.cancelJob(request.parameter("id")))
    }

    func jobAnswer(_ job: JobRecord, status: Int = 200) -> HTTPResponse {
        let response = HTTPResponse.json(status: status) {
            JobDocument.write(job, basePath: settings.basePath, into: &$0)
        }
        .with("Cache-Control", "no-store")
        return job.state.isFinal ? response : response.with("Retry-After", "1")
    }

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

    private static func targets(_ members: inout JSONMembers) throws(JSONMemberError) -> [String] {
        var target = try members.requiredMembers("target")
        let meters = try target.optionalStrings("meters")
        try target.finish()
        guard let meters else { throw JSONMemberError(.missingMember(name: "meters"), at: "/target") }
        guard (1...10_000).contains(meters.count), Set(meters).count == meters.count,
            meters.allSatisfy({ MeterID($0) != nil })
        else {
            throw JSONMemberError(
                .invalid(expected: "a list of 1 to 10000 ids of meters, each once", suggestion: nil),
                at: "/target/meters"
            )
        }
        return meters
    }
}
