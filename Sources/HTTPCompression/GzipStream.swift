// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CZlib

/// Compresses octets piece by piece into one gzip member (RFC 1952), with about 256 KiB of memory however much comes.
struct GzipStream: ~Copyable {
    /// What is to come out of a piece.
    enum Flush {
        /// What zlib gives by itself; the rest comes with later pieces.
        case whenFull
        /// All of the piece, so that who reads it has it at once.
        case atOnce
        /// All, and the end of the member.
        case end

        fileprivate var code: Int32 {
            switch self {
            case .whenFull: Z_NO_FLUSH
            case .atOnce: Z_SYNC_FLUSH
            case .end: Z_FINISH
            }
        }
    }

    /// Fast, and within some per cent of the best for JSON and CSV.
    private static let level: Int32 = 5
    /// The largest window, in a gzip member and not in zlib's own form.
    private static let window: Int32 = 15 + 16
    private static let memory: Int32 = 8
    private static let pieceOctets = 16_384

    // The state of zlib points back at it, so it has a place of its own that does not move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// Begins; nil if there is no memory for it.
    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = deflateInit2_(
            stream,
            Self.level,
            Z_DEFLATED,
            Self.window,
            Self.memory,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard result == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Takes a piece of less than 4 GiB, and gives what comes out of it.
    mutating func compress(_ octets: borrowing [UInt8], _ flush: Flush) -> [UInt8] {
        octets.withUnsafeBytes { compress($0, flush) }
    }

    /// Takes a piece of less than 4 GiB, and gives what comes out of it.
    mutating func compress(_ octets: UnsafeRawBufferPointer, _ flush: Flush) -> [UInt8] {
        // zlib only reads it, and forgets it before this returns.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: octets.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(octets.count)
        var result: [UInt8] = []
        repeat {
            let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceOctets) { room, count in
                stream.pointee.next_out = room.baseAddress
                stream.pointee.avail_out = UInt32(room.count)
                deflate(stream, flush.code)
                count = room.count - Int(stream.pointee.avail_out)
            }
            result = result.isEmpty ? piece : result + piece
        } while stream.pointee.avail_out == 0
        stream.pointee.next_in = nil
        return result
    }
}
