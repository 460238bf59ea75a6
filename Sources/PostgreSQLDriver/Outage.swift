// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// What all connections know of a server that cannot be reached, so that not each caller waits for it by himself.
final class Outage: Sendable {
    /// How long nobody tries again.
    private static let pause = Duration.milliseconds(250)

    private let known = Mutex<(failure: ServerFailure, until: ContinuousClock.Instant)?>(nil)

    /// Why connecting failed a moment ago; nil when it may be tried.
    func present() -> ServerFailure? {
        known.withLock { known in
            guard let known, ContinuousClock.now < known.until else { return nil }
            return known.failure
        }
    }

    /// Remembers a failed attempt.
    func begin(_ failure: ServerFailure) {
        known.withLock { $0 = (failure, .now + Self.pause) }
    }

    /// Forgets it, because the server is there.
    func end() {
        known.withLock { $0 = nil }
    }
}
