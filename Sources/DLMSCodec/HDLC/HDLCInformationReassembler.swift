// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Puts the information of segmented frames together again.
///
/// Order and repetition of frames are the business of the link layer: each frame handed in is the next part. Frames of
/// another sender or receiver end what was begun; so does too much information.
public struct HDLCInformationReassembler: Sendable {
    /// What the frames of one APDU carry.
    public struct Message: Hashable, Sendable {
        /// The header of the first segment; some meters leave it out.
        public var header: LLCHeader?
        /// The APDU.
        public var apdu: [UInt8]

        /// Makes a message.
        public init(header: LLCHeader?, apdu: [UInt8]) {
            self.header = header
            self.apdu = apdu
        }
    }

    private let longest: Int
    private var parts: [UInt8] = []
    private var addresses: [HDLCAddress] = []

    /// Makes a reassembler without segments.
    ///
    /// - Parameter longest: the most octets that are put together, header included.
    public init(longest: Int = 65_535 + LLCHeader.length) {
        self.longest = longest
    }

    /// Whether segments wait for more.
    public var isOpen: Bool { !addresses.isEmpty }

    /// Forgets the segments so far.
    public mutating func discard() {
        parts = []
        addresses = []
    }

    /// Takes a frame; hands out the APDU with the last segment, nil before it and for frames that carry none.
    ///
    /// - Throws: `.invalidLength` when the segments become too long; they are forgotten.
    public mutating func push(_ frame: HDLCFrame) throws(DecodeError) -> Message? {
        guard frame.control.carriesAPDU else { return nil }
        if isOpen, addresses != [frame.destination, frame.source] { discard() }
        guard parts.count + frame.information.count <= longest else {
            let length = parts.count + frame.information.count
            discard()
            throw DecodeError(.invalidLength(length), at: 0, what: "segmented HDLC information")
        }
        parts.append(contentsOf: frame.information)
        guard !frame.isSegmented else {
            addresses = [frame.destination, frame.source]
            return nil
        }
        let information = parts
        discard()
        let header = LLCHeader(startOf: information)
        return Message(header: header, apdu: Array(information.dropFirst(header == nil ? 0 : LLCHeader.length)))
    }
}

extension HDLCInformationReassembler.Message {
    /// The information fields that carry the message; all but the last one go into segmented frames.
    ///
    /// - Parameter longest: the longest information field, in octets, at least 1.
    public func segments(longest: Int) -> [[UInt8]] {
        let information = (header?.octets ?? []) + apdu
        let size = max(longest, 1)
        return stride(from: 0, to: max(information.count, 1), by: size).map { start in
            Array(information[start..<min(start + size, information.count)])
        }
    }
}
