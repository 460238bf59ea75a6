// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Logging
import Synchronization

/// Tells the operator of callers for which no meter is configured: of each address at most once a minute.
final class UnknownCallerLog: Sendable {
    private static let pause = Duration.seconds(60)
    /// With more addresses than this, all are forgotten.
    private static let mostAddresses = 1000

    private let logger: Logger
    private let told = Mutex<[String: ContinuousClock.Instant]>([:])

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Tells of a caller, unless its address was told of a moment ago.
    func note(_ caller: UnknownCaller) {
        let now = ContinuousClock.Instant.now
        let isNews = told.withLock { told in
            if let last = told[caller.address], now - last < Self.pause { return false }
            if told.count >= Self.mostAddresses { told.removeAll() }
            told[caller.address] = now
            return true
        }
        guard isNews else { return }
        logger.notice(
            "somebody dialled in for whom no meter is configured",
            metadata: [
                "address": "\(caller.address)", "firstLine": "\(caller.firstLine ?? "")",
                "names": "\(caller.names.joined(separator: ", "))",
            ]
        )
    }
}
