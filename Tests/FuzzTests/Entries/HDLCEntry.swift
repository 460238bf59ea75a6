// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

enum HDLCEntry {
    /// Every octet comes out as frame, flag or noise; frames encode to what they were; the stream never stalls.
    static func fault(of input: [UInt8]) -> String? {
        var reassembler = HDLCReassembler()
        var information = HDLCInformationReassembler()
        let piece = input.first.map { (Int($0) + 1) * 2 } ?? 1
        for start in stride(from: 0, to: input.count, by: piece) {
            reassembler.push(input[start..<min(start + piece, input.count)])
            while let item = reassembler.next() {
                if let fault = fault(of: item, &information) { return fault }
            }
            guard reassembler.pendingCount <= HDLCFrame.longestLength + 1 else {
                return "a frame is waited for too long"
            }
        }
        while let item = reassembler.next(isSilent: true) {
            if let fault = fault(of: item, &information) { return fault }
        }
        guard reassembler.pendingCount <= 1 else { return "octets are held back in silence" }
        if let block = try? HDLCParameterBlock(octets: input) {
            _ = block.limits.negotiated(with: .standard)
            guard (try? HDLCParameterBlock(octets: block.octets)) == block else { return "parameters change" }
        }
        return nil
    }

    private static func fault(
        of item: HDLCReassembler.Item,
        _ information: inout HDLCInformationReassembler
    ) -> String? {
        switch item {
        case .noise(let octets, _): return octets.isEmpty ? "noise without octets" : nil
        case .frame(let frame):
            guard (try? HDLCFrame(octets: frame.octets)) == frame else { return "a frame changes" }
            if case .frameReject = frame.control.kind { _ = try? HDLCFrameReject(octets: frame.information) }
            guard let message = try? information.push(frame) else { return nil }
            _ = try? APDU(octets: message.apdu)
            return nil
        }
    }
}
