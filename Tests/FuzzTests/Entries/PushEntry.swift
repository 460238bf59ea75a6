// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

enum PushEntry {
    /// However the stream is cut the same messages come out; no more is kept than a few messages; answers are bounded.
    static func fault(of input: [UInt8]) -> String? {
        let longest = 2048
        var whole: [PushedMessage] = []
        for piece in [max(input.count, 1), 1, input.first.map { Int($0 & 0x3F) + 2 } ?? 2] {
            var machine = PushMachine(longest: longest)
            var messages: [PushedMessage] = []
            for start in stride(from: 0, to: input.count, by: piece) {
                let actions = machine.received(input[start..<min(start + piece, input.count)])
                if let fault = fault(of: actions, &messages, longest) { return fault }
                // One frame, and for each of four senders a message in segments and two in blocks.
                guard machine.pendingCount <= 13 * longest + 64 + piece else { return "too much is kept" }
            }
            if piece >= input.count {
                whole = messages
            } else {
                guard messages == whole else { return "the messages depend on how the stream is cut" }
            }
            if let fault = fault(of: machine.silence(), &messages, longest) { return fault }
            guard !machine.isOpen else { return "something is kept in silence" }
        }
        var machine = PushMachine(longest: longest)
        var messages: [PushedMessage] = []
        for _ in 0..<2 {
            if let fault = fault(of: machine.receivedDatagram(input), &messages, longest) { return fault }
        }
        for message in messages {
            _ = NotificationOpener.systemTitle(of: message.apdu)
            let answers = machine.answer(DataNotificationConfirm(invoke: .init(rawValue: 1)).octets, to: message.route)
            guard answers.reduce(0, { $0 + $1.count }) < 200 else { return "an answer is too long" }
        }
        return nil
    }

    private static func fault(
        of actions: [PushMachine.Action],
        _ messages: inout [PushedMessage],
        _ longest: Int
    ) -> String? {
        for action in actions {
            switch action {
            case .send(let octets): if octets.count > 400 { return "an acknowledgement is too long" }
            case .deliver(let message):
                guard !message.apdu.isEmpty, message.apdu.count <= longest else {
                    return "a message has no good length"
                }
                messages.append(message)
            case .lose(_, let octets): if octets < 0 { return "octets are lost that never came" }
            }
        }
        return nil
    }
}
