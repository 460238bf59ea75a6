// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Cuts a stream of octets into HDLC frames, however the stream is split, and finds the next frame behind noise.
///
/// Frames are delimited by their length only, since 7E may stand anywhere inside. A closing flag may open the next
/// frame, may be missing, and flags may be repeated between frames. The header is checked as soon as it is there, so
/// that noise that looks like a long frame is not waited for. At most one frame and one push are held at a time when
/// every item is taken as it becomes complete.
///
/// ```
///   noise ──7E──▶ flag ──A───▶ header ──HCS──▶ information ──FCS──▶ frame, back to flag
///     ▲             │ not A       │ bad           │ bad
///     └─────────────┴─────────────┴───────────────┘  from the octet behind the flag that began it
/// ```
public struct HDLCReassembler: Sendable {
    /// What was found in the stream.
    public enum Item: Hashable, Sendable {
        /// A frame with right check sequences.
        case frame(HDLCFrame)
        /// Octets that are no frame, and why if they began like one.
        case noise([UInt8], DecodeError?)
    }

    /// How many echoes of frames sent are waited for at most.
    private static let mostEchoes = 8

    private var pending: [UInt8] = []
    private var start = 0
    private var awaitedEchoes: [HDLCFrame] = []

    /// Makes a reassembler at the start of a stream.
    public init() {}

    /// How many octets wait for the rest of their frame; a flag that closed a frame may open the next and counts.
    public var pendingCount: Int { pending.count - start }

    /// Takes octets from the stream.
    public mutating func push(_ octets: some Collection<UInt8>) {
        if start > 0 {
            pending.removeSubrange(..<start)
            start = 0
        }
        pending.append(contentsOf: octets)
    }

    /// Notes a frame sent on a line that echoes: the next frame is dropped if it is exactly the same.
    ///
    /// Current loops, RS-485 converters and optical heads hand back what they send. An echo comes before any answer, so
    /// echoes that did not come are forgotten with the first other frame.
    public mutating func sent(_ frame: HDLCFrame) {
        if awaitedEchoes.count == Self.mostEchoes { awaitedEchoes.removeFirst() }
        awaitedEchoes.append(frame)
    }

    /// Hands out the next frame or noise; nil when more octets are needed.
    ///
    /// - Parameter isSilent: whether the line fell silent, so that a frame that has begun will not be completed and is
    ///   noise.
    public mutating func next(isSilent: Bool = false) -> Item? {
        while start < pending.count {
            guard pending[start] == HDLCFrame.flag else { return noise(because: nil) }
            while start + 1 < pending.count, pending[start + 1] == HDLCFrame.flag { start += 1 }
            guard start + 1 < pending.count else { return nil }
            do {
                guard let frame = try completeFrame() else {
                    guard isSilent else { return nil }
                    return noise(because: cut)
                }
                start += 1 + frame.length
                if takeEcho(frame) { continue }
                return .frame(frame)
            } catch {
                return noise(because: error)
            }
        }
        return nil
    }

    /// Decodes the frame behind the flag; nil when it is not complete but may become so.
    private func completeFrame() throws(DecodeError) -> HDLCFrame? {
        let octets = pending[(start + 1)...]
        do {
            var header = OctetReader(octets)
            let length = try HDLCFrameHeader(decoding: &header).length
            guard octets.count >= length else { return nil }
            return try HDLCFrame(content: octets.prefix(length))
        } catch {
            guard error.isTruncation else { throw error }
            return nil
        }
    }

    private var cut: DecodeError {
        DecodeError(.truncated(needed: 1, remaining: 0), at: pendingCount, what: "HDLC frame")
    }

    /// Gives up the octets in front of the next flag; a frame may begin inside of what looked like one.
    private mutating func noise(because error: DecodeError?) -> Item {
        let end = pending[(start + 1)...].firstIndex(of: HDLCFrame.flag) ?? pending.endIndex
        let octets = Array(pending[start..<end])
        start = end
        return .noise(octets, error)
    }

    private mutating func takeEcho(_ frame: HDLCFrame) -> Bool {
        guard let index = awaitedEchoes.firstIndex(of: frame) else {
            awaitedEchoes.removeAll()
            return false
        }
        awaitedEchoes.removeSubrange(...index)
        return true
    }
}
