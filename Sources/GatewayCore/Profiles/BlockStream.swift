// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import MeterTransport

/// The value of one attribute on its way from the connection to who decodes it, block by block.
struct BlockStream: Sendable {
    /// What is asked for.
    let request: AttributeRequest
    /// Whether the value may end early to make way for urgent work.
    let mayMakeWay: Bool
    /// Slows the meter down when the decoder lags behind.
    let pacing = StreamPacing()
    /// The blocks as they come.
    let blocks: AsyncStream<[UInt8]>
    private let continuation: AsyncStream<[UInt8]>.Continuation

    init(_ descriptor: AttributeDescriptor, selectiveAccess: SelectiveAccess?, mayMakeWay: Bool) {
        request = AttributeRequest(descriptor, selectiveAccess: selectiveAccess)
        self.mayMakeWay = mayMakeWay
        (blocks, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    }

    /// Takes a block from the connection.
    @Sendable func take(_ octets: [UInt8]) {
        pacing.queued(octets.count)
        continuation.yield(octets)
    }

    /// No more blocks come.
    func end() {
        continuation.finish()
    }
}
