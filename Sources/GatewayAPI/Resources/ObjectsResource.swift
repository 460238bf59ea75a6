// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// The objects of a meter.
extension GatewayAPI {
    @Sendable func listObjects(_ request: RoutedRequest) async throws -> HTTPResponse {
        let classID = try request.classID()
        let search = try request.searchText()?.lowercased()
        let meter = request.parameter("id")
        let answer = try await gateway.objectList(of: meter, try request.wishes())
        let entries = answer.list.entries.filter { entry in
            guard classID == nil || entry.classID == classID else { return false }
            guard let search else { return true }
            return entry.logicalName.description.contains(search) || entry.logicalName.text.contains(search)
                || OBISNames.standard.name(of: entry.logicalName)?.lowercased().contains(search) == true
        }
        let representation = ObjectRepresentation()
        let response = HTTPResponse.json(reservingCapacity: 600 * (entries.count + 1)) { writer in
            writer.beginObject()
            writer.member("meter", meter)
            writer.name("items")
            writer.beginArray()
            for entry in entries { representation.write(entry, into: &writer) }
            writer.endArray()
            writer.member("association", answer.association)
            writer.member("readAt", answer.list.readAt.rfc3339)
            writer.member("source", answer.source.rawValue)
            writer.name("next")
            writer.null()
            writer.endObject()
        }
        return response.with("Age", "\(age(answer.list.readAt))").with("Server-Timing", answer.timings.field)
            .with("Cache-Control", "private, no-cache")
    }

    @Sendable func getObject(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (meter, obis) = (request.parameter("id"), try request.obis())
        let choice = try Self.attributeChoice(request)
        let values = try request.valueRepresentation()
        return try await withNamesLike(obis, request) {
            let answer = try await gateway.object(
                obis,
                classID: try request.classID(),
                of: meter,
                attributes: choice,
                try request.wishes()
            )
            return HTTPResponse.json(reservingCapacity: 2048) {
                ObjectRepresentation(values: values).write(answer, meter: meter, into: &$0)
            }
            .with("Server-Timing", answer.timings.field)
            .with("Cache-Control", "private, no-cache")
        }
    }

    @Sendable func readBatch(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (order, form): (JobOrder, ValueForm?) = try request.members { members in
            (try JobOrder(kind: .read, members: &members), try members.optionalChoice("form"))
        }
        guard case .read(let queries, let association) = order else { throw Problem.internalFault }
        var wishes = try request.wishes()
        wishes.association = association
        let meter = request.parameter("id")
        let answer = try await gateway.read(queries, of: meter, wishes)
        return HTTPResponse.json(reservingCapacity: 300 * (queries.count + 1)) { writer in
            writer.beginObject()
            writer.member("meter", meter)
            ReadingRepresentation(form: form ?? .friendly).writeMembers(answer, into: &writer)
            writer.endObject()
        }
        .with("Server-Timing", answer.timings.field)
        .with("Cache-Control", "no-store")
    }

    /// Seconds since a moment, never negative.
    func age(_ moment: Timestamp) -> Int64 {
        max(0, (gateway.clock.now() - moment).wholeMicroseconds / 1_000_000)
    }

    /// Adds the logical names that are like the unknown one to its problem.
    func withNamesLike(
        _ obis: OBISCode,
        _ request: RoutedRequest,
        _ work: () async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        do {
            return try await work()
        } catch let error as GatewayError {
            guard case .objectUndefined(let target, _) = error else { throw error }
            let names = gateway.namesLike(obis, of: target.meter)
            guard !names.isEmpty else { throw error }
            throw Problem(error).with(
                "choices",
                .array(
                    names.map { code in
                        .object(
                            JSONObject([
                                .init(name: "obis", value: .string(code.description)),
                                .init(
                                    name: "name",
                                    value: OBISNames.standard.name(of: code).map { .string($0) } ?? .null
                                ),
                            ]) ?? JSONObject()
                        )
                    }
                )
            )
        }
    }

    private static func attributeChoice(_ request: RoutedRequest) throws -> Gateway.AttributeChoice {
        guard let text = try request.query.single("attributes") else { return .none }
        if text == "all" { return .readable }
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map { MemberName($0) }
        guard names.count <= 64, !names.contains(nil) else {
            throw Problem.badParameter("attributes", expected: "all, or numbers and names such as 2,scaler_unit")
        }
        return .named(names.compactMap(\.self))
    }
}

extension RoutedRequest {
    /// How the caller wants values written.
    func valueRepresentation() throws(Problem) -> ReadingRepresentation {
        ReadingRepresentation(
            form: try query.choice("form") ?? .friendly,
            numbersAsStrings: try query.choice("numbers", of: NumberChoice.self) == .string
        )
    }

    /// How the caller wants numbers written.
    func numbersAsStrings() throws(Problem) -> Bool {
        try query.choice("numbers", of: NumberChoice.self) == .string
    }
}

/// How numbers are written.
enum NumberChoice: String, CaseIterable {
    case number
    case string
}
