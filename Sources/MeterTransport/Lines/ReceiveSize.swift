// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

/// How much is read from a connection at once: little, until much has come.
///
/// A connection keeps the buffer of its reads as long as it is open, and thousands are open with nothing to do. So it
/// takes more than one long answer to make the buffer larger: eight reads that fill it, less those that leave half of it
/// empty, make it four times as large.
struct ReceiveSize: RecvByteBufferAllocator {
    private static let largest = 65_536
    private var size = 512
    private var fullReads = 0

    /// A buffer for one read.
    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: size)
    }

    /// How large the buffer of the next read has to be.
    func nextBufferSize() -> Int? { size }

    /// Takes note of a read; true if the next one may take more.
    mutating func record(actualReadBytes count: Int) -> Bool {
        if count >= size {
            fullReads += 1
        } else if count < size / 2 {
            fullReads = max(fullReads - 1, 0)
        }
        guard fullReads >= 8, size < Self.largest else { return false }
        size = min(size * 4, Self.largest)
        fullReads = 0
        return true
    }
}
