// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Which meters there are.
extension GatewayAPI {
    @Sendable func listMeters(_ request: RoutedRequest) async throws -> HTTPResponse {
        var requirements: [LabelSelector.Requirement] = []
        for text in request.query.all("label") {
            guard let selector = LabelSelector(text) else {
                throw Problem.badParameter("label", expected: "key=value, or a key alone")
            }
            requirements += selector.requirements
        }
        requirements += try request.confinement()?.requirements ?? []
        let search = try request.searchText()
        let limit = try request.pageLimit()
        let cursor = try request.query.single("cursor")
        if let cursor, MeterID(cursor) == nil { throw Problem.badParameter("cursor", expected: "as given in 'next'") }
        let page = try await gateway.meterPage(
            matching: MeterQuery(search: search, labels: LabelSelector(requirements)),
            reachability: request.query.choice("state"),
            after: cursor,
            limit: limit
        )
        return ListPage.answer(page.items, next: page.next.map { next(request, cursor: $0) }) { record, writer in
            MeterRepresentation.write(record, into: &writer)
        }
    }

    @Sendable func createMeter(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard case .object(var object) = try request.json() else {
            throw JSONMemberError(.wrongKind(expected: "an object", found: "something else"), at: .root)
        }
        guard let value = object["id"] else { throw JSONMemberError(.missingMember(name: "id"), at: .root) }
        let id = try Self.identifier(value)
        object["id"] = nil
        do throws(GatewayError) {
            let result = try await gateway.putMeter(id, .object(object), when: .ifAbsent)
            return Self.written(result, path: settings.basePath + "/meters/\(id.text)")
        } catch {
            if case .etagMismatch = error { throw GatewayError.alreadyExists(what: "meter \(id.text)") }
            throw error
        }
    }

    @Sendable func getMeter(_ request: RoutedRequest) async throws -> HTTPResponse {
        let record = try await gateway.meter(request.parameter("id"))
        let link = await gateway.linkStatus(of: record.id)
        // The link changes without the configuration, so the strong tag of the revision promises the configuration only.
        return HTTPResponse.json(reservingCapacity: 1024) {
            MeterRepresentation.write(record, link: link, into: &$0)
        }
        .with("ETag", EntityTag(record.revision.text).description)
        .with("Cache-Control", "no-cache")
    }

    @Sendable func putMeter(_ request: RoutedRequest) async throws -> HTTPResponse {
        let id = try Self.identifier(request)
        var document = try request.json()
        if case .object(var object) = document, let inner = object["id"] {
            guard try Self.identifier(inner) == id else {
                throw JSONMemberError(.invalid(expected: "the id of the path", suggestion: id.text), at: "/id")
            }
            object["id"] = nil
            document = .object(object)
        }
        let result = try await gateway.putMeter(id, document, when: request.writePrecondition())
        return Self.written(result, path: settings.basePath + "/meters/\(id.text)")
    }

    @Sendable func patchMeter(_ request: RoutedRequest) async throws -> HTTPResponse {
        let patch = try request.json()
        guard case .object = patch else {
            throw JSONMemberError(.wrongKind(expected: "an object", found: patch.kindInWords), at: .root)
        }
        let record: MeterRecord
        do throws(GatewayError) {
            record = try await gateway.patchMeter(request.parameter("id"), patch, ifRevision: request.ifMatch())
        } catch {
            guard case .invalidMember(let fault) = error else { throw error }
            throw Problem.unfitMember(fault)
        }
        return Self.written(.replaced(record), path: "")
    }

    @Sendable func deleteMeter(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.deleteMeter(request.parameter("id"), when: request.deletePrecondition())
        return .empty()
    }

    private static func written(_ result: WriteResult<MeterRecord>, path: String) -> HTTPResponse {
        let record = result.record
        let response = HTTPResponse.json(status: result.isCreation ? 201 : 200, reservingCapacity: 1024) {
            MeterRepresentation.write(record, into: &$0)
        }
        .with("ETag", EntityTag(record.revision.text).description)
        return result.isCreation ? response.with("Location", path) : response
    }

    private static func identifier(_ request: RoutedRequest) throws(Problem) -> MeterID {
        guard let id = MeterID(request.parameter("id")) else {
            throw .badParameter("id", expected: "1 to 64 letters, digits and . _ ~ -")
        }
        return id
    }

    private static func identifier(_ value: JSONValue) throws(JSONMemberError) -> MeterID {
        guard let id = value.string.flatMap({ MeterID($0) }) else {
            throw JSONMemberError(
                .invalid(expected: "1 to 64 letters, digits and . _ ~ -", suggestion: nil),
                at: "/id"
            )
        }
        return id
    }
}

extension WriteResult {
    /// Whether the record is new.
    var isCreation: Bool {
        if case .created = self { true } else { false }
    }
}

extension GatewayAPI {
    /// The address of the next page: this one's with another cursor.
    func next(_ request: RoutedRequest, cursor: String) -> String {
        var parts =
            request.request.rawTarget.split(separator: "?", maxSplits: 1).dropFirst().first?
            .split(separator: "&").filter { !$0.hasPrefix("cursor=") && !$0.hasPrefix("ticket=") }.map(String.init)
            ?? []
        parts.append("cursor=\(cursor)")
        return "\(request.request.rawPath)?\(parts.joined(separator: "&"))"
    }
}
