// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Logging

/// What operators see and turn while the gateway runs.
extension GatewayAPI {
    @Sendable func getSystemConfig(_ request: RoutedRequest) async throws -> HTTPResponse {
        let settings = operation.settings()
        return HTTPResponse.json(reservingCapacity: 16_384) { writer in
            writer.beginObject()
            writer.member("file", settings.file)
            writer.member("items", settings.entries) { entry, writer in
                writer.member("name", entry.name)
                writer.member("value", entry.value)
                writer.member("origin", entry.origin.rawValue)
                writer.member("place", entry.place)
                writer.member("waitsForRestart", entry.waitsForRestart)
            }
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func getLogLevel(_ request: RoutedRequest) async throws -> HTTPResponse { logLevelAnswer }

    @Sendable func putLogLevel(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (level, own) = try request.members { members in
            let level = try members.requiredChoice("level", of: Logger.Level.self)
            var own: [LogComponent: Logger.Level] = [:]
            if var parts = try members.optionalMembers("components") {
                for component in LogComponent.allCases {
                    own[component] = try parts.optionalChoice(component.rawValue)
                }
                try parts.finish()
            }
            return (level, own)
        }
        operation.logLevels.set(level, own)
        return logLevelAnswer
    }

    private var logLevelAnswer: HTTPResponse {
        let levels = operation.logLevels
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("level", levels.level.rawValue)
            writer.name("components")
            writer.beginObject()
            for component in LogComponent.allCases {
                writer.name(component.rawValue)
                writer.string(levels[component].rawValue)
            }
            writer.endObject()
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }
}
