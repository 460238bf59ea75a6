// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import Logging

/// What the process tells the person who started it.
enum Terminal {
    /// Standard error is a terminal, so that lines for people make sense.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Colour is welcome: a terminal, and nobody has said NO_COLOR.
    static var isColoured: Bool {
        isInteractive && (ProcessEnvironment.variables["NO_COLOR"] ?? "").isEmpty
            && ProcessEnvironment.variables["TERM"] != "dumb"
    }

    /// A logger to standard error at the level given.
    static func logger(level: Logger.Level, format: LogFormat = .auto) -> Logger {
        LogBook(level: level, format: format).logger()
    }

    /// Writes one line to standard error.
    static func tell(_ line: String) {
        let octets = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, octets, octets.count)
    }
}
