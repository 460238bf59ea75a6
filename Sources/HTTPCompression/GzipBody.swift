// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Synchronization

/// A streamed body that is compressed on its way.
///
/// Each piece leaves as it comes, so that rows are seen while a meter still sends. Pieces are written one after the other, as
/// producers of compressible bodies do.
final class GzipBody: HTTPBodyWriter {
    private let gzip: Mutex<GzipStream>
    private let target: any HTTPBodyWriter

    /// Compresses for another writer.
    init(_ gzip: consuming sending GzipStream, to target: any HTTPBodyWriter) {
        self.gzip = Mutex(gzip)
        self.target = target
    }

    func write(_ octets: [UInt8]) async throws(HTTPStreamClosed) {
        guard !octets.isEmpty else { return }
        try await target.write(gzip.withLock { $0.compress(octets, .atOnce) })
    }

    /// Ends the member; without it a receiver knows that the body is cut.
    func finish() async throws(HTTPStreamClosed) {
        try await target.write(gzip.withLock { $0.compress([], .end) })
    }
}
