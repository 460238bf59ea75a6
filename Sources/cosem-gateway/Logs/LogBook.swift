// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayAPI
import Logging

/// Makes the loggers of the process, each of a part of it; all write to standard error.
struct LogBook: Sendable {
    /// What each part logs.
    let levels: LogLevels
    private let isJSON: Bool

    /// Begins with one level for all.
    init(level: Logger.Level, format: LogFormat = .auto) {
        levels = LogLevels(level)
        isJSON = format.isJSON
    }

    /// The logger of a part, whose lines name it.
    func logger(_ component: LogComponent = .gateway) -> Logger {
        var handler = LineLogHandler(
            level: levels.place(of: component),
            isJSON: isJSON,
            isColoured: Terminal.isColoured
        )
        if component != .gateway { handler.metadata["component"] = "\(component.rawValue)" }
        return Logger(label: "cosem-gateway.\(component.rawValue)") { [handler] _ in handler }
    }
}
