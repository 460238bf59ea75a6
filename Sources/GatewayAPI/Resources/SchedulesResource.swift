// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs
import Timekeeping

/// What is done again and again.
extension GatewayAPI {
    @Sendable func listSchedules(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let page = try await gateway.schedulePage(after: try request.identifierCursor(), limit: limit)
        var items: [(StoredSchedule, JobRecord?)] = []
        for schedule in page.items { items.append((schedule, try await gateway.lastRun(of: schedule))) }
        let basePath = settings.basePath
        return ListPage.answer(items, next: page.next.map { next(request, cursor: $0) }) { item, writer in
            ScheduleRepresentation.write(item.0, lastRun: item.1, basePath: basePath, into: &writer)
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func createSchedule(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (id, document): (ScheduleID, JSONValue) = try request.identifiedDocument()
        try await checkSchedule(try? ScheduleConfiguration(document, now: gateway.clock.now()), request)
        do throws(GatewayError) {
            return try await answer(try await gateway.putSchedule(id, document, when: .ifAbsent))
        } catch {
            if case .etagMismatch = error { throw GatewayError.alreadyExists(what: "schedule \(id.text)") }
            throw Self.refusal(error)
        }
    }

    @Sendable func getSchedule(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await answer(try await gateway.schedule(request.parameter("id")))
    }

    @Sendable func putSchedule(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard let id = ScheduleID(request.parameter("id")) else {
            throw Problem.badParameter("id", expected: "1 to 64 letters, digits and . _ ~ -")
        }
        let document = try request.json()
        try await checkSchedule(try? ScheduleConfiguration(document, now: gateway.clock.now()), request)
        do throws(GatewayError) {
            return try await answer(
                try await gateway.putSchedule(id, document, when: request.writePrecondition())
            )
        } catch {
            throw Self.refusal(error)
        }
    }

    @Sendable func deleteSchedule(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.deleteSchedule(request.parameter("id"), when: request.deletePrecondition())
        return .empty()
    }

    @Sendable func pauseSchedule(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await answer(try await gateway.setSchedule(request.parameter("id"), isEnabled: false))
    }

    @Sendable func resumeSchedule(_ request: RoutedRequest) async throws -> HTTPResponse {
        let id = request.parameter("id")
        try await checkSchedule(try await gateway.schedule(id).record.configuration, request)
        return try await answer(try await gateway.setSchedule(id, isEnabled: true))
    }

    @Sendable func runSchedule(_ request: RoutedRequest) async throws -> HTTPResponse {
        let id = request.parameter("id")
        try await checkSchedule(try await gateway.schedule(id).record.configuration, request)
        let job = try await gateway.runSchedule(id, caller: request.caller.name, traceID: request.traceID)
        guard let job else { throw GatewayError.notFound(what: "meter that schedule \(id) is about") }
        return jobAnswer(job, status: 202).with("Location", "\(settings.basePath)/jobs/\(job.id.text)")
    }

    @Sendable func listNextRuns(_ request: RoutedRequest) async throws -> HTTPResponse {
        let count = try request.query.integer("count", in: SchedulePreview.counts) ?? SchedulePreview.usualCount
        let configuration = try await gateway.schedule(request.parameter("id")).record.configuration
        let now = gateway.clock.now()
        // A time before the schedule is valid is none.
        let after = configuration.validFrom.map { max(now, $0 - .microseconds(1)) } ?? now
        let preview = SchedulePreview(of: configuration, after: after, count: count)
        return HTTPResponse.json { preview.write(until: configuration.validUntil, into: &$0) }
            .with("Cache-Control", "no-store")
    }

    @Sendable func previewSchedule(_ request: RoutedRequest) async throws -> HTTPResponse {
        let document = try request.json()
        let preview: SchedulePreview
        do throws(ScheduleFault) {
            preview = try SchedulePreview(document, now: gateway.clock.now())
        } catch {
            throw Self.refusal(GatewayError(error))
        }
        return HTTPResponse.json { preview.write(into: &$0) }.with("Cache-Control", "no-store")
    }

    /// What jobs of a kind have is known to them alone, so that the contract leaves it open.
    private static func refusal(_ error: GatewayError) -> any Error {
        guard case .invalidMember(let fault) = error, fault.pointer.text.hasPrefix("/operation/") else { return error }
        return Problem.unfitMember(fault)
    }

    private func answer(_ result: WriteResult<StoredSchedule>) async throws(GatewayError) -> HTTPResponse {
        guard result.isCreation else { return try await answer(result.record) }
        return try await answer(result.record, status: 201)
            .with("Location", settings.basePath + "/schedules/\(result.record.record.id.text)")
    }

    private func answer(_ schedule: StoredSchedule, status: Int = 200) async throws(GatewayError) -> HTTPResponse {
        let lastRun = try await gateway.lastRun(of: schedule)
        return HTTPResponse.json(status: status) {
            ScheduleRepresentation.write(schedule, lastRun: lastRun, basePath: settings.basePath, into: &$0)
        }
        .with("ETag", EntityTag(schedule.record.revision.text).description)
        .with("Cache-Control", "no-cache")
    }
}
