// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// Where meters differ from the standard, by model and by meter.
extension GatewayAPI {
    @Sendable func listModels(_ request: RoutedRequest) async throws -> HTTPResponse {
        let basePath = settings.basePath
        return ListPage.answer(MeterModelCatalog.standard.models, next: nil) { model, writer in
            writer.beginObject()
            writer.member("model", model.id)
            writer.member("name", model.name)
            writer.member("quirks", "\(basePath)/models/\(model.id)/quirks")
            writer.endObject()
        }
    }

    @Sendable func listModelQuirks(_ request: RoutedRequest) async throws -> HTTPResponse {
        let text = request.parameter("model")
        guard let model = MeterModelCatalog.standard.model(text) else {
            throw Problem(.notFound(what: "model \(text)"))
        }
        let behaviour = EffectiveBehaviour(model: model)
        return .json { writer in
            writer.beginObject()
            writer.member("model", model.id)
            writer.member("name", model.name)
            writer.member("sources", model.sources)
            writer.member("notes", model.notes)
            Self.write(behaviour, into: &writer)
            writer.endObject()
        }
    }

    @Sendable func listMeterQuirks(_ request: RoutedRequest) async throws -> HTTPResponse {
        let record = try await gateway.meter(request.parameter("id"))
        let behaviour = try await gateway.behaviour(of: record)
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", record.id.text)
            writer.member("model", record.configuration.model)
            writer.member("modelKnown", MeterModelCatalog.standard.model(record.configuration.model) != nil)
            Self.write(behaviour, into: &writer)
            writer.endObject()
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func forgetLearnedQuirks(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.forgetLearned(request.parameter("id"))
        return .empty()
    }

    private static func write(_ effective: EffectiveBehaviour, into writer: inout JSONWriter) {
        let standard = MeterBehaviour()
        writer.name("items")
        writer.beginArray()
        for quirk in Quirk.all {
            let origin = effective.origin(of: quirk.name)
            writer.beginObject()
            writer.member("name", quirk.name)
            writer.name("value")
            write(quirk.value(in: effective.behaviour), into: &writer)
            writer.name("standard")
            write(quirk.value(in: standard), into: &writer)
            writer.member("origin", origin.word)
            if case .learned(let moment) = origin { writer.member("learnedAt", moment.rfc3339) }
            writer.member("allowed", quirk.form.allowed)
            writer.member("summary", quirk.summary)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ value: QuirkValue?, into writer: inout JSONWriter) {
        if let value { value.write(into: &writer) } else { writer.null() }
    }
}
