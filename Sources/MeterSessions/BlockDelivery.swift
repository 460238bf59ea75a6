// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterTransport
import Synchronization

/// Hands the parts of a streamed value on, and remembers that it has begun: what was handed over cannot be repeated.
struct BlockDelivery: Sendable {
    private final class Tally: Sendable {
        let octets = Atomic(0)
    }

    private let tally = Tally()
    /// Takes the parts on the event loop; nil for a value that is not streamed.
    let taker: (@Sendable ([UInt8]) -> Void)?
    /// Slows the meter down when the taker lags behind.
    let pacing: StreamPacing?

    init(_ onBlock: (@Sendable ([UInt8]) -> Void)?, pacing: StreamPacing?) {
        self.pacing = pacing
        guard let onBlock else {
            taker = nil
            return
        }
        taker = { [tally] octets in
            tally.octets.add(octets.count, ordering: .acquiringAndReleasing)
            onBlock(octets)
        }
    }

    /// How many octets were handed over.
    var octets: Int { tally.octets.load(ordering: .acquiring) }

    /// Whether a part was handed over.
    var hasBegun: Bool { octets > 0 }
}
