// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterTransport
import Synchronization

/// Hands the parts of a streamed value on, and remembers that it has begun: what was handed over cannot be repeated.
struct BlockDelivery: Sendable {
    private final class Mark: Sendable {
        let isSet = Atomic(false)
    }

    private let mark = Mark()
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
        taker = { [mark] octets in
            mark.isSet.store(true, ordering: .releasing)
            onBlock(octets)
        }
    }

    /// Whether a part was handed over.
    var hasBegun: Bool { mark.isSet.load(ordering: .acquiring) }
}
