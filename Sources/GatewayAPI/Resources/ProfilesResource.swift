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
    /// More rows than this are not gathered for one answer: JSON leads to the rest, CSV is sent as the rows come.
    private static let mostCollectedRows = 50_000

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
        let rowFormat = try request.rowFormat()
        let query = try Self.rowsQuery(request)
        let wishes = Gateway.Wishes(
            association: try request.association(),
            freshness: try request.freshness(),
            budget: request.budget,
            priority: request.priority
        )
        if request.prefersJob {
            return try await accepted(.profileRead(obis, query, association: wishes.association), request)
        }
        let pending = try await gateway.prepareRows(query, of: obis, meter, wishes)
        let isLong = query.limit == nil && pending.mostRows ?? 0 > Self.mostCollectedRows
        switch request.mediaType {
        case "application/x-ndjson": return stream(pending, numbersAsStrings, rowFormat, limit: query.limit)
        case CIMMeterReadings.mediaType where isLong: return streamXML(pending, of: meter)
        case "text/csv" where isLong: return streamCSV(pending)
        case "text/csv":
            let answer = try await gateway.collectRows(pending)
            var csv = RowsCSV(layout: answer.layout, behaviour: answer.sheet.behaviour)
            csv.addHeader()
            for batch in answer.batches { csv.add(batch) }
            return HTTPResponse.octets(csv.take(), type: RowsCSV.mediaType)
                .with("Server-Timing", answer.timings.field).with("Cache-Control", "no-store")
        case CIMMeterReadings.mediaType:
            let answer = try await gateway.collectRows(pending)
            var document = CIMMeterReadings()
            for batch in answer.batches { document.add(batch, of: answer.sheet, answer.layout, meter: meter) }
            document.finish()
            return HTTPResponse.octets(document.take(), type: CIMMeterReadings.mediaType)
                .with("Server-Timing", answer.timings.field).with("Cache-Control", "no-store")
        default:
            var bounded = pending
            if isLong { bounded.limit = Self.mostCollectedRows }
            let answer = try await gateway.collectRows(bounded)
            let next = answer.rest.map { nextRows(request, from: $0.from, to: $0.to) }
            return HTTPResponse.json(reservingCapacity: 200 * (answer.count + 10)) {
                ProfileRepresentation(
                    basePath: settings.basePath,
                    numbersAsStrings: numbersAsStrings,
                    rowFormat: rowFormat
                )
                .write(answer, meter: meter, next: next, into: &$0)
            }
            .with("Server-Timing", answer.timings.field).with("Cache-Control", "no-store")
        }
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
        if let text = try request.query.single("columns") {
            let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard names.count <= 1000, names.allSatisfy({ (1...200).contains($0.utf8.count) }) else {
                throw Problem.badParameter("columns", expected: "keys of columns, with commas between them")
            }
            query.columns = names
        }
        return query
    }

    /// Rows as NDJSON while the meter still sends; what goes wrong on the way is the last line.
    private func stream(
        _ pending: Gateway.PendingRows,
        _ numbersAsStrings: Bool,
        _ rowFormat: ProfileRowWriter.RowFormat,
        limit: Int?
    ) -> HTTPResponse {
        let gateway = gateway
        return HTTPResponse.stream(type: "application/x-ndjson") { body in
            var lines = RowLines(
                layout: pending.layout,
                behaviour: pending.sheet.behaviour,
                numbersAsStrings: numbersAsStrings,
                rowFormat: rowFormat,
                limit: limit
            )
            let last: [UInt8]
            do {
                let selection = try await gateway.streamRows(pending) {
                    lines.isFull
                } deliver: { batch in
                    if let octets = lines.add(batch) { try await body.write(octets) }
                }
                last = lines.end(selection, isStored: pending.isStored)
            } catch let error as GatewayError {
                last = lines.end(error)
            }
            try await body.write(last)
        }
        .with("Cache-Control", "no-store")
    }

    /// Rows as CSV while the meter still sends; what goes wrong on the way cuts the connection.
    private func streamCSV(_ pending: Gateway.PendingRows) -> HTTPResponse {
        let gateway = gateway
        return HTTPResponse.stream(type: RowsCSV.mediaType) { body in
            var csv = RowsCSV(layout: pending.layout, behaviour: pending.sheet.behaviour)
            csv.addHeader()
            _ = try await gateway.streamRows(pending) {
                false
            } deliver: { batch in
                csv.add(batch)
                if csv.isWorthSending { try await body.write(csv.take()) }
            }
            try await body.write(csv.take())
        }
        .with("Cache-Control", "no-store")
    }

    /// Rows as CIM MeterReadings while the meter still sends; what goes wrong on the way cuts the connection.
    private func streamXML(_ pending: Gateway.PendingRows, of meter: String) -> HTTPResponse {
        let gateway = gateway
        return HTTPResponse.stream(type: CIMMeterReadings.mediaType) { body in
            var document = CIMMeterReadings()
            _ = try await gateway.streamRows(pending) {
                false
            } deliver: { batch in
                document.add(batch, of: pending.sheet, pending.layout, meter: meter)
                try await body.write(document.take())
            }
            document.finish()
            try await body.write(document.take())
        }
        .with("Cache-Control", "no-store")
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

extension RoutedRequest {
    /// How rows are written; an array of values unless said otherwise.
    func rowFormat() throws(Problem) -> ProfileRowWriter.RowFormat {
        guard let word = try query.single("rowFormat") else { return .array }
        guard let format = ProfileRowWriter.RowFormat(rawValue: word) else {
            throw .badParameter(
                "rowFormat",
                expected: "array or object",
                found: word,
                among: ProfileRowWriter.RowFormat.allCases.map(\.rawValue)
            )
        }
        return format
    }
}
