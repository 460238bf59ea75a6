// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Cuts a stream of octets into wrapper frames, however the stream is split.
///
/// At most one frame and one push are held at a time when every frame is taken as it becomes complete.
public struct WrapperReassembler: Sendable {
    private var pending: [UInt8] = []
    private var start = 0

    /// Makes a reassembler at the start of a stream.
    public init() {}

    /// How many octets wait for the rest of their frame.
    public var pendingCount: Int { pending.count - start }

    /// Takes octets from the stream.
    public mutating func push(_ octets: some Collection<UInt8>) {
        if start > 0 {
            pending.removeSubrange(..<start)
            start = 0
        }
        pending.append(contentsOf: octets)
    }

    /// Hands out the next complete frame; nil when more octets are needed.
    ///
    /// - Throws: `.invalidValue` for a version other than 1: what follows cannot be trusted, the stream should be
    ///   closed. The octets stay where they are, so every further call throws again.
    public mutating func next() throws(DecodeError) -> WrapperFrame? {
        var reader = OctetReader(pending[start...])
        guard reader.remaining >= 2 else { return nil }
        let version = try reader.readUInt16("wrapper version")
        guard version == WrapperFrame.version1 else {
            throw DecodeError(.invalidValue(Int(version)), at: 0, what: "wrapper version")
        }
        guard reader.remaining >= WrapperFrame.headerLength - 2 else { return nil }
        _ = try reader.readUInt32("wrapper ports")
        let length = Int(try reader.readUInt16("wrapper length"))
        guard reader.remaining >= length else { return nil }
        let end = start + WrapperFrame.headerLength + length
        let frame = try WrapperFrame(octets: pending[start..<end])
        start = end
        if start == pending.count {
            // A long frame leaves no room behind: thousands of idle connections have one of these each.
            pending.removeAll(keepingCapacity: pending.capacity <= 256)
            start = 0
        }
        return frame
    }
}
