// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// HDLC frames one behind the other, with the flags between them.
struct HDLCInput {
    /// The frames, at least one.
    private(set) var frames: [HDLCFrame] = []
    /// How many flags stand in front of each frame and behind the last one.
    private var flags: [Int] = []

    /// Reads frames until something else follows, and leaves that in the reader.
    ///
    /// - Throws: `DecodeError` when the first is no frame.
    init(decoding reader: inout OctetReader) throws(DecodeError) {
        var count = Self.readFlags(&reader)
        guard count > 0 else {
            throw DecodeError(.invalidValue(Int(reader.peek() ?? 0)), at: reader.offset, what: "opening flag")
        }
        repeat {
            var ahead = reader
            do {
                frames.append(try Self.readFrame(&ahead))
            } catch {
                guard !frames.isEmpty else { throw error }
                break
            }
            flags.append(count)
            reader = ahead
            count = Self.readFlags(&reader)
        } while reader.peek() != nil
        flags.append(count)
    }

    private static func readFlags(_ reader: inout OctetReader) -> Int {
        var count = 0
        while reader.peek() == HDLCFrame.flag, (try? reader.readUInt8()) != nil { count += 1 }
        return count
    }

    /// Reads a frame; the flag behind it is there, but left.
    private static func readFrame(_ reader: inout OctetReader) throws(DecodeError) -> HDLCFrame {
        let start = reader.offset
        var format = reader
        let length = Int((try? format.readUInt16("HDLC frame format")) ?? 0) & HDLCFrame.longestLength
        let frame: HDLCFrame
        do {
            frame = try HDLCFrame(content: reader.rest.prefix(max(length, HDLCFrame.shortestLength)))
        } catch {
            throw DecodeError(error.reason, at: start + error.offset, what: error.what)
        }
        _ = try reader.readSlice(count: frame.length, "HDLC frame")
        guard reader.peek() == HDLCFrame.flag else {
            guard let octet = reader.peek() else {
                throw DecodeError(.truncated(needed: 1, remaining: 0), at: reader.offset, what: "closing flag")
            }
            throw DecodeError(.invalidValue(Int(octet)), at: reader.offset, what: "closing flag")
        }
        return frame
    }

    /// The encoding of the frames with as many flags.
    var octets: [UInt8] {
        var octets: [UInt8] = []
        for (frame, count) in zip(frames, flags) {
            octets += Array(repeating: HDLCFrame.flag, count: count) + frame.content
        }
        return octets + Array(repeating: HDLCFrame.flag, count: flags.last ?? 0)
    }

    /// The APDUs that the frames carry, segments put together, and behind them those made of transfer blocks.
    var messages: [CarriedMessage] {
        var reassembler = HDLCInformationReassembler()
        var messages: [CarriedMessage] = []
        var blocks: [UInt8] = []
        var numbers: [UInt16] = []
        for frame in frames {
            guard let message = try? reassembler.push(frame), !message.apdu.isEmpty else { continue }
            messages.append(CarriedMessage(octets: message.apdu, blockNumbers: []))
            guard case .generalBlockTransfer(let transfer) = try? APDU(octets: message.apdu) else { continue }
            blocks += transfer.blockData
            numbers.append(transfer.blockNumber)
            guard transfer.isLast else { continue }
            messages.append(CarriedMessage(octets: blocks, blockNumbers: numbers))
            (blocks, numbers) = ([], [])
        }
        return messages
    }
}

/// An APDU found inside of frames.
struct CarriedMessage {
    /// The APDU.
    var octets: [UInt8]
    /// The blocks of a general block transfer that it is made of; none when it came in one piece.
    var blockNumbers: [UInt16]
}
