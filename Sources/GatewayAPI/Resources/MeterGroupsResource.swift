// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Groups of meters.
extension GatewayAPI {
    @Sendable func listMeterGroups(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let page = try await gateway.meterGroupPage(after: try request.identifierCursor(), limit: limit)
        let basePath = settings.basePath
        return ListPage.answer(page.items, next: page.next.map { next(request, cursor: $0) }) { record, writer in
            MeterGroupRepresentation.write(record, basePath: basePath, into: &writer)
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func createMeterGroup(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (id, document): (MeterGroupID, JSONValue) = try request.identifiedDocument()
        do throws(GatewayError) {
            let result = try await gateway.putMeterGroup(id, document, when: .ifAbsent)
            return try await answer(result)
        } catch {
            if case .etagMismatch = error { throw GatewayError.alreadyExists(what: "group \(id.text)") }
            throw error
        }
    }

    @Sendable func getMeterGroup(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await answer(try await gateway.meterGroup(request.parameter("id")))
    }

    @Sendable func putMeterGroup(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard let id = MeterGroupID(request.parameter("id")) else {
            throw Problem.badParameter("id", expected: "1 to 64 letters, digits and . _ ~ -")
        }
        return try await answer(
            try await gateway.putMeterGroup(id, try request.json(), when: request.writePrecondition())
        )
    }

    @Sendable func deleteMeterGroup(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.deleteMeterGroup(request.parameter("id"), when: request.deletePrecondition())
        return .empty()
    }

    @Sendable func listMeterGroupMembers(_ request: RoutedRequest) async throws -> HTTPResponse {
        let group = try await gateway.meterGroup(request.parameter("id"))
        let page = try await gateway.targets.page(
            of: .group(group.id),
            after: try request.identifierCursor(),
            limit: try request.pageLimit()
        )
        return ListPage.answer(page.items, next: page.next.map { next(request, cursor: $0) }) { meter, writer in
            writer.beginObject()
            writer.member("meter", meter.text)
            writer.endObject()
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func changeMeterGroupMembers(_ request: RoutedRequest) async throws -> HTTPResponse {
        let precondition = request.ifMatch().map { WritePrecondition.ifRevision($0) } ?? .ifPresent
        return try await answer(
            try await gateway.changeMembers(of: request.parameter("id"), try request.json(), when: precondition)
        )
    }

    private func answer(_ result: WriteResult<MeterGroupRecord>) async throws(GatewayError) -> HTTPResponse {
        guard result.isCreation else { return try await answer(result.record) }
        return try await answer(result.record, status: 201)
            .with("Location", settings.basePath + "/groups/\(result.record.id.text)")
    }

    private func answer(_ record: MeterGroupRecord, status: Int = 200) async throws(GatewayError) -> HTTPResponse {
        let count = try await gateway.targets.count(of: .group(record.id))
        return HTTPResponse.json(status: status) {
            MeterGroupRepresentation.write(record, count: count, basePath: settings.basePath, into: &$0)
        }
        .with("ETag", EntityTag(record.revision.text).description)
        .with("Cache-Control", "no-cache")
    }
}

extension RoutedRequest {
    /// The place in a list that is sorted by id; nil begins.
    func identifierCursor() throws(Problem) -> String? {
        guard let cursor = try query.single("cursor") else { return nil }
        guard MeterID(cursor) != nil else { throw .badParameter("cursor", expected: "as given in 'next'") }
        return cursor
    }

    /// A body with the member `id`, and what is left without it.
    func identifiedDocument<Subject>() throws -> (Identifier<Subject>, JSONValue) {
        let document = try json()
        guard case .object(var object) = document else {
            throw JSONMemberError(.wrongKind(expected: "an object", found: document.kindInWords), at: .root)
        }
        guard let value = object["id"] else { throw JSONMemberError(.missingMember(name: "id"), at: .root) }
        guard let id = value.string.flatMap({ Identifier<Subject>($0) }) else {
            throw JSONMemberError(
                .invalid(expected: "1 to 64 letters, digits and . _ ~ -", suggestion: nil),
                at: "/id"
            )
        }
        object["id"] = nil
        return (id, .object(object))
    }
}
