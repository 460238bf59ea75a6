// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import Logging

/// What the process tells the person who started it.
enum Terminal {
    /// Standard error is a terminal, so that colour and lines for people make sense.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// A logger to standard error at the level given.
    static func logger(level: Logger.Level) -> Logger {
        var logger = Logger(label: "cosem-gateway") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }

    /// Writes one line to standard error.
    static func tell(_ line: String) {
        let octets = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, octets, octets.count)
    }
}
