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
        let query = AttributeQuery(
            object: obis,
            classID: try request.classID(),
            attribute: try request.member(),
            selection: try await selection(request, meter, obis)
        )
        return try await withNamesLike(obis, request) {
            let answer = try await gateway.read([query], of: meter, try request.wishes())
            guard let outcome = answer.outcomes.first else { throw Problem.internalFault }
            let reading = try outcome.result.get()
            return try self.answer(reading, meter, values, answer.timings, request)
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
        return try await withNamesLike(obis, request) {
            let outcome = try await gateway.write(command, of: meter, try request.wishes())
            let values = ReadingRepresentation()
            return HTTPResponse.json { writer in
                writer.beginObject()
                writer.member("meter", meter)
                ReadingRepresentation.write(outcome.object, into: &writer)
                ReadingRepresentation.write(
                    outcome.attributeIndex,
                    outcome.object.model?.attribute(outcome.attributeIndex)?.name,
                    into: &writer
                )
                writer.member("type", outcome.value.typeName)
                if let before = outcome.before { values.write(before, outcome.context, named: "before", into: &writer) }
                if let after = outcome.after { values.write(after, outcome.context, named: "after", into: &writer) }
                writer.member("written", outcome.isWritten)
                writer.member("verified", outcome.isVerified)
                writer.member("dryRun", outcome.isDryRun)
                writer.member("association", outcome.association)
                writer.member("writtenAt", outcome.writtenAt?.rfc3339)
                writer.endObject()
            }
            .with("Server-Timing", outcome.timings.field)
            .with("Cache-Control", "no-store")
        }
    }

    private func answer(
        _ reading: Reading,
        _ meter: String,
        _ values: ReadingRepresentation,
        _ timings: ExchangeTimings,
        _ request: RoutedRequest
    ) throws -> HTTPResponse {
        // The body tells when the value was read, so the moment of reading is what distinguishes two bodies.
        let tag = EntityTag(
            "\(String(reading.readAt.microseconds, radix: 36))-\(values.form.rawValue)"
                + (values.numbersAsStrings ? "-s" : ""),
            isWeak: true
        )
        let age = age(reading.readAt)
        let left = max(0, gateway.settings.valueAge.components.seconds - age)
        var headers = HTTPHeaders()
        headers.add("ETag", tag.description)
        headers.add("Age", "\(age)")
        headers.add("Cache-Control", "private, max-age=\(left)")
        headers.add("Server-Timing", timings.field)
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
        return HTTPResponse(status: 200, headers: headers, body: .octets(writer.takeOctets()))
    }

    /// The part of the attribute that is asked for, nil for all of it.
    private func selection(_ request: RoutedRequest, _ meter: String, _ obis: OBISCode) async throws -> SelectiveAccess?
    {
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
