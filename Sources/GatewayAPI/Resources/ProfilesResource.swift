// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// What meters record.
extension GatewayAPI {
    @Sendable func listProfiles(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let (entries, timings) = try await gateway.profiles(of: meter, try request.wishes())
        let representation = ProfileRepresentation(basePath: settings.basePath)
        return HTTPResponse.json(reservingCapacity: 2048) { writer in
            writer.beginObject()
            writer.member("meter", meter)
            writer.name("items")
            writer.beginArray()
            for entry in entries {
                switch entry.sheet {
                case .success(let sheet): representation.write(sheet, meter: meter, into: &writer)
                case .failure(let error):
                    representation.write(entry.object, problem: error, meter: meter, into: &writer)
                }
            }
            writer.endArray()
            writer.name("next")
            writer.null()
            writer.endObject()
        }
        .with("Server-Timing", timings.field)
        .with("Cache-Control", "private, no-cache")
    }

    @Sendable func getProfile(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let (sheet, timings) = try await gateway.profile(try request.obis(), of: meter, try request.wishes())
        return HTTPResponse.json(reservingCapacity: 1024) {
            ProfileRepresentation(basePath: settings.basePath).write(sheet, meter: meter, into: &$0)
        }
        .with("Server-Timing", timings.field)
        .with("Cache-Control", "private, no-cache")
    }

    @Sendable func listRows(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (meter, obis) = (request.parameter("id"), try request.obis())
        let numbersAsStrings = try request.numbersAsStrings()
        let query = try Self.rowsQuery(request)
        let wishes = Gateway.Wishes(
            association: try request.association(),
            budget: WaitBudget(request.preferredWait ?? RoutedRequest.usualWait)
        )
        let pending = try await gateway.prepareRows(query, of: obis, meter, wishes)
        if request.mediaType == "application/x-ndjson", pending.canStream {
            return stream(pending, wishes, numbersAsStrings, limit: query.limit)
        }
        let answer = try await gateway.collectRows(pending, wishes)
        let response: HTTPResponse
        switch request.mediaType {
        case "application/x-ndjson": response = Self.lines(answer, numbersAsStrings)
        case "text/csv":
            var csv = RowsCSV(layout: answer.sheet.layout)
            var text = csv.header
            for row in answer.rows { text += csv.line(row) }
            response = .octets(Array(text.utf8), type: "text/csv; charset=utf-8; header=present")
        default:
            let next = answer.rest.map { nextRows(request, from: $0.from, to: $0.to) }
            response = HTTPResponse.json(reservingCapacity: 120 * (answer.rows.count + 10)) {
                ProfileRepresentation(basePath: settings.basePath, numbersAsStrings: numbersAsStrings)
                    .write(answer, meter: meter, next: next, into: &$0)
            }
        }
        return response.with("Server-Timing", answer.timings.field).with("Cache-Control", "no-store")
    }

    private static func rowsQuery(_ request: RoutedRequest) throws -> RowsQuery {
        var query = RowsQuery(from: try request.moment("from"), to: try request.moment("to"))
        if let text = try request.query.single("last") {
            guard let length = RoutedRequest.duration(text) else {
                throw Problem.badParameter("last", expected: "a duration such as P1D or 12h")
            }
            query.last = length
        }
        query.entries = try request.query.integer("entries", in: 1...1_000_000)
        query.limit = try request.query.integer("limit", in: 1...1_000_000)
        return query
    }

    /// Rows as NDJSON while the meter still sends; what goes wrong on the way is the last line.
    private func stream(
        _ pending: Gateway.PendingRows,
        _ wishes: Gateway.Wishes,
        _ numbersAsStrings: Bool,
        limit: Int?
    ) -> HTTPResponse {
        let gateway = gateway
        return HTTPResponse.stream(type: "application/x-ndjson") { body in
            var lines = RowLines(layout: pending.sheet.layout, numbersAsStrings: numbersAsStrings, limit: limit)
            var failure: GatewayError?
            do {
                try await gateway.streamRows(pending, wishes) { row in
                    if let octets = lines.add(row) { try await body.write(octets) }
                }
            } catch let error as GatewayError {
                failure = error
            }
            try await body.write(lines.end(failure))
        }
        .with("Cache-Control", "no-store")
    }

    /// Rows as NDJSON that had to be put in order first.
    private static func lines(_ answer: RowsAnswer, _ numbersAsStrings: Bool) -> HTTPResponse {
        var lines = RowLines(layout: answer.sheet.layout, numbersAsStrings: numbersAsStrings, limit: nil)
        var octets: [UInt8] = []
        for row in answer.rows { octets += lines.add(row) ?? [] }
        return .octets(octets + lines.end(nil), type: "application/x-ndjson")
    }

    /// The address of the rows that did not fit.
    private func nextRows(_ request: RoutedRequest, from: Timestamp, to: Timestamp) -> String {
        let kept = request.request.rawTarget.split(separator: "?", maxSplits: 1).dropFirst().first?
            .split(separator: "&")
            .filter { part in !["from=", "to=", "last=", "entries="].contains { part.hasPrefix($0) } }
            .map(String.init)
        let parts = ["from=\(from.rfc3339)", "to=\(to.rfc3339)"] + (kept ?? [])
        return "\(request.request.rawPath)?\(parts.joined(separator: "&"))"
    }
}
