// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How a client uses general block transfer (IEC 62056-5-3, tag E0) where both sides agreed to it.
///
/// Blocks that a server sends are taken in any case.
public struct GeneralBlockTransferSettings: Hashable, Sendable {
    /// Which requests go in general blocks.
    public enum Use: Hashable, Sendable {
        /// None: services with blocks of their own use these, other long requests are refused.
        case never
        /// Requests that are too long for the server's PDU size and whose service has no agreed blocks of its own.
        case whereNeeded
        /// All requests that are too long for the server's PDU size.
        case forLongRequests
        /// All requests; then long answers come in general blocks, too.
        case always
    }

    /// Which requests go in general blocks.
    public var use: Use
    /// How many blocks the client takes before it acknowledges them, 1 to 63; told to the server in each block.
    public var window: UInt8
    /// How often one and the same lost block is asked for before the exchange fails.
    public var repetitions: Int

    /// Settings that leave long values to the blocks of the services unless told otherwise.
    public init(use: Use = .whereNeeded, window: UInt8 = 16, repetitions: Int = 3) {
        self.use = use
        self.window = min(max(window, 1), 63)
        self.repetitions = repetitions
    }
}
