// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs

/// What came of whole jobs: JSON, NDJSON, CSV.
extension GatewayAPI {
    /// So many executions are taken from the database at a time.
    private static let resultPage = 200

    @Sendable func getJobResult(_ request: RoutedRequest) async throws -> HTTPResponse {
        let job = try await gateway.job(request.parameter("id"), wait: request.preferredWait)
        guard job.state.isFinal else {
            throw GatewayError.jobNotFinished(job: job.id.text, state: job.state.rawValue)
        }
        let response =
            switch request.mediaType {
            case "application/x-ndjson": resultLines(job)
            case "text/csv": resultCSV(job)
            default: resultDocument(job)
            }
        return response.with("Cache-Control", "no-store")
    }

    private func resultDocument(_ job: JobRecord) -> HTTPResponse {
        let (api, now) = (self, gateway.clock.now())
        return .stream(type: "application/json") { body in
            var writer = JSONWriter(reservingCapacity: 16_384)
            writer.beginObject()
            JobDocument.writeMembers(job, now: now, into: &writer)
            writer.name("items")
            writer.beginArray()
            try await api.forEachPage(of: job) { page in
                for execution in page { JobDocument.write(execution, into: &writer) }
                try await body.write(writer.takeOctets())
            }
            writer.endArray()
            writer.endObject()
            try await body.write(writer.takeOctets())
        }
    }

    private func resultLines(_ job: JobRecord) -> HTTPResponse {
        let api = self
        return .stream(type: "application/x-ndjson") { body in
            var writer = JSONWriter(reservingCapacity: 16_384)
            var count = 0
            try await api.forEachPage(of: job) { page in
                for execution in page {
                    JobDocument.write(execution, into: &writer)
                    writer.endLine()
                }
                count += page.count
                try await body.write(writer.takeOctets())
            }
            writer.beginObject()
            writer.member("end", true)
            writer.member("rows", count)
            writer.endObject()
            writer.endLine()
            try await body.write(writer.takeOctets())
        }
    }

    private func resultCSV(_ job: JobRecord) -> HTTPResponse {
        let api = self
        return .stream(type: JobResultCSV.mediaType) { body in
            var csv = JobResultCSV(kind: job.specification.kind)
            try await body.write(csv.take())
            try await api.forEachPage(of: job) { page in
                for execution in page { csv.add(execution) }
                try await body.write(csv.take())
            }
        }
    }

    /// Hands over the executions of a job, page by page, so that memory does not grow with the job.
    private func forEachPage(
        of job: JobRecord,
        _ body: ([ExecutionRecord]) async throws -> Void
    ) async throws {
        var place: Int?
        while true {
            let page = try await gateway.executions(of: job.id.text, after: place, limit: Self.resultPage)
            if !page.isEmpty { try await body(page) }
            guard page.count == Self.resultPage else { return }
            place = page.last?.id.ordinal
        }
    }
}
