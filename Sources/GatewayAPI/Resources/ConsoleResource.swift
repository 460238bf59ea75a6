// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit

/// The web console.
extension GatewayAPI {
    @Sendable func consoleElsewhere(_ request: RoutedRequest) async throws -> HTTPResponse {
        let path = settings.basePath + "/console/"
        return HTTPResponse.octets(
            Array("<!doctype html><title>cosem-gateway</title><a href=\"\(path)\">console</a>\n".utf8),
            type: "text/html; charset=utf-8",
            status: 302
        )
        .with("Location", path)
    }

    @Sendable func consolePage(_ request: RoutedRequest) async throws -> HTTPResponse {
        try file(ConsoleFile.page, for: request)
    }

    @Sendable func consoleFile(_ request: RoutedRequest) async throws -> HTTPResponse {
        try file(request.parameter("file"), for: request)
    }

    private func file(_ name: String, for request: RoutedRequest) throws(Problem) -> HTTPResponse {
        guard let file = ConsoleFile.all[name] else { throw Problem(.notFound(what: "file '\(name)' of the console")) }
        return file.answer(to: request.headers)
    }
}
