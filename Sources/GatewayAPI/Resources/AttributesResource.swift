// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// Attributes of objects.
extension GatewayAPI {
    @Sendable func getAttribute(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (meter, obis) = (request.parameter("id"), try request.obis())
        let values = try request.valueRepresentation()
        let unit = try request.query.single("scale")
        guard unit == nil || values.form == .friendly else {
            throw Problem.unfitParameter("scale", expected: "left out when 'form' is typed or hex")
        }
        let query = AttributeQuery(
            object: obis,
            classID: try request.classID(),
            attribute: try request.member(),
            selection: try await selection(request, meter, obis)
        )
        var wishes = try request.wishes()
        let isAsynchronous = request.prefersJob && query.selection == nil
        if isAsynchronous {
            let job = try await job(for: .read([query], association: try request.association()), request).job
            guard job.state == .succeeded else { return acceptedAnswer(job, request) }
            // The job read it just now.
            wishes.freshness = Freshness(onlyIfCached: true)
        }
        return try await withNamesLike(obis, request) {
            let answer = try await gateway.read([query], of: meter, wishes)
            guard let outcome = answer.outcomes.first else { throw Problem.internalFault }
            let reading = try outcome.result.get()
            var values = values
            values.scale = try unit.map { try Self.scale(in: $0, of: reading) }
            let response = self.answer(reading, answer, meter, values, request)
            return isAsynchronous ? request.appliedPreference(to: response) : response
        }
    }

    @Sendable func putAttribute(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (meter, obis) = (request.parameter("id"), try request.obis())
        let query = AttributeQuery(
            object: obis,
            classID: try request.classID(),
            attribute: try request.member()
        )
        let command = try request.members { members in
            WriteCommand(
                query: query,
                value: try members.requiredValue("value"),
                expectation: members.optionalValue("expect"),
                verifies: try members.optionalBool("verify") ?? true,
                isDryRun: try members.optionalBool("dryRun") ?? false
            )
        }
        for scope in command.scopes.sorted() { try request.require(scope) }
        return try await withNamesLike(obis, request) {
            let outcome = try await gateway.write(command, of: meter, try request.wishes())
            return HTTPResponse.json { writer in
                writer.beginObject()
                writer.member("meter", meter)
                CommandRepresentation.writeMembers(outcome, into: &writer)
                writer.endObject()
            }
            .with("Server-Timing", outcome.timings.field)
            .with("Cache-Control", "no-store")
        }
    }

    private func answer(
        _ reading: Reading,
        _ answer: ReadAnswer,
        _ meter: String,
        _ values: ReadingRepresentation,
        _ request: RoutedRequest
    ) -> HTTPResponse {
        // The body tells when the value was read, so the moment of reading is what distinguishes two bodies.
        let tag = EntityTag(
            "\(String(reading.readAt.microseconds, radix: 36))-\(values.form.rawValue)"
                + (values.numbersAsStrings ? "-s" : "") + (values.scale.map { "-\($0.exponent)" } ?? ""),
            isWeak: true
        )
        let aging = AgingFields(
            readAt: reading.readAt,
            usualAge: gateway.settings.valueAge,
            others: [
                .init(name: "ETag", value: tag.description), .init(name: "Server-Timing", value: answer.timings.field),
            ]
        )
        var headers = aging.fields(at: gateway.clock.now())
        if tag.matchesIfNoneMatch(request.headers) { return HTTPResponse(status: 304, headers: headers) }
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.member("meter", meter)
        ReadingRepresentation.write(reading.object, into: &writer)
        ReadingRepresentation.write(reading.attributeIndex, reading.attributeName, into: &writer)
        values.writeValue(reading, into: &writer)
        writer.member("association", reading.association)
        writer.endObject()
        headers.add("Content-Type", "application/json")
        var response = HTTPResponse(status: 200, headers: headers, body: .octets(writer.takeOctets()))
        if let read = answer.standing {
            response.standing = StandingReading(read, aging, body: response.body, clock: gateway.clock)
        }
        return response
    }

    /// The unit that the caller wants a value in: its own, or that with a prefix.
    private static func scale(in symbol: String, of reading: Reading) throws -> DisplayScale {
        guard case .known(let scalerUnit) = reading.context.quantity, let unit = scalerUnit.unit, !unit.symbol.isEmpty
        else { throw Problem.unfitParameter("scale", expected: "left out for a value without a unit") }
        guard let scale = DisplayScale(symbol, of: unit) else {
            let own = unit.symbol
            throw Problem.unfitParameter(
                "scale",
                expected: "\(own), or that after m, k, M, G or T, such as k\(own)",
                found: symbol,
                among: ["k", "", "M", "G", "T", "m"].map { $0 + own }
            )
        }
        return scale
    }

    /// The part of the attribute that is asked for, nil for all of it.
    private func selection(_ request: RoutedRequest, _ meter: String, _ obis: OBISCode) async throws -> SelectiveAccess?
    {
        if let part = try request.objectSelection() {
            guard !["from", "to", "firstEntry", "lastEntry"].contains(where: request.query.contains) else {
                throw Problem.unfitParameter("classes", expected: "left out when a range is there")
            }
            return part.access
        }
        let (from, to) = (try request.moment("from"), try request.moment("to"))
        let first: UInt32? = try request.query.integer("firstEntry", in: 1...UInt32.max)
        let last: UInt32? = try request.query.integer("lastEntry")
        switch (from ?? to, first ?? last) {
        case (nil, nil): return nil
        case (nil, .some): return .entries(from: first ?? 1, to: last ?? 0)
        case (.some, .some):
            guard let id = MeterID(meter) else { throw GatewayError.meterUnknown(text: meter) }
            throw GatewayError.rangeNotSupported(
                ObjectTarget(meter: id, object: obis),
                reason: "it is given by time and by entry at once"
            )
        case (.some, nil):
            return try await gateway.rangeSelection(of: obis, from: from, to: to, meter: meter)
        }
    }
}

extension RoutedRequest {
    /// The part of an object list that is asked for: `classes=3,7` or `objects=3/1.0.1.8.0.255`; nil for none.
    fileprivate func objectSelection() throws(Problem) -> ObjectSelection? {
        let (classes, objects) = (try query.single("classes"), try query.single("objects"))
        if let classes {
            let texts = classes.split(separator: ",", omittingEmptySubsequences: false)
            guard texts.allSatisfy({ 1...5 ~= $0.utf8.count && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }) else {
                throw .badParameter("classes", expected: "numbers of classes such as 3,7")
            }
            let numbers = texts.map { UInt16($0) }
            guard numbers.count <= 100, !numbers.contains(nil) else {
                throw .unfitParameter("classes", expected: "at most 100 numbers up to 65535")
            }
            guard objects == nil else { throw .unfitParameter("classes", expected: "left out when objects is there") }
            return .classes(numbers.compactMap(\.self))
        }
        guard let objects else { return nil }
        let names = objects.split(separator: ",", omittingEmptySubsequences: false).map { text in
            let parts = text.split(separator: "/", maxSplits: 1)
            return parts.count == 2
                ? UInt16(parts[0]).flatMap { id in
                    OBISCode(String(parts[1])).map { ObjectSelection.Name(classID: id, logicalName: $0) }
                } : nil
        }
        guard (1...100).contains(names.count), !names.contains(nil) else {
            throw .unfitParameter(
                "objects",
                expected: "class and OBIS code such as 3/1.0.1.8.0.255, with commas between"
            )
        }
        return .objects(names.compactMap(\.self))
    }
}
