// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

enum TextEntry {
    /// Messages encode to what they mean; the stream never stalls on any side of the line.
    static func fault(of input: [UInt8]) -> String? {
        let side: TextMessageReassembler.Side =
            switch (input.last ?? 0) & 3 {
            case 0: .client
            case 1: .clientAwaitingConfirmation
            case 2: .meter
            default: .listener
            }
        var reassembler = TextMessageReassembler(side: side)
        let piece = input.first.map { Int($0) + 1 } ?? 1
        for start in stride(from: 0, to: input.count, by: piece) {
            reassembler.push(input[start..<min(start + piece, input.count)])
            while let item = reassembler.next() {
                if let fault = fault(of: item) { return fault }
            }
        }
        while let item = reassembler.next(isSilent: true) {
            if let fault = fault(of: item) { return fault }
        }
        return reassembler.pendingCount == 0 ? nil : "characters are held back in silence"
    }

    private static func fault(of item: TextMessageReassembler.Item) -> String? {
        switch item {
        case .noise(let octets, _): return octets.isEmpty ? "noise without characters" : nil
        case .message(let message):
            guard (try? TextMessage(octets: message.octets)) == message else { return "a message changes" }
            guard case .data(let data) = message, let block = try? data.block() else { return nil }
            _ = (data.errorText, block.sets)
            guard (try? TextDataBlock(octets: block.octets)) == block else { return "data sets change" }
            return nil
        }
    }
}
