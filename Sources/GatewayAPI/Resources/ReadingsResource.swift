// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// What was read from meters and stored.
extension GatewayAPI {
    /// A page of JSON has so many readings unless the caller says otherwise.
    private static let usualReadings = 1000

    @Sendable func getLatestReadings(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let names = try Self.readingNames(request, "names")
        let representation = StoredReadingRepresentation(numbersAsStrings: try request.numbersAsStrings())
        let latest = try await gateway.latestReadings(of: meter, names: names)
        let response = HTTPResponse.json(reservingCapacity: 300 * (latest.readings.count + 1)) { writer in
            writer.beginObject()
            writer.member("meter", meter)
            writer.name("readings")
            writer.beginObject()
            for (name, reading) in latest.readings {
                writer.name(name)
                writer.beginObject()
                representation.writeMembers(reading, into: &writer)
                writer.endObject()
            }
            writer.endObject()
            writer.member("missing", latest.missing)
            writer.endObject()
        }
        guard case .octets(let octets) = response.body else { return response }
        let tag = EntityTag(Self.digest(octets), isWeak: true)
        if tag.matchesIfNoneMatch(request.headers) {
            return HTTPResponse(status: 304).with("ETag", tag.description).with("Cache-Control", "private, no-cache")
        }
        return response.with("ETag", tag.description).with("Cache-Control", "private, no-cache")
    }

    @Sendable func listReadings(_ request: RoutedRequest) async throws -> HTTPResponse {
        let representation = StoredReadingRepresentation(
            numbersAsStrings: try request.numbersAsStrings(),
            isFlat: try request.rowFormat() == .object
        )
        var query = try readingsQuery(request)
        query.target = try await confine(query.target, for: request)
        let cursor = try Self.readingsCursor(request)
        let limit: Int? = try request.query.integer("limit", in: 1...1_000_000)
        // Who asks for a meter that does not exist learns it before anything is sent.
        try await gateway.targets.check(query.target)
        switch request.mediaType {
        case "application/x-ndjson": return streamLines(query, cursor, limit, representation)
        case "text/csv": return streamCSV(query, cursor, limit, representation)
        case CIMMeterReadings.mediaType: return streamXML(query, cursor, limit)
        default: return try await page(query, cursor, min(limit ?? Self.usualReadings, 50_000), representation, request)
        }
    }

    private func page(
        _ query: Gateway.ReadingsQuery,
        _ cursor: Gateway.ReadingsCursor?,
        _ limit: Int,
        _ representation: StoredReadingRepresentation,
        _ request: RoutedRequest
    ) async throws -> HTTPResponse {
        var found: [(MeterID, [StoredReading])] = []
        let rest = try await gateway.readings(matching: query, from: cursor, limit: limit) { found.append(($0, $1)) }
        let items = found.flatMap { meter, readings in readings.map { (meter, $0) } }
        let next = rest.map {
            self.next(request, cursor: "\($0.meter.text)!\($0.series)!\($0.at.microseconds)")
        }
        return ListPage.answer(items, next: next) { item, writer in
            representation.write(item.1, of: item.0, into: &writer)
        }
        .with("Cache-Control", "no-store")
    }

    /// Readings as NDJSON; the last line tells that nothing is missing, or what went wrong.
    private func streamLines(
        _ query: Gateway.ReadingsQuery,
        _ cursor: Gateway.ReadingsCursor?,
        _ limit: Int?,
        _ representation: StoredReadingRepresentation
    ) -> HTTPResponse {
        let gateway = gateway
        return HTTPResponse.stream(type: "application/x-ndjson") { body in
            var writer = JSONWriter(reservingCapacity: 65_536)
            var count = 0
            var failure: GatewayError?
            do {
                _ = try await gateway.readings(matching: query, from: cursor, limit: limit) { meter, readings in
                    for reading in readings {
                        representation.write(reading, of: meter, into: &writer)
                        writer.endLine()
                    }
                    count += readings.count
                    try await body.write(writer.takeOctets())
                }
            } catch let error as GatewayError {
                failure = error
            }
            writer.beginObject()
            writer.member("end", failure == nil)
            writer.member("readings", count)
            if let failure {
                writer.name("problem")
                Problem(failure).write(into: &writer)
            }
            writer.endObject()
            writer.endLine()
            try await body.write(writer.takeOctets())
        }
        .with("Cache-Control", "no-store")
    }

    /// Readings as CSV; what goes wrong on the way cuts the connection.
    private func streamCSV(
        _ query: Gateway.ReadingsQuery,
        _ cursor: Gateway.ReadingsCursor?,
        _ limit: Int?,
        _ representation: StoredReadingRepresentation
    ) -> HTTPResponse {
        let gateway = gateway
        return HTTPResponse.stream(type: RowsCSV.mediaType) { body in
            var text = CSVText()
            StoredReadingRepresentation.writeCSVHeader(into: &text)
            _ = try await gateway.readings(matching: query, from: cursor, limit: limit) { meter, readings in
                for reading in readings { representation.writeCSV(reading, of: meter, into: &text) }
                try await body.write(text.take())
            }
            if text.count > 0 { try await body.write(text.take()) }
        }
        .with("Cache-Control", "no-store")
    }

    /// Readings as CIM MeterReadings; what goes wrong on the way cuts the connection.
    private func streamXML(
        _ query: Gateway.ReadingsQuery,
        _ cursor: Gateway.ReadingsCursor?,
        _ limit: Int?
    ) -> HTTPResponse {
        let gateway = gateway
        return HTTPResponse.stream(type: CIMMeterReadings.mediaType) { body in
            var document = CIMMeterReadings()
            _ = try await gateway.readings(matching: query, from: cursor, limit: limit) { meter, readings in
                document.add(readings, of: meter)
                try await body.write(document.take())
            }
            document.finish()
            try await body.write(document.take())
        }
        .with("Cache-Control", "no-store")
    }

    private func readingsQuery(_ request: RoutedRequest) throws -> Gateway.ReadingsQuery {
        let now = gateway.clock.now()
        let to = try request.moment("to")
        let from = try request.moment("from")
        var last: Duration?
        if let text = try request.query.single("last") {
            guard let length = RoutedRequest.duration(text) else {
                throw Problem.badParameter("last", expected: "a duration such as P1D or 12h")
            }
            last = length
        }
        let start: Timestamp
        let end: Timestamp
        switch (from, last) {
        case (let from?, let last?):
            end = to ?? from + last
            start = max(from, end - last)
        case (let from?, nil):
            end = to ?? max(now, from) + .seconds(1)
            start = from
        case (nil, let last):
            end = to ?? now + .seconds(1)
            start = (to ?? now) - (last ?? RowsQuery.usualLast)
        }
        guard start <= end else { throw Problem.unfitParameter("to", expected: "a time that is not before 'from'") }
        return Gateway.ReadingsQuery(
            target: try Self.readingsTarget(request),
            names: try Self.readingNames(request, "name"),
            range: start..<end,
            withDetail: try request.query.bool("detail") ?? false
        )
    }

    private static func readingsTarget(_ request: RoutedRequest) throws -> TargetSelection {
        let meters = request.query.all("meter").flatMap { $0.split(separator: ",").map(String.init) }
        let group = try request.query.single("group")
        let labels = request.query.all("label")
        guard [!meters.isEmpty, group != nil, !labels.isEmpty].count(where: { $0 }) == 1 else {
            throw Problem.unfitParameter("meter", expected: "given, or one of group and label in its place")
        }
        if let group {
            guard let id = MeterGroupID(group) else {
                throw Problem.badParameter("group", expected: "the id of a group")
            }
            return .group(id)
        }
        if !labels.isEmpty {
            var requirements: [LabelSelector.Requirement] = []
            for text in labels {
                guard let selector = LabelSelector(text) else {
                    throw Problem.badParameter("label", expected: "key=value, or a key alone")
                }
                requirements += selector.requirements
            }
            return .selector(LabelSelector(requirements))
        }
        var ids: [MeterID] = []
        for text in meters.prefix(TargetSelection.mostMeters) {
            guard let id = MeterID(text) else { throw Problem.badParameter("meter", expected: "the id of a meter") }
            if !ids.contains(id) { ids.append(id) }
        }
        return .meters(ids)
    }

    private static func readingNames(_ request: RoutedRequest, _ parameter: String) throws -> [ReadingName]? {
        let texts = request.query.all(parameter).flatMap { $0.split(separator: ",").map(String.init) }
        guard request.query.contains(parameter) else { return nil }
        guard (1...100).contains(texts.count) else {
            throw Problem.badParameter(parameter, expected: "1 to 100 names with commas between them")
        }
        var names: [ReadingName] = []
        for text in texts {
            guard let name = ReadingName(text) else {
                var problem = Problem.badParameter(
                    parameter,
                    expected: "names such as energy-import, or OBIS codes",
                    found: text,
                    among: ReadingAliases.standard.names
                )
                // The form is right, the name means nothing here.
                problem.status = 422
                throw problem
            }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    private static func readingsCursor(_ request: RoutedRequest) throws -> Gateway.ReadingsCursor? {
        guard let text = try request.query.single("cursor") else { return nil }
        let parts = text.split(separator: "!", omittingEmptySubsequences: false)
        guard parts.count == 3, let meter = MeterID(parts[0]), let series = Int(parts[1]), let at = Int64(parts[2])
        else { throw Problem.badParameter("cursor", expected: "as given in 'next'") }
        return Gateway.ReadingsCursor(meter: meter, series: series, at: Timestamp(microseconds: at))
    }

    /// A short text that differs when the octets do (FNV-1a, 64 bits).
    private static func digest(_ octets: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in octets { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        return String(hash, radix: 36)
    }
}
