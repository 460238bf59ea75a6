// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayAPI
import HTTPKit
import JSONText
import Logging
import Testing

@Suite("What operators turn and see")
struct OperationTests {
    private func send(
        _ bench: APIBench,
        _ operation: GatewayAPI.Operation,
        _ method: HTTPMethod,
        _ target: String,
        _ body: String = ""
    ) async throws -> APIBench.Answer {
        let responder = GatewayAPI(
            gateway: bench.gateway,
            operation: operation,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).makeResponder()
        let type = HTTPHeaders.Field(name: "Content-Type", value: "application/json")
        let request = HTTPRequest(
            method: method,
            rawTarget: target,
            headers: HTTPHeaders(body.isEmpty ? [] : [type]),
            body: Array(body.utf8)
        )
        let response = await responder.respond(to: request)
        return APIBench.Answer(
            status: response.status,
            headers: response.headers,
            body: try await response.collectedBody()
        )
    }

    @Test func `The log level changes while the gateway runs, as a whole and by part`() async throws {
        try await APIBench.run { bench in
            let levels = LogLevels(.info)
            let operation = GatewayAPI.Operation(logLevels: levels)
            let (http, jobs) = (levels.place(of: .http), levels.place(of: .jobs))
            let changed = try await send(
                bench,
                operation,
                .put,
                "/system/log-level",
                #"{"level":"warning","components":{"http":"debug","jobs":null}}"#
            )
            #expect(changed.status == 200)
            #expect(http.level == .debug)
            #expect(jobs.level == .warning)
            let told = try await send(bench, operation, .get, "/system/log-level")
            #expect(told.json["level"] == "warning")
            #expect(told.json["components"]?["http"] == "debug")
            #expect(told.json["components"]?["cluster"] == "warning")
            // What is put takes the place of what was: nothing stays behind.
            _ = try await send(bench, operation, .put, "/system/log-level", #"{"level":"error"}"#)
            #expect(http.level == .error)
        }
    }

    @Test func `Misspelt levels and parts change nothing and are told what was meant`() async throws {
        try await APIBench.run { bench in
            let operation = GatewayAPI.Operation(logLevels: LogLevels(.info))
            let level = try await send(bench, operation, .put, "/system/log-level", #"{"level":"debgu"}"#)
            #expect(level.json["suggestion"] == "debug")
            let part = try await send(
                bench,
                operation,
                .put,
                "/system/log-level",
                #"{"level":"debug","components":{"htpp":"debug"}}"#
            )
            #expect(part.problem == "unknown-field")
            #expect(part.json["suggestion"] == "http")
            #expect(operation.logLevels.level == .info)
        }
    }

    @Test func `Settings are told with their origin`() async throws {
        try await APIBench.run { bench in
            let entry = SettingsInForce.Entry(
                name: "database.url",
                value: "postgres://gateway:***@db.example/gateway",
                origin: .file,
                place: "gateway.yaml:4:8",
                waitsForRestart: false
            )
            let operation = GatewayAPI.Operation(settings: { SettingsInForce(file: "gateway.yaml", entries: [entry]) })
            let told = try await send(bench, operation, .get, "/system/config")
            #expect(told.json["file"] == "gateway.yaml")
            #expect(told.json["items"]?[0]?["origin"] == "file")
            #expect(told.json["items"]?[0]?["place"] == "gateway.yaml:4:8")
            #expect(told.headers["Cache-Control"] == "no-store")
        }
    }
}
