// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Parts of the configuration of meters as documents: activity calendar, special days, push set-ups.
extension GatewayAPI {
    @Sendable func getActivityCalendar(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await getSheet(.activityCalendar, named: try request.objectChoice(), request)
    }

    @Sendable func putActivityCalendar(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await putSheet(.activityCalendar, named: try request.objectChoice(), request)
    }

    @Sendable func getSpecialDays(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await getSheet(.specialDays, named: try request.objectChoice(), request)
    }

    @Sendable func putSpecialDays(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await putSheet(.specialDays, named: try request.objectChoice(), request)
    }

    @Sendable func getPushSetup(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await getSheet(.pushSetup, named: try request.obis(), request)
    }

    @Sendable func putPushSetup(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await putSheet(.pushSetup, named: try request.obis(), request)
    }

    private func getSheet(
        _ sheet: ConfigurationSheet,
        named name: OBISCode?,
        _ request: RoutedRequest
    ) async throws -> HTTPResponse {
        let (meter, wishes) = (request.parameter("id"), try request.wishes())
        let object = try await gateway.configurationObject(
            of: sheet.classID,
            named: name,
            usually: sheet.usual,
            at: meter,
            wishes
        )
        return try await answer(sheet, object, meter, wishes)
    }

    private func putSheet(
        _ sheet: ConfigurationSheet,
        named name: OBISCode?,
        _ request: RoutedRequest
    ) async throws -> HTTPResponse {
        let (meter, wishes) = (request.parameter("id"), try request.wishes())
        let wanted = try request.members { try Self.wanted(sheet, &$0) }
        guard !wanted.isEmpty else { throw Problem.badParameter("body", expected: "at least one member to write") }
        let object = try await gateway.configurationObject(
            of: sheet.classID,
            named: name,
            usually: sheet.usual,
            at: meter,
            // What is written needs the version that the writing association shows.
            toWrite: true,
            wishes
        )
        for (field, value, place) in wanted {
            if sheet.classID == 20, field.index == 10, value == "now" {
                try await gateway.activateCalendar(object, of: meter, wishes)
                continue
            }
            let query = AttributeQuery(
                object: object.logicalName,
                classID: object.classID,
                attribute: .index(field.index)
            )
            do throws(GatewayError) {
                let command = WriteCommand(query: query, value: value.renamed(field.modelNames))
                _ = try await gateway.write(command, of: meter, wishes)
            } catch {
                guard case .valueOutOfRange(let pointer, let allowed) = error else { throw error }
                // The place in the body, not in the attribute.
                let inside = pointer.text.hasPrefix("/value") ? pointer.text.dropFirst(6) : pointer.text[...]
                throw GatewayError.valueOutOfRange(pointer: JSONPointer(place.text + inside), allowed: allowed)
            }
        }
        return try await answer(sheet, object, meter, wishes)
    }

    /// The fields in the body, in the order in which they are written.
    private static func wanted(
        _ sheet: ConfigurationSheet,
        _ members: inout JSONMembers
    ) throws(JSONMemberError) -> [(ConfigurationSheet.Field, JSONValue, JSONPointer)] {
        var wanted: [(ConfigurationSheet.Field, JSONValue, JSONPointer)] = []
        for group in sheet.groups where group.isWritable {
            guard let name = group.name else {
                wanted += fields(group, &members)
                continue
            }
            guard var inner = try members.optionalMembers(name) else { continue }
            wanted += fields(group, &inner)
            try inner.finish()
        }
        return wanted
    }

    private static func fields(
        _ group: ConfigurationSheet.Group,
        _ members: inout JSONMembers
    ) -> [(ConfigurationSheet.Field, JSONValue, JSONPointer)] {
        group.fields.compactMap { field in
            members.optionalValue(field.name).map { (field, $0, members.pointer.appending(field.name)) }
        }
    }

    /// The document as the meter has it now; null for what it does not show.
    private func answer(
        _ sheet: ConfigurationSheet,
        _ object: MeterObject,
        _ meter: String,
        _ wishes: Gateway.Wishes
    ) async throws -> HTTPResponse {
        var wishes = wishes
        wishes.freshness = .live
        let fields = sheet.groups.flatMap(\.fields)
        let queries = fields.map {
            AttributeQuery(object: object.logicalName, classID: object.classID, attribute: .index($0.index))
        }
        let reading = try await gateway.read(queries, of: meter, wishes)
        if reading.failures == fields.count, case .failure(let error)? = reading.outcomes.first?.result { throw error }
        var values: [Int8: JSONValue] = [:]
        for (field, outcome) in zip(fields, reading.outcomes) {
            guard case .success(let value) = outcome.result else { continue }
            var writer = JSONWriter(reservingCapacity: 512)
            ValueForm.friendly.write(value.data, context: value.context, into: &writer)
            values[field.index] = try JSONReader.parse(writer.takeOctets()).renamed(field.names)
        }
        return HTTPResponse.json(reservingCapacity: 2048) { writer in
            writer.beginObject()
            writer.member("meter", meter)
            ReadingRepresentation.write(object, into: &writer)
            for group in sheet.groups {
                if let name = group.name {
                    writer.name(name)
                    writer.beginObject()
                }
                for field in group.fields {
                    writer.name(field.name)
                    writer.value(values[field.index] ?? .null)
                }
                if group.name != nil { writer.endObject() }
            }
            writer.member("association", reading.association)
            writer.endObject()
        }
        .with("Server-Timing", reading.timings.field)
        .with("Cache-Control", "no-store")
    }
}
