// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The end of a streamed body before its producer was done: the peer left, or the server stops.
public struct HTTPStreamClosed: Error, Hashable, Sendable {
    /// Makes the error.
    public init() {}
}

/// Where a streamed body goes.
public protocol HTTPBodyWriter: Sendable {
    /// Sends a piece of the body; returns when there is room for the next one.
    ///
    /// - Throws: ``HTTPStreamClosed`` when nobody takes the body any more.
    func write(_ octets: [UInt8]) async throws(HTTPStreamClosed)
}

/// A body made piece by piece by a producer that runs once.
///
/// The producer waits in `write` while the peer is slow, and its task is cancelled when the peer leaves. A producer that throws cuts the connection, so that the peer sees that the body is not whole.
public struct HTTPBodyStream: Sendable {
    /// Makes the body; runs once.
    public let produce: @Sendable (any HTTPBodyWriter) async throws -> Void

    /// Makes a body of its producer.
    public init(_ produce: @escaping @Sendable (any HTTPBodyWriter) async throws -> Void) {
        self.produce = produce
    }
}
