// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Logging
import Synchronization

/// The level of all loggers of the process, which may change while it runs.
final class SharedLogLevel: Sendable {
    private let place: Atomic<Int>

    /// Begins with a level.
    init(_ level: Logger.Level) {
        place = Atomic(Self.place(of: level))
    }

    /// The least level that is logged.
    var level: Logger.Level {
        get { Logger.Level.allCases[place.load(ordering: .relaxed)] }
        set { place.store(Self.place(of: newValue), ordering: .relaxed) }
    }

    private static func place(of level: Logger.Level) -> Int {
        Logger.Level.allCases.firstIndex(of: level) ?? 0
    }
}
