// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import HTTPKit

/// The gateway itself.
extension GatewayAPI {
    @Sendable func service(_ request: RoutedRequest) async throws -> HTTPResponse {
        // A person with a browser wants the console, a program the links.
        if request.mediaType == "text/html" { return try await consoleElsewhere(request).with("Vary", "Accept") }
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("name", "cosem-gateway")
            writer.member("version", gateway.settings.version)
            writer.name("links")
            writer.beginObject()
            for (name, path) in Self.links {
                writer.name(name)
                writer.string(settings.basePath + path)
            }
            writer.endObject()
            writer.endObject()
        }
        .with("Vary", "Accept")
    }

    private static let links = [
        ("console", "/console/"), ("meters", "/meters"), ("channels", "/channels"), ("jobs", "/jobs"),
        ("contract", "/openapi.yaml"),
        ("problems", "/docs/problems"), ("units", "/catalog/units"), ("classes", "/catalog/classes"),
        ("ready", "/readyz"), ("metrics", "/metrics"),
    ]

    @Sendable func liveness(_ request: RoutedRequest) async throws -> HTTPResponse {
        .json { writer in
            writer.beginObject()
            writer.member("status", "ok")
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func readiness(_ request: RoutedRequest) async throws -> HTTPResponse {
        let isVerbose = try request.query.bool("verbose") ?? false
        let checks = await gateway.readiness()
        if let failed = checks.first(where: { !$0.isWell }) {
            throw failed.name == "draining" ? Problem(.draining) : Problem(.storeUnavailable(reason: failed.name))
        }
        return .json { writer in
            writer.beginObject()
            writer.member("status", "ok")
            if isVerbose {
                writer.name("checks")
                writer.beginArray()
                // Callers with keys are served without the issuer, so it is told, and nothing depends on it.
                let issuer = issuerKeys.map { [("issuerKeys", $0.condition.rawValue)] } ?? []
                for (name, status) in checks.map({ ($0.name, $0.isWell ? "ok" : "failed") }) + issuer {
                    writer.beginObject()
                    writer.member("name", name)
                    writer.member("status", status)
                    writer.endObject()
                }
                writer.endArray()
            }
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func metrics(_ request: RoutedRequest) async throws -> HTTPResponse {
        let isOpen = request.mediaType.hasPrefix("application/openmetrics-text")
        let text = await gateway.metricsText(isOpen ? .openMetrics : .prometheus)
        return .octets(Array(text.utf8), type: request.mediaType).with("Cache-Control", "no-store")
    }

    @Sendable func contract(_ request: RoutedRequest) async throws -> HTTPResponse {
        .octets(Contract.openAPI, type: "application/yaml").with("Cache-Control", "no-cache")
    }

    @Sendable func contractAsJSON(_ request: RoutedRequest) async throws -> HTTPResponse {
        .octets(ContractJSON.octets, type: "application/json").with("Cache-Control", "no-cache")
    }

    @Sendable func listProblems(_ request: RoutedRequest) async throws -> HTTPResponse {
        .json { writer in
            writer.beginObject()
            writer.member("items", ProblemPage.all) { page, writer in
                writer.member("name", page.name)
                writer.member("status", ProblemKind.named(page.name)?.status)
                writer.member("title", ProblemKind.named(page.name)?.title)
                writer.member("href", settings.basePath + Problem.defaultTypeBase + page.name)
            }
            writer.endObject()
        }
    }

    @Sendable func problemPage(_ request: RoutedRequest) async throws -> HTTPResponse {
        let name = request.parameter("name")
        guard let page = ProblemPage.named(name) else { throw Problem(.notFound(what: "problem '\(name)'")) }
        return .octets(Array(page.markdown.utf8), type: request.mediaType)
    }
}
