// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// What is to be read, under names that schedules share.
extension GatewayAPI {
    @Sendable func listReadingSets(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let page = try await gateway.readingSetPage(after: try request.identifierCursor(), limit: limit)
        return ListPage.answer(page.items, next: page.next.map { next(request, cursor: $0) }) { record, writer in
            ScheduleRepresentation.write(record, into: &writer)
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func createReadingSet(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (id, document): (ReadingSetID, JSONValue) = try request.identifiedDocument()
        do throws(GatewayError) {
            return answer(try await gateway.putReadingSet(id, document, when: .ifAbsent))
        } catch {
            if case .etagMismatch = error { throw GatewayError.alreadyExists(what: "reading set \(id.text)") }
            throw error
        }
    }

    @Sendable func getReadingSet(_ request: RoutedRequest) async throws -> HTTPResponse {
        answer(try await gateway.readingSet(request.parameter("id")), status: 200)
    }

    @Sendable func putReadingSet(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard let id = ReadingSetID(request.parameter("id")) else {
            throw Problem.badParameter("id", expected: "1 to 64 letters, digits and . _ ~ -")
        }
        return answer(try await gateway.putReadingSet(id, try request.json(), when: request.writePrecondition()))
    }

    @Sendable func deleteReadingSet(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.deleteReadingSet(request.parameter("id"), when: request.deletePrecondition())
        return .empty()
    }

    private func answer(_ result: WriteResult<ReadingSetRecord>) -> HTTPResponse {
        guard result.isCreation else { return answer(result.record, status: 200) }
        return answer(result.record, status: 201)
            .with("Location", settings.basePath + "/reading-sets/\(result.record.id.text)")
    }

    private func answer(_ record: ReadingSetRecord, status: Int) -> HTTPResponse {
        HTTPResponse.json(status: status) { ScheduleRepresentation.write(record, into: &$0) }
            .with("ETag", EntityTag(record.revision.text).description)
            .with("Cache-Control", "no-cache")
    }
}
